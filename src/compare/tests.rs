use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::formats::StoredLayer;

fn blob(dims: &[i32], values: Vec<f32>) -> StoredBlob {
    StoredBlob { index: 0, shape: Shape::new(dims).unwrap(), legacy: false, values: Arc::new(values) }
}

fn net(layers: impl IntoIterator<Item = (&'static str, Vec<StoredBlob>)>) -> StoredNet {
    let layer = |(name, mut blobs): (&str, Vec<StoredBlob>)| {
        blobs.iter_mut().enumerate().for_each(|(index, blob)| blob.index = index);
        StoredLayer { name: name.into(), blobs, ..StoredLayer::default() }
    };
    StoredNet { layers: layers.into_iter().map(layer).collect(), ..Default::default() }
}

/// Nets of one layer with one blob.
fn single(dims: &[i32], values: &[f32]) -> StoredNet {
    net([("ip", vec![blob(dims, values.to_vec())])])
}

fn by_name(a: &StoredNet, b: &StoredNet) -> Comparison {
    compare(a, b, &CompareOptions::default()).unwrap()
}

/// What was found of the values of the first blob.
fn values(found: &Comparison) -> &ValueComparison {
    match &found.layers[0].blobs[0].detail {
        Some(Detail::Values(values)) => values,
        other => panic!("{other:?}"),
    }
}

/// The layers' names and statuses.
fn statuses(found: &Comparison) -> Vec<(&str, usize, Status)> {
    found.layers.iter().map(|layer| (layer.name(), layer.occurrence, layer.status)).collect()
}

fn ones(count: i32) -> Vec<StoredBlob> {
    vec![blob(&[count], vec![1.0; count as usize])]
}

#[test]
fn one_bit_anywhere_is_found() {
    let count = 2 * values::PIECE as i32 + 77;
    let dims = [count / 7, 7];
    let count = dims[0] * dims[1];
    let reference: Vec<f32> = (0..count).map(|value| value as f32).collect();
    for at in [0, values::PIECE - 1, values::PIECE, count as usize - 1] {
        let mut flipped = reference.clone();
        flipped[at] = f32::from_bits(flipped[at].to_bits() ^ 1);
        let found = by_name(&single(&dims, &flipped), &single(&dims, &reference));
        let values = values(&found);
        assert_eq!((values.count, values.differing, values.max_ulp), (count as usize, 1, Some(1)));
        let worst = values.worst.as_ref().unwrap();
        assert_eq!((worst.flat, worst.index.as_slice()), (at, &[at / 7, at % 7][..]));
        assert_eq!((worst.a, worst.b, worst.ulp), (flipped[at], reference[at], Some(1)));
        assert_eq!(found.counts, StatusCounts { different: 1, ..Default::default() });
    }
}

#[test]
fn the_worst_pair_disagrees_and_a_nan_is_worse_than_any_number() {
    let reference = single(&[4], &[1.0, 100.0, 1.0, 1.0]);
    let options = CompareOptions {
        method: Method::Values(Tolerance { rtol: Some(0.05), ..Default::default() }),
        ..Default::default()
    };
    let worst = |found: &[f32]| {
        let found = compare(&single(&[4], found), &reference, &options).unwrap();
        let values = values(&found).clone();
        (values.worst.unwrap().flat, values.differing, values.differing_bits, values.nans)
    };
    assert_eq!(worst(&[1.0, 102.0, 1.5, 1.0]), (2, 1, 2, 0));
    assert_eq!(worst(&[1.0, 102.0, 1.01, 1.0]), (1, 0, 2, 0));
    assert_eq!(worst(&[f32::INFINITY, 102.0, 1.5, f32::NAN]), (3, 3, 4, 1));
    assert_eq!(worst(&[1.5, 102.0, 1.5, 1.0]), (0, 2, 3, 0));
}

#[test]
fn maxima_are_infinite_where_they_must_be() {
    let found = by_name(&single(&[2], &[1.0, 1.0]), &single(&[2], &[0.0, 2.0]));
    assert_eq!((values(&found).max_abs, values(&found).max_rel), (1.0, f64::INFINITY));
    let found = by_name(&single(&[1], &[-0.0]), &single(&[1], &[0.0]));
    let zeros = values(&found);
    assert_eq!((zeros.differing, zeros.max_abs, zeros.max_rel, zeros.max_ulp), (1, 0.0, 0.0, Some(0)));
    let found = by_name(&single(&[1], &[f32::MAX]), &single(&[1], &[f32::INFINITY]));
    let infinite = values(&found);
    assert_eq!((infinite.max_abs, infinite.max_rel, infinite.max_ulp), (f64::INFINITY, f64::INFINITY, Some(1)));
}

#[test]
fn a_nan_against_a_number_is_beyond_measure() {
    let maxima = |a: &[f32]| {
        let found = by_name(&single(&[3], a), &single(&[3], &[1.0, f32::NAN, 2.0]));
        let values = values(&found);
        ([values.max_abs, values.max_rel].map(f64::to_bits), values.max_ulp)
    };
    let beyond = ([f64::NAN.to_bits(); 2], None);
    assert_eq!(maxima(&[f32::NAN, f32::NAN, 3.0]), beyond);
    assert_eq!(maxima(&[9.0, 1.0, 2.0]), beyond);
    assert_eq!(maxima(&[1.0, -f32::NAN, 3.0]), ([1.0, 0.5].map(f64::to_bits), Some(1 << 22)));
}

#[test]
fn layers_of_one_name_are_matched_in_turn_and_those_without_blobs_left_out() {
    let a = net([("data", vec![]), ("ip", ones(1)), ("ip", ones(2)), ("conv", ones(3))]);
    let b = net([("conv", ones(3)), ("ip", ones(1)), ("fc", ones(4)), ("ip", ones(2)), ("ip", ones(5))]);
    let expected = [
        ("ip", 0, Status::Equal),
        ("ip", 1, Status::Equal),
        ("conv", 0, Status::Equal),
        ("fc", 0, Status::OnlyB),
        ("ip", 2, Status::OnlyB),
    ];
    assert_eq!(statuses(&by_name(&a, &b)), expected);
    assert_eq!(by_name(&b, &a).counts, StatusCounts { equal: 3, only_a: 2, ..Default::default() });
}

#[test]
fn by_order_names_do_not_matter() {
    let a = net([("conv1", ones(1)), ("relu", vec![]), ("conv2", ones(2)), ("conv3", ones(3))]);
    let b = net([("split", vec![]), ("c1", ones(1)), ("c2", ones(2))]);
    let found = compare(&a, &b, &CompareOptions { by_order: true, ..Default::default() }).unwrap();
    let expected = [("conv1", 0, Status::Equal), ("conv2", 0, Status::Equal), ("conv3", 0, Status::OnlyA)];
    assert_eq!(statuses(&found), expected);
    assert_eq!(found.layers[1].name_b.as_deref(), Some("c2"));
}

#[test]
fn a_blob_may_be_missing_from_a_layer() {
    let a = net([("ip", vec![blob(&[2], vec![1.0; 2]), blob(&[1], vec![0.0])])]);
    let found = by_name(&a, &net([("ip", ones(2))]));
    assert_eq!(statuses(&found), [("ip", 0, Status::Different)]);
    assert_eq!(found.counts, StatusCounts { equal: 1, only_a: 1, ..Default::default() });
}

#[test]
fn blobs_are_matched_by_number() {
    let mut b = net([("ip", ones(2))]);
    b.layers[0].blobs[0].index = 1;
    let found = by_name(&net([("ip", vec![blob(&[3], vec![1.0; 3]), blob(&[2], vec![1.0; 2])])]), &b);
    assert_eq!(found.counts, StatusCounts { equal: 1, only_a: 1, ..Default::default() });
    assert_eq!(found.layers[0].blobs[0].status, Status::OnlyA);
}

#[test]
fn shapes_count_save_that_old_files_have_four_sizes_for_every_blob() {
    let short = single(&[4], &[1.0; 4]);
    let legacy = |dims: &[i32]| {
        let mut net = single(dims, &[1.0; 4]);
        net.layers[0].blobs[0].legacy = true;
        net
    };
    let found = by_name(&short, &single(&[1, 1, 1, 4], &[1.0; 4]));
    assert_eq!(found.layers[0].blobs[0].status, Status::Different);
    assert_eq!(values(&found).differing, 0);
    assert_eq!(by_name(&short, &single(&[5], &[1.0; 5])).layers[0].blobs[0].detail, None);
    let equal = |a: &StoredNet, b: &StoredNet| by_name(a, b).equal;
    assert!(equal(&short, &legacy(&[1, 1, 1, 4])) && equal(&legacy(&[1, 1, 1, 4]), &short));
    assert!(!equal(&short, &legacy(&[4, 1, 1, 1])));
    assert!(!equal(&single(&[1, 1, 1, 1, 4], &[1.0; 4]), &legacy(&[1, 1, 1, 4])));
}

#[test]
fn the_level_of_the_test_is_shared_by_the_blobs() {
    let values = |start: f32| (0..100).map(|value| start + value as f32).collect();
    let made = |start| net([("ip", vec![blob(&[10, 10], values(start)), blob(&[100], values(start))]), ("x", ones(1))]);
    let options = CompareOptions { method: Method::Distribution { alpha: 0.09 }, ..Default::default() };
    let found = compare(&made(0.0), &made(0.5), &options).unwrap();
    assert_eq!((found.equal, found.threshold), (true, Some(0.01)));
    let found = compare(&made(0.0), &made(30.0), &options).unwrap();
    assert_eq!(found.counts, StatusCounts { equal: 1, different: 2, ..Default::default() });
}

/// Values of a file that ends early.
struct Truncated;

impl crate::formats::StoredValues for Truncated {
    fn read(&self, _: usize, _: &mut [f32]) -> io::Result<()> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

#[test]
fn an_error_names_the_side_the_layer_and_the_blob() {
    let broken = StoredBlob { values: Arc::new(Truncated), ..blob(&[4], vec![]) };
    let broken = net([("ip", vec![blob(&[1], vec![1.0]), broken])]);
    let whole = net([("ip", vec![blob(&[1], vec![1.0]), blob(&[4], vec![1.0; 4])])]);
    for method in [Method::default(), Method::Distribution { alpha: 0.01 }] {
        let options = CompareOptions { method, ..Default::default() };
        let error = compare(&broken, &whole, &options).unwrap_err();
        assert_eq!(error.side, Side::A);
        assert_eq!(error.to_string(), "layer \"ip\", blob 1: cannot read the values");
        assert_eq!(error.source.to_string(), "unexpected end of file");
        assert_eq!(compare(&whole, &broken, &options).unwrap_err().side, Side::B);
    }
}

fn any_values() -> impl Strategy<Value = (Vec<f32>, Vec<f32>)> {
    let value = prop_oneof![any::<u32>().prop_map(f32::from_bits), (-2..3_i8).prop_map(f32::from)];
    prop::collection::vec((value.clone(), value), 1..200).prop_map(|pairs| pairs.into_iter().unzip())
}

proptest! {
    #[test]
    fn a_net_is_equal_to_itself((values, _) in any_values(), atol in prop::option::of(0.0..1.0_f64)) {
        let net = single(&[values.len() as i32], &values);
        let method = Method::Values(Tolerance { atol, ..Default::default() });
        let found = compare(&net, &net, &CompareOptions { method, ..Default::default() }).unwrap();
        prop_assert!(found.equal);
        prop_assert_eq!(super::tests::values(&found).worst.as_ref(), None);
    }

    #[test]
    fn the_sides_can_be_swapped((a, b) in any_values()) {
        let dims = [a.len() as i32];
        let (a, b) = (single(&dims, &a), single(&dims, &b));
        let (there, back) = (by_name(&a, &b), by_name(&b, &a));
        let (there, back) = (values(&there), values(&back));
        prop_assert_eq!((there.differing, there.nans), (back.differing, back.nans));
        prop_assert_eq!((there.max_abs.to_bits(), there.max_ulp), (back.max_abs.to_bits(), back.max_ulp));
        prop_assert_eq!(there.worst.as_ref().map(|worst| worst.flat), back.worst.as_ref().map(|worst| worst.flat));
    }

    #[test]
    fn the_findings_are_those_of_a_plain_loop((a, b) in any_values(), ulp in 0..1000_u32) {
        let tolerance = Tolerance { ulp: Some(ulp), ..Default::default() };
        let options = CompareOptions { method: Method::Values(tolerance), ..Default::default() };
        let dims = [a.len() as i32];
        let found = compare(&single(&dims, &a), &single(&dims, &b), &options).unwrap();
        let pairs = || a.iter().zip(&b);
        prop_assert_eq!(values(&found).differing, pairs().filter(|(a, b)| !tolerance.agrees(**a, **b)).count());
        prop_assert_eq!(values(&found).differing_bits, pairs().filter(|(a, b)| a.to_bits() != b.to_bits()).count());
        let greatest = pairs().filter_map(|(a, b)| ulp_distance(*a, *b)).max().unwrap_or(0);
        let beyond = pairs().any(|(a, b)| a.is_nan() != b.is_nan());
        prop_assert_eq!(values(&found).max_ulp, (!beyond).then_some(greatest));
        prop_assert_eq!((values(&found).max_abs.is_nan(), values(&found).max_rel.is_nan()), (beyond, beyond));
    }
}
