//! Whether the values of every filler have the mean and the standard deviation that it expects.

use crate::Shape;
use crate::filler::stub::{Stub, values};
use crate::filler::{FILLERS, Filler, FillerRegistry};
use crate::proto::caffe::FillerParameter;
use crate::statistics::Moments;

fn build(param: &FillerParameter, dims: &[i32]) -> Box<dyn Filler> {
    FillerRegistry::default().build_chosen(param, &Shape::new(dims).unwrap()).unwrap()
}

fn of_type(name: &str) -> FillerParameter {
    FillerParameter { r#type: Some(name.into()), ..Default::default() }
}

/// The moments of the values that the filler makes, in two passes.
fn measured(filler: &dyn Filler) -> Moments {
    let values = values(filler, &mut Stub::new(1));
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let squares = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>();
    Moments { mean, std: (squares / count).sqrt() }
}

fn check(param: &FillerParameter, dims: &[i32], tolerance: f64) {
    let filler = build(param, dims);
    let (expected, measured) = (filler.moments().unwrap(), measured(&*filler));
    // The mean and the standard deviation of n values stray by about 1 / sqrt(n) of the standard deviation.
    let scale = expected.std.max(1e-6);
    assert!((expected.mean - measured.mean).abs() < tolerance * scale, "{param:?}: {expected:?}, {measured:?}");
    assert!((expected.std - measured.std).abs() < tolerance * scale, "{param:?}: {expected:?}, {measured:?}");
}

#[test]
fn every_filler_of_caffe_has_the_moments_it_expects() {
    for name in ["bilinear", "constant", "gaussian", "msra", "positive_unitball", "uniform", "xavier"] {
        check(&of_type(name), &[80, 50, 6, 6], 0.01);
    }
    check(&FillerParameter { value: Some(-0.75), ..of_type("constant") }, &[7], 1e-9);
    check(&FillerParameter { min: Some(-3.0), max: Some(0.5), ..of_type("uniform") }, &[400, 400], 0.01);
    check(&FillerParameter { mean: Some(5.0), std: Some(0.1), ..of_type("gaussian") }, &[400, 400], 0.01);
    let sparse = FillerParameter { mean: Some(0.5), sparse: Some(30), ..of_type("gaussian") };
    check(&sparse, &[400, 400], 0.01);
    for norm in 0..3 {
        for name in ["xavier", "msra"] {
            check(&FillerParameter { variance_norm: Some(norm), ..of_type(name) }, &[30, 60, 7, 7], 0.02);
        }
    }
    for dims in [[200_000, 1], [100_000, 2], [50_000, 3], [400, 1000]] {
        check(&of_type("positive_unitball"), &dims, 0.01);
    }
    for width in [1, 2, 3, 4, 9] {
        check(&of_type("bilinear"), &[2, 3, width, width], 1e-6);
    }
}

#[test]
fn every_extension_but_files_has_the_moments_it_expects() {
    for entry in FILLERS.iter().filter(|entry| entry.extension && entry.name != "from_file") {
        check(&of_type(entry.name), &[80, 50, 6, 6], 0.01);
    }
    for dims in [[50, 300], [300, 50], [120, 120]] {
        check(&FillerParameter { gain: Some(-1.5), ..of_type("orthogonal") }, &dims, 0.05);
        check(&of_type("identity"), &dims, 1e-6);
    }
    for groups in [1, 2, 4, 8] {
        check(&FillerParameter { groups: Some(groups), ..of_type("dirac") }, &[8, 3, 3, 5], 1e-6);
    }
    let cut = FillerParameter { mean: Some(3.0), std: Some(2.0), a: Some(-0.5), b: Some(4.0), ..Default::default() };
    check(&FillerParameter { r#type: Some("truncated_normal".into()), ..cut }, &[400, 400], 0.01);
    for number in 0..3 {
        let scaling = FillerParameter { mode: Some(number), distribution: Some(number), ..Default::default() };
        check(&FillerParameter { r#type: Some("variance_scaling".into()), ..scaling }, &[30, 60, 7, 7], 0.02);
        let kaiming = FillerParameter { a: Some(0.3), variance_norm: Some(number), ..of_type("kaiming_uniform") };
        check(&kaiming, &[30, 60, 7, 7], 0.02);
    }
}

#[test]
fn what_is_not_finite_has_none() {
    let infinite = FillerParameter { value: Some(f32::INFINITY), ..of_type("constant") };
    assert_eq!(build(&infinite, &[2]).moments(), None);
    let infinite = FillerParameter { std: Some(f32::INFINITY), ..of_type("gaussian") };
    assert_eq!(build(&infinite, &[2]).moments(), None);
    let widest = FillerParameter { min: Some(f32::MIN), max: Some(f32::MAX), ..of_type("uniform") };
    assert!(build(&widest, &[2]).moments().is_some());
}
