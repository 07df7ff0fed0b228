//! Times to load and to plan a net, from the text in memory.

mod support;

use std::time::Duration;

use caffemodel::formats::caffemodel_size;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use support::nets::{chain, model_text, resnet152};

fn plans(criterion: &mut Criterion) {
    let nets = [
        ("lenet", model_text("lenet")),
        ("resnet50", model_text("resnet50")),
        ("resnet152", resnet152()),
        ("chain of 20,000 layers", chain(20_000)),
    ];
    for (name, text) in nets {
        println!("{name}: {} lines", text.lines().count());
        let load = |text: &str| Definition::from_bytes(name, text).expect("the net parses");
        let plan = |definition| {
            let net = Net::resolve(definition, &StateOptions::default()).expect("the net is connected");
            Plan::new(net, &PlanOptions::default()).expect("the net can be planned")
        };
        let mut group = criterion.benchmark_group(name);
        group.bench_function("load", |b| b.iter_with_large_drop(|| load(&text)));
        group.bench_function("plan", |b| b.iter_batched(|| load(&text), plan, BatchSize::PerIteration));
        let planned = plan(load(&text));
        group.bench_function("size", |b| b.iter(|| caffemodel_size(&planned.saved())));
        group.finish();
    }
}

fn config() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(1000))
        .without_plots()
}

criterion_group! { name = benches; config = config(); targets = plans }
criterion_main!(benches);
