//! InfogainLoss: the negative log-likelihood of the labels, weighted by a matrix over pairs of classes.
//!
//! Bottoms: scores, one label for each place outside `infogain_loss_param.axis`, and the matrix, L x L numbers in any
//! shape for L classes. Without a third bottom the matrix comes from the file `infogain_loss_param.source`, a
//! serialised `BlobProto`; with one the file is not opened. Tops: a scalar, and the softmax in the shape of the
//! scores. Two tops need two loss weights, since Caffe adds just one.
//!
//! Caffes before release 1.0 take probabilities: all K values of an item are one set of classes, there is one label an
//! item and one top, and the matrix has the shape (1, 1, K, K).

use std::path::PathBuf;

use super::{Labels, Loss, check_batches, check_inner_weight, check_label_count, check_single, loss, scalar_loss};
use crate::dialect::{InfogainInput, Known};
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, Deployment, LayerType, Setup, SetupContext, blob_file};
use crate::proto::caffe::{InfogainLossParameter, LayerParameter};
use crate::{Shape, error::AtField};

const FIELD: &str = "infogain_loss_param.source";

const NAME: &str = "InfogainLoss";
const SUMMARY: &str = "Computes the negative log-likelihood of the labels, weighted by a matrix over pairs of classes";

pub(super) const TYPE: LayerType =
    LayerType::new(NAME, SUMMARY, Arity::between(2, 3), Arity::between(1, 2), &of_scores)
        .params(&["infogain_loss_param", "loss_param", "softmax_param"])
        .auto_tops()
        .loss()
        .deployed(deployment)
        .known(Known::Where(|traits| traits.infogain == InfogainInput::Scores));

/// That of earlier Caffes.
pub(super) const OF_PROBABILITIES: LayerType =
    LayerType::new(NAME, SUMMARY, Arity::between(2, 3), Arity::exactly(1), &of_probabilities)
        .params(&["infogain_loss_param"])
        .auto_tops()
        .loss()
        .judges_first()
        .known(Known::Where(|traits| traits.infogain == InfogainInput::Probabilities));

/// A Softmax has its axis elsewhere, and so stands in only where that is the one by default.
fn deployment(layer: &LayerParameter) -> Deployment {
    match layer.infogain_loss_param.as_deref().map_or(1, InfogainLossParameter::axis) {
        1 => Deployment::LossOf("Softmax"),
        _ => Deployment::Loss { predictions: 1 },
    }
}

fn of_scores(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = InfogainLossParameter::default();
    let param = ctx.param.infogain_loss_param.as_deref().unwrap_or(&default);
    let axis = ctx.bottom_axis(0, param.axis(), "infogain_loss_param.axis")?;
    check_inner_weight(ctx, 1.0, "softmax")?;
    let old_switch = ctx.param.loss_param.as_ref().and_then(|p| p.normalize);
    if old_switch.is_some() {
        let refusal = Refusal::at("loss_param.normalize", "InfogainLoss does not take the old switch normalize");
        return Err(refusal.help("use normalization: VALID or normalization: BATCH_SIZE"));
    }
    check_batches(ctx)?;
    check_label_count(ctx, axis)?;
    let mut notices = Vec::new();
    let matrix = find_matrix(ctx, param, axis, &mut notices)?;

    let mut tops = vec![Shape::scalar()];
    if ctx.top_count() > 1 {
        if ctx.param.loss_weight.is_empty() {
            let refusal = Refusal::at("loss_weight", "2 tops need 2 loss weights, the layer has none");
            let help = "add loss_weight: 1 loss_weight: 0, and let no layer read the first top: \
                        its split would take the weights";
            return Err(refusal.help(help));
        }
        tops.push(ctx.bottom(0).clone());
    }
    let operator = Loss::Infogain { labels: Labels::new(ctx, axis), matrix };
    Ok(Setup { notices, ..loss(ctx, operator, tops) })
}

