//! The layers of DetectNet (NVIDIA/caffe).

use super::{PythonCall, PythonTop};
use crate::error::{Refusal, ensure};

use PythonTop::{Asked, Dims};

/// How many boxes a picture may have, with five numbers each.
const BOXES: [i64; 2] = [50, 5];

/// For each class (N, 50, 5); how many there are is the last setting.
pub(super) fn clusters(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let classes = call.settings.last_number();
    let classes = classes.ok_or_else(|| Refusal::at("python_param.param_str", "the number of classes is missing"))?;
    let given = call.ctx.top_count();
    ensure!(i64::try_from(given) == Ok(classes), "top", "{classes} classes need as many tops, {given} given");
    scores(call)
}

/// (N, 50, 5) for each top.
pub(super) fn scores(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    let items = call.bottom(0).and_then(|bottom| bottom.dim(0)).map(i64::from);
    let top = |_| items.map_or(Asked("N,50,5"), |items| Dims(vec![items, BOXES[0], BOXES[1]]));
    Ok((0..call.ctx.top_count()).map(top).collect())
}

/// Three numbers: mean average precision, precision and recall.
pub(super) fn mean_ap(_: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    Ok((0..3).map(|_| Dims(vec![1])).collect())
}

#[cfg(test)]
mod tests {
    use super::super::tests::tops;

    #[test]
    fn there_is_a_top_for_each_class() {
        let class = "caffe.layers.detectnet.clustering.ClusterDetections";
        let made = |settings: &str| tops(class, settings, &[&[7, 4, 2, 2]], &["a", "b"]);
        assert_eq!(made("1248, 352, 16, 2").unwrap(), ["7,50,5", "7,50,5"]);
        assert_eq!(made("1248, 352, 16, 3").unwrap_err(), "3 classes need as many tops, 2 given");
        assert_eq!(made("").unwrap_err(), "the number of classes is missing");
        let class = "caffe.layers.detectnet.mean_ap.mAP";
        assert_eq!(tops(class, "", &[&[7, 50, 5]], &["map", "precision", "recall"]).unwrap(), ["1"; 3]);
    }
}
