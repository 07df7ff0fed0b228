//! Reading the values of a 528 MiB caffemodel through its memory map, inspecting it and comparing it with itself, side
//! by side with plain reads of the same bytes into one buffer; also the memory that takes.

mod support;

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use caffemodel::compare::{self, compare};
use caffemodel::filler::PIECE;
use caffemodel::formats::Format;
use caffemodel::inspect::{self, Inspection, Subject};
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, formats, init};
use support::nets::model;

const ROUNDS: usize = 20;

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = folder.path().join("vgg16.caffemodel");
    make(&path);
    let mib = fs::metadata(&path)?.len() as f64 / (1 << 20) as f64;
    let before = peak_memory();
    let [mut plain, mut values, mut inspected, mut compared] = [(); 4].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        plain.push(time(|| read_plainly(&path).expect("the file can be read")));
        values.push(time(|| read_values(&path)));
        inspected.push(time(|| inspect(&path)));
        compared.push(time(|| compare_with_itself(&path)));
    }
    println!("| what | ms, least | MiB/s | times plain reads |");
    println!("|---|---|---|---|");
    let least = |times: &[Duration]| times.iter().min().expect("there are rounds").as_secs_f64();
    let rows = [
        ("plain reads", &plain, 1.0),
        ("all values", &values, 1.0),
        ("inspect", &inspected, 1.0),
        ("compare, two files", &compared, 2.0),
    ];
    for (what, times, files) in rows {
        let (time, plain) = (least(times), least(&plain));
        println!("| {what} | {:.1} | {:.0} | {:.2} |", time * 1e3, files * mib / time, time / (files * plain));
    }
    println!("memory taken meanwhile: {} KiB", peak_memory().saturating_sub(before));
    Ok(())
}

fn make(path: &Path) {
    let definition = Definition::read(model("vgg16")).expect("the net parses");
    let net = Net::resolve(definition, &StateOptions::default()).expect("the net is connected");
    let plan = Plan::new(net, &PlanOptions::default()).expect("the net can be planned");
    let file = File::create(path).expect("the folder can be written to");
    let mut output = Format::Caffemodel.writer(&plan.saved(), file).expect("the file can be written to");
    init::fill(&plan, &mut Streams::native(1), &mut *output).expect("the file can be written to");
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn read_plainly(path: &Path) -> io::Result<()> {
    let mut buffer = vec![0; 4 * PIECE];
    let mut file = File::open(path)?;
    while file.read(black_box(&mut buffer))? > 0 {}
    Ok(())
}

fn read_values(path: &Path) {
    let net = formats::open(path).expect("the file is a caffemodel");
    let mut piece = vec![0.0; PIECE];
    for blob in net.layers.iter().flat_map(|layer| &layer.blobs) {
        let count = blob.shape.count();
        for offset in (0..count).step_by(PIECE) {
            let piece = black_box(&mut piece[..PIECE.min(count - offset)]);
            blob.values.read(offset, piece).expect("the file can be read");
        }
    }
}

fn inspect(path: &Path) {
    let net = formats::open(path).expect("the file is a caffemodel");
    let subject = Subject { plan: None, weights: Some(&net) };
    Inspection::new(&subject, &inspect::InspectOptions::default()).expect("the file can be read");
}

fn compare_with_itself(path: &Path) {
    let [a, b] = [path; 2].map(|path| formats::open(path).expect("the file is a caffemodel"));
    assert!(compare(&a, &b, &compare::CompareOptions::default()).expect("the file can be read").equal);
}

/// The most memory in KiB that the process has had, files' pages included; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