fn of_probabilities(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = InfogainLossParameter::default();
    let param = ctx.param.infogain_loss_param.as_deref().unwrap_or(&default);
    check_batches(ctx)?;
    check_single(ctx, 1, 1..=3)?;
    let classes: i64 = (1..4).map(|axis| ctx.legacy_dim(0, axis).map(i64::from)).product::<Result<i64, Refusal>>()?;
    let square = Shape::new([1, 1, classes, classes]).at("bottom")?;
    let mut notices = Vec::new();
    let (matrix, file, field) = match ctx.bottoms.get(2) {
        Some(matrix) => (matrix.clone(), None, "bottom"),
        None => {
            let (matrix, file) = read_matrix(ctx, param, &square, &mut notices)?;
            (matrix, Some(file), FIELD)
        }
    };
    let dims = [0, 1, 2, 3].map(|axis| matrix.legacy_dim(axis).ok());
    let expected = [0, 1, 2, 3].map(|axis| square.dim(axis));
    ensure!(dims == expected, field, "the infogain matrix of shape {matrix} is not {square}, for {classes} classes");
    Ok(Setup { notices, ..scalar_loss(ctx, Loss::InfogainOfProbabilities { matrix: file }) })
}

/// The file of the matrix, unless it is the third bottom; either must have a number for each pair of classes.
fn find_matrix(
    ctx: &SetupContext<'_>,
    param: &InfogainLossParameter,
    axis: usize,
    notices: &mut Vec<String>,
) -> Result<Option<PathBuf>, Refusal> {
    let classes = ctx.bottom(0).dim(axis).unwrap_or(0);
    let square = Shape::new([classes, classes]).at("bottom")?;
    let (matrix, file, field) = match ctx.bottoms.get(2) {
        Some(matrix) => (matrix.clone(), None, "bottom"),
        None => {
            let (matrix, file) = read_matrix(ctx, param, &square, notices)?;
            (matrix, Some(file), FIELD)
        }
    };
    ensure!(
        matrix.count() == square.count(),
        field,
        "the infogain matrix of shape {matrix} has {} numbers, {classes} classes need {classes} x {classes}",
        matrix.count()
    );
    Ok(file)
}

