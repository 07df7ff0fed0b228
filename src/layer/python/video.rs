//! The data layers of long-term recurrent networks (LisaAnne/lisa-caffe-public): clips of 16 frames of 227 x 227.

use super::{PythonCall, PythonTop};
use crate::error::Refusal;

use PythonTop::Dims;

/// The frames of a clip.
const FRAMES: i64 = 16;

/// 24 clips.
pub(super) fn train(_: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    Ok(clips(24))
}

/// 3 clips.
pub(super) fn test(_: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    Ok(clips(3))
}

/// Pictures, labels, and where clips go on.
fn clips(count: i64) -> Vec<PythonTop> {
    let items = count * FRAMES;
    vec![Dims(vec![items, 3, 227, 227]), Dims(vec![items]), Dims(vec![items])]
}

#[cfg(test)]
mod tests {
    use super::super::tests::tops;

    #[test]
    fn clips_come_frame_by_frame() {
        let made =
            |class: &str| tops(&format!("sequence_input_layer.{class}"), "", &[], &["data", "label", "cm"]).unwrap();
        assert_eq!(made("videoReadTrain_RGB"), ["384,3,227,227", "384", "384"]);
        assert_eq!(made("videoReadTest_flow"), ["48,3,227,227", "48", "48"]);
    }
}
