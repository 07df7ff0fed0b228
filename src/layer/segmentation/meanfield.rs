//! MultiStageMeanfield: a conditional random field as a recurrent network (Zheng et al. 2015).
//!
//! ```text
//! bottoms = scores (N, C, H, W), the scores again, pictures
//! top     = (N, C, H, W)
//! blobs   = spatial weights, bilateral weights, compatibility: (1, 1, C, C) each
//! ```
//!
//! Nothing is drawn. The compatibility is -1 on the diagonal. The weights' diagonals are C numbers: in the later tree
//! those of `spatial_filter_weights_str` and `bilateral_filter_weights_str`, between single spaces; in the older one
//! those of the files spatial.par and bilateral.par. That tree reads them as numbers of double precision into ones of
//! single precision: the lower half of each comes to stand on the diagonal, and the upper half behind it, but for the
//! last one's, which Caffe writes past the end. So a 3 leaves 0 and 2.125. Where there are too few numbers, the rest
//! stays 0.
//!
//! caffe3d's takes volumes, (N, C, D, H, W), and the older tree's files; its blobs are (1, 1, 1, C, C).
//!
//! Blobs given in the net are taken as they are.

use std::sync::Arc;

use crate::Shape;
use crate::data::numbers::first_numbers;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::field_name;
use crate::layer::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext};
use crate::proto::caffe::MultiStageMeanfieldParameter;

const FIELD: &str = "multi_stage_meanfield_param";
const SPATIAL: &str = "multi_stage_meanfield_param.spatial_filter_weights_str";
const BILATERAL: &str = "multi_stage_meanfield_param.bilateral_filter_weights_str";

/// The files with the weights.
const FILES: [&str; 2] = ["spatial.par", "bilateral.par"];

pub(super) const OF_FILES: LayerType = entry(&|ctx: &SetupContext<'_>| {
    meanfield(ctx, ctx.four_axes(0)?, |_, channels, notices| of_files(ctx, channels, notices))
})
.known(Known::In(&["crfasrnn", "crfasrnn-0.1"]));

pub(super) const OF_VOLUMES: LayerType = entry(&|ctx: &SetupContext<'_>| {
    let Some(volume) = ctx.bottom(0).dims().get(..5) else {
        return Err(Refusal::at("bottom", format!("the scores {} need 5 axes", ctx.bottom(0))));
    };
    meanfield(ctx, Shape::new(volume).at("bottom")?, |_, channels, notices| of_files(ctx, channels, notices))
})
.known(Known::In(&["caffe3d"]));

pub(super) const OF_TEXT: LayerType = entry(&|ctx: &SetupContext<'_>| {
    meanfield(ctx, ctx.four_axes(0)?, |param, channels, _| {
        let spatial = diagonal_of_text(param.spatial_filter_weights_str(), SPATIAL, channels)?;
        Ok([spatial, diagonal_of_text(param.bilateral_filter_weights_str(), BILATERAL, channels)?])
    })
})
.known(Known::In(&["crfasrnn-crfrnn"]));

const fn entry(rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "MultiStageMeanfield",
        "Smooths scores over near and similar pixels, by learned weights",
        Arity::exactly(3),
        Arity::exactly(1),
        rule,
    )
    .params(&[FIELD])
}

/// The values of a blob.
type Matrix = Vec<f32>;

/// The weights of files, as the older tree reads them.
fn of_files(ctx: &SetupContext<'_>, channels: usize, notices: &mut Vec<String>) -> Result<[Matrix; 2], Refusal> {
    notices.push(format!(
        "layer {:?} gets the halves of double precision numbers as weights, as this Caffe reads spatial.par and \
         bilateral.par",
        ctx.param.name()
    ));
    let [spatial, bilateral] = FILES.map(|file| halves_of_file(ctx, file, channels, notices));
    Ok([spatial?, bilateral?])
}

/// The layer with this top, of which the channels are the classes, and with the weights that `weights` reads for so
/// many channels.
fn meanfield(
    ctx: &SetupContext<'_>,
    top: Shape,
    weights: impl FnOnce(&MultiStageMeanfieldParameter, usize, &mut Vec<String>) -> Result<[Matrix; 2], Refusal>,
) -> Result<Setup, Refusal> {
    let param = ctx.param.multi_stage_meanfield_param().unwrap_or_default();
    let iterations = param.num_iterations();
    let field = "multi_stage_meanfield_param.num_iterations";
    ensure!(iterations as i32 > 1, field, "num_iterations {iterations} is not above 1");
    let (channels, axes) = (top.dims()[1], top.axes());
    let mut setup = Setup::new(ctx, Operator::Opaque, [top]).given_roles(&[Role::Weight; 3]);
    if !ctx.given.is_empty() {
        return Ok(setup);
    }
    ensure!(channels > 0, "bottom", "there are no classes: the scores are {}", ctx.bottom(0));
    let mut dims = vec![1; axes];
    dims[axes - 2..].fill(channels);
    let shape = Shape::new(dims).at("bottom")?;
    let channels = channels.unsigned_abs() as usize;
    let mut notices = Vec::new();
    let [spatial, bilateral] = weights(&param, channels, &mut notices)?;
    let mut compatibility = vec![0.0; channels * channels];
    compatibility.iter_mut().step_by(channels + 1).for_each(|value| *value = -1.0);
    for values in [spatial, bilateral, compatibility] {
        setup.push_blob(BlobSpec::fixed(Role::Weight, shape.clone(), Arc::from(values)));
    }
    Ok(Setup { notices, ..setup })
}