/// The shape of the matrix in `source`, and its place.
fn read_matrix(
    ctx: &SetupContext<'_>,
    param: &InfogainLossParameter,
    square: &Shape,
    notices: &mut Vec<String>,
) -> Result<(Shape, PathBuf), Refusal> {
    let Some(source) = &param.source else {
        let refusal = Refusal::at(FIELD, "there is no infogain matrix: neither a third bottom nor a source is given");
        return Err(refusal.help("name a file with a serialised BlobProto in infogain_loss_param.source"));
    };
    // Values and diffs, each as floats and as doubles, with the overhead of the unpacked form.
    let max_bytes = (square.count() as u64).saturating_mul(32).saturating_add(4096);
    let file = ctx.sources.find(source, notices);
    Ok((blob_file::read_shape(&file, FIELD, source, max_bytes, ctx.dialect)?, file))
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use crate::Shape;
    use crate::layer::loss::tests::run;
    use crate::layer::testing::Surroundings;
    use crate::proto::caffe::{BlobProto, BlobShape};

    const NAME: &str = "InfogainLoss";

    /// Runs the rule with three classes and the matrix in a file of these bytes; the file's path becomes FILE.
    fn with_file(bytes: &[u8]) -> Result<(), String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let path = file.path().display().to_string();
        let text = format!("infogain_loss_param {{ source: {path:?} }}");
        run(NAME, &text, &[&[2, 3], &[2]], 1).map(|_| ()).map_err(|error| error.replace(&path, "FILE"))
    }

    #[test]
    fn the_matrix_comes_from_a_bottom_in_any_shape() {
        assert!(run(NAME, "infogain_loss_param { source: \"nowhere\" }", &[&[2, 3], &[2], &[9]], 1).is_ok());
        let error = run(NAME, "", &[&[2, 3], &[2], &[2, 3]], 1).unwrap_err();
        let message = "bottom: the infogain matrix of shape (2, 3) has 6 numbers, 3 classes need 3 x 3";
        assert_eq!(error, message);
    }

    #[test]
    fn the_matrix_comes_from_a_file() {
        let blob = |dim: Vec<i64>, count| BlobProto {
            shape: Some(BlobShape { dim }),
            double_data: vec![0.5; count],
            ..Default::default()
        };
        assert_eq!(with_file(&blob(vec![3, 3], 9).encode_to_vec()), Ok(()));
        let field = "infogain_loss_param.source";
        let message = "the infogain matrix of shape (2, 2) has 4 numbers, 3 classes need 3 x 3";
        assert_eq!(with_file(&blob(vec![2, 2], 4).encode_to_vec()).unwrap_err(), format!("{field}: {message}"));
        let message = "the blob in \"FILE\" has 9 values, its shape (3, 4) has 12";
        assert_eq!(with_file(&blob(vec![3, 4], 9).encode_to_vec()).unwrap_err(), format!("{field}: {message}"));
        let message = "the blob file \"FILE\" has more than 4384 bytes";
        assert_eq!(with_file(&[0; 4385]).unwrap_err(), format!("{field}: {message}"));
        let error = with_file(b"\x08").unwrap_err();
        assert!(error.starts_with(&format!("{field}: \"FILE\" is not a serialised BlobProto: ")), "{error}");
    }

    #[test]
    fn a_missing_matrix_is_refused() {
        let error = |text: &str| run(NAME, text, &[&[2, 3], &[2]], 1).unwrap_err();
        let message = "there is no infogain matrix: neither a third bottom nor a source is given";
        assert_eq!(error(""), format!("infogain_loss_param.source: {message}"));
        let absent = error("infogain_loss_param { source: \"nowhere.binaryproto\" }");
        let start = "infogain_loss_param.source: cannot read the blob file \"nowhere.binaryproto\": ";
        assert!(absent.starts_with(start), "{absent}");
    }

    #[test]
    fn two_tops_need_two_weights() {
        let bottoms: &[&[i32]] = &[&[2, 3, 4], &[2, 3], &[4, 4]];
        let text = "loss_weight: 1 loss_weight: 0 infogain_loss_param { axis: -1 }";
        let made = run(NAME, text, bottoms, 2).unwrap();
        assert_eq!(made.tops, [Shape::scalar(), Shape::new([2, 3, 4]).unwrap()]);
        let error = run(NAME, "infogain_loss_param { axis: -1 }", bottoms, 2).unwrap_err();
        assert_eq!(error, "loss_weight: 2 tops need 2 loss weights, the layer has none");
    }

    #[test]
    fn earlier_caffes_take_probabilities() {
        let earlier = Surroundings::of("ssd");
        assert!(earlier.run(NAME, "", &[&[2, 3], &[2], &[1, 1, 3, 3]], 1).is_ok());
        assert!(earlier.run(NAME, "", &[&[2, 3, 2, 2], &[2, 1, 1, 1], &[1, 1, 12, 12]], 1).is_ok());
        let error = |bottoms: &[&[i32]], tops| earlier.run(NAME, "", bottoms, tops).unwrap_err();
        let message = "bottom: the infogain matrix of shape (3, 3) is not (1, 1, 3, 3), for 3 classes";
        assert_eq!(error(&[&[2, 3], &[2], &[3, 3]], 1), message);
        let message = "bottom: bottom 1 must have dimension 1 at axis 2, its shape is (2, 1, 2, 2)";
        assert_eq!(error(&[&[2, 3, 2, 2], &[2, 1, 2, 2], &[1, 1, 12, 12]], 1), message);
        assert_eq!(error(&[&[2, 3], &[2], &[1, 1, 3, 3]], 2), "top: InfogainLoss makes 1 top, 2 given");
    }

    #[test]
    fn the_old_switch_and_empty_scores_are_refused() {
        let error = run(NAME, "loss_param { normalize: false }", &[&[2, 3], &[2], &[3, 3]], 1).unwrap_err();
        assert_eq!(error, "loss_param.normalize: InfogainLoss does not take the old switch normalize");
        let error = run(NAME, "loss_weight: 0", &[&[0, 3], &[0], &[3, 3]], 1).unwrap_err();
        let message = "the softmax inside the layer cannot take a loss weight: bottom 0 of shape (0, 3) is empty";
        assert_eq!(error, format!("bottom: {message}"));
    }
}
