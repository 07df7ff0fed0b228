//! The number of filling threads changes nothing but the time.

use std::io;

use caffemodel::filler::Sink;
use caffemodel::formats::{CaffemodelWriter, Output, SavedLayer};
use caffemodel::random::{Era, Streams};
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};

/// Blobs of every kind: larger and smaller than a piece, of fillers that need rows or the whole blob, shared, given by
/// the layer type, and without values of their own.
const NET: &str = r#"
    layer { name: "data" type: "Input" top: "data" top: "cont"
            input_param { shape { dim: 3 dim: 2 dim: 500 } shape { dim: 3 dim: 2 } } }
    layer { name: "wide" type: "InnerProduct" bottom: "data" top: "wide" inner_product_param { num_output: 200 axis: 2
            weight_filler { type: "xavier" } bias_filler { type: "gaussian" std: 0.1 } } }
    layer { name: "sparse" type: "InnerProduct" bottom: "data" top: "sparse" inner_product_param { num_output: 400 axis: 2
            weight_filler { type: "gaussian" sparse: 40 } bias_filler { value: 0.5 } } }
    layer { name: "rows" type: "InnerProduct" bottom: "wide" top: "rows" inner_product_param { num_output: 700 axis: 2
            weight_filler { type: "positive_unitball" } } }
    layer { name: "owner" type: "InnerProduct" bottom: "rows" top: "owner" param { name: "w" }
            inner_product_param { num_output: 700 axis: 2 weight_filler { type: "msra" } bias_term: false } }
    layer { name: "lstm" type: "LSTM" bottom: "owner" bottom: "cont" top: "lstm" recurrent_param { num_output: 90
            weight_filler { type: "uniform" min: -0.1 max: 0.1 } bias_filler { type: "gaussian" } } }
    layer { name: "sharer" type: "InnerProduct" bottom: "owner" top: "sharer" param { name: "w" }
            inner_product_param { num_output: 700 axis: 2 weight_filler { type: "gaussian" } bias_term: false } }
    layer { name: "norm" type: "BatchNorm" bottom: "sharer" top: "norm" }
    layer { name: "last" type: "InnerProduct" bottom: "norm" top: "last" inner_product_param { num_output: 1 axis: 2
            weight_filler { type: "gaussian" } bias_filler { type: "gaussian" } } }
"#;

fn plan() -> Plan {
    plan_of(NET)
}

fn plan_of(net: &str) -> Plan {
    let definition = Definition::from_bytes("net.prototxt", net).unwrap();
    let net = Net::resolve(definition, &StateOptions::default()).unwrap();
    Plan::new(net, &PlanOptions::default()).unwrap()
}

/// The caffemodel, and for Caffe's generator the draw that comes next.
fn fill_on(threads: usize, plan: &Plan, mut streams: Streams) -> (Vec<u8>, Option<u32>) {
    let mut writer = CaffemodelWriter::new(Vec::new(), &plan.name).unwrap();
    init::fill_on(threads, plan, &mut streams, &mut writer).unwrap();
    let next = streams.one_for_all().then(|| streams.for_blob("", 0).next_u32());
    (writer.into_inner(), next)
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let plan = plan();
    let all = Era::ALL.map(|era| Streams::caffe(1701, era)).into_iter().chain([Streams::native(1701)]);
    for streams in all {
        let alone = fill_on(0, &plan, streams.clone());
        for threads in [1, 2, 3, 8] {
            assert!(fill_on(threads, &plan, streams.clone()) == alone, "{threads} threads, {streams:?}");
        }
    }
}

/// Fails once so many values have passed.
struct Full(usize);

impl Sink for Full {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.0 = self.0.checked_sub(values.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(())
    }
}

impl Output for Full {
    fn begin_layer(&mut self, _: &SavedLayer<'_>) -> io::Result<()> {
        Ok(())
    }

    fn begin_blob(&mut self, _: &SavedLayer<'_>, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn end_layer(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The last blob is made as a whole and ends with a piece: nothing is sent that the writer does not wait for.
#[test]
fn a_last_blob_of_whole_pieces_is_no_error() {
    let net = r#"
        layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 512 } } }
        layer { name: "last" type: "InnerProduct" bottom: "data" top: "last" inner_product_param { num_output: 256
                bias_term: false weight_filler { type: "gaussian" sparse: 40 } } }"#;
    let plan = plan_of(net);
    for streams in [Streams::caffe(1701, Era::default()), Streams::native(1701)] {
        let expected = fill_on(0, &plan, streams.clone());
        for threads in [1, 2, 3] {
            for _ in 0..20 {
                assert!(fill_on(threads, &plan, streams.clone()) == expected, "{threads} threads");
            }
        }
    }
}

#[test]
fn the_output_s_error_ends_all_threads() {
    let plan = plan();
    for streams in [Streams::caffe(1, Era::default()), Streams::native(1)] {
        for threads in [0, 1, 3] {
            for room in [0, 100_000, 700_000, plan.values() as usize - 1] {
                let error = init::fill_on(threads, &plan, &mut streams.clone(), &mut Full(room)).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{threads} threads, room for {room}");
            }
        }
    }
}

/// A range that Boost 1.47 cannot draw from, behind a large blob; in the second net only for values to be thrown away.
#[test]
fn a_filler_s_error_comes_through() {
    let ip = |name: &str, bottom: &str, filler: &str| {
        format!(
            r#"layer {{ name: "{name}" type: "InnerProduct" bottom: "{bottom}" top: "{name}" param {{ name: "w" }}
               inner_product_param {{ num_output: 500 bias_term: false weight_filler {{ {filler} }} }} }}"#
        )
    };
    let input = r#"layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 500 } } }"#;
    let (good, bad) = ("type: 'uniform'", "type: 'uniform' min: -3e38 max: 3e38");
    for (first, second) in [(bad, good), (good, bad)] {
        let text = [input, &ip("b", "a", first), &ip("c", "b", second)].concat();
        let net = Net::resolve(Definition::from_bytes("net.prototxt", text).unwrap(), &StateOptions::default());
        let plan = Plan::new(net.unwrap(), &PlanOptions::default()).unwrap();
        for threads in [0, 1] {
            let mut streams = Streams::caffe(1, Era::V1_47);
            let error = init::fill_on(threads, &plan, &mut streams, &mut Full(1 << 30)).unwrap_err();
            let message = "a uniform filler from -3e38 to 3e38 would keep this Caffe drawing forever";
            assert_eq!(error.to_string(), message);
        }
    }
}