/// A matrix with the halves of the numbers of a file on its diagonal and behind it.
fn halves_of_file(
    ctx: &SetupContext<'_>,
    file: &str,
    channels: usize,
    notices: &mut Vec<String>,
) -> Result<Matrix, Refusal> {
    let found = first_numbers(&ctx.sources.find(file, notices), channels).map_err(|error| {
        Refusal::at("type", format!("the weights of MultiStageMeanfield are not known: {error}"))
            .help(format!("put a file {file} with {channels} numbers into the folder of the net"))
    })?;
    Ok(halves(&found.numbers, channels))
}

fn halves(numbers: &[f64], channels: usize) -> Matrix {
    let mut matrix = vec![0.0; channels * channels];
    for (row, number) in numbers.iter().enumerate() {
        let bits = number.to_bits();
        let place = row * (channels + 1);
        for (place, half) in [(place, bits as u32), (place + 1, (bits >> 32) as u32)] {
            if let Some(value) = matrix.get_mut(place) {
                *value = f32::from_bits(half);
            }
        }
    }
    matrix
}

/// A matrix with the numbers of a text on its diagonal.
fn diagonal_of_text(text: &str, field: &'static str, channels: usize) -> Result<Matrix, Refusal> {
    let mut matrix = vec![0.0; channels * channels];
    let mut numbers = text.split(' ').map(|number| number.trim().parse::<f32>());
    for row in 0..channels {
        let Some(Ok(number)) = numbers.next() else {
            let message = format!("{} has no {channels} numbers between single spaces", field_name(field));
            return Err(Refusal::at(field, message).help("give one for each class"));
        };
        matrix[row * (channels + 1)] = number;
    }
    Ok(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::BlobValues;
    use crate::layer::testing::Surroundings;

    #[test]
    fn volumes_have_five_axes() {
        let caffe3d = Surroundings::of("caffe3d");
        let text = "multi_stage_meanfield_param { num_iterations: 2 theta_alpha: 1 theta_beta: 1 theta_gamma: 1 }";
        let bottoms: &[&[i32]] = &[&[1, 2, 4, 4], &[1, 2, 4, 4], &[1, 3, 4, 4]];
        let message = "bottom: the scores (1, 2, 4, 4) need 5 axes";
        assert_eq!(caffe3d.refusal("MultiStageMeanfield", text, bottoms), message);
    }

    const SCORES: &[i32] = &[1, 2, 4, 5];

    fn run(dialect: &str, fields: &str) -> Result<Setup, String> {
        let thetas = "theta_alpha: 1 theta_beta: 1 theta_gamma: 1";
        let text = format!("multi_stage_meanfield_param {{ {thetas} num_iterations: 5 {fields} }}");
        Surroundings::of(dialect).run("MultiStageMeanfield", &text, &[SCORES; 3], 1)
    }

    #[test]
    fn the_weights_stand_in_the_net() {
        let made = run("crfasrnn-crfrnn", "spatial_filter_weights_str: '3 2.5' bilateral_filter_weights_str: '5 4'");
        let made = made.unwrap();
        assert_eq!((made.tops[0].dims(), made.draws.len()), (SCORES, 0));
        let values = made.blobs.iter().map(|blob| match &blob.values {
            BlobValues::Fixed(values) => values.to_vec(),
            other => panic!("{other:?}"),
        });
        let expected = [[3.0, 0.0, 0.0, 2.5], [5.0, 0.0, 0.0, 4.0], [-1.0, 0.0, 0.0, -1.0]];
        assert_eq!(values.collect::<Vec<_>>(), expected);
        let message = "multi_stage_meanfield_param.spatial_filter_weights_str: spatial_filter_weights_str has no 2 \
                       numbers between single spaces";
        assert_eq!(run("crfasrnn-crfrnn", "spatial_filter_weights_str: '3'").unwrap_err(), message);
    }

    #[test]
    fn doubles_are_read_into_floats() {
        assert_eq!(
            halves(&[3.0, 5.0, 1.1], 3),
            [0.0, 2.125, 0.0, 0.0, 0.0, 2.3125, 0.0, 0.0, f32::from_bits(0x9999_999a)]
        );
        assert_eq!(halves(&[], 1), [0.0]);
    }

    #[test]
    fn the_files_have_to_be_there() {
        let error = run("crfasrnn", "").unwrap_err();
        let message = "type: the weights of MultiStageMeanfield are not known: cannot read spatial.par";
        assert!(error.starts_with(message), "{error}");
        let text = "multi_stage_meanfield_param { theta_alpha: 1 theta_beta: 1 theta_gamma: 1 num_iterations: 1 }";
        let message = "multi_stage_meanfield_param.num_iterations: num_iterations 1 is not above 1";
        assert_eq!(Surroundings::of("crfasrnn").refusal("MultiStageMeanfield", text, &[SCORES; 3]), message);
    }
}
