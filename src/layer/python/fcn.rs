//! The data layers of fully convolutional networks (shelhamer/fcn.berkeleyvision.org). Their pictures are of any size,
//! but for the data sets where all have the same.

use super::{PythonCall, PythonTop};
use crate::error::{Refusal, ensure};

use PythonTop::{Asked, Dims};

fn check_bottoms(call: &PythonCall<'_>) -> Result<(), Refusal> {
    ensure!(call.ctx.bottoms.is_empty(), "bottom", "a layer that reads data takes no bottoms");
    Ok(())
}

/// A picture and the label of each of its points.
pub(super) fn pictures(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    check_bottoms(call)?;
    Ok(vec![Asked("1,3,H,W"), Asked("1,1,H,W")])
}

/// What the setting `tops` names, for pictures of 425 x 560.
pub(super) fn nyud(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    check_bottoms(call)?;
    let names = call.settings.list("tops");
    let names = names.ok_or_else(|| Refusal::at("python_param.param_str", "the list of tops is missing"))?;
    let top = |name: &&str| match *name {
        "color" | "hha" => Dims(vec![1, 3, 425, 560]),
        "depth" | "label" => Dims(vec![1, 1, 425, 560]),
        _ => Asked("1,C,H,W"),
    };
    Ok(names.iter().map(top).collect())
}

/// A picture of 256 x 256 and two labels of each of its points.
pub(super) fn sift_flow(call: &PythonCall<'_>) -> Result<Vec<PythonTop>, Refusal> {
    check_bottoms(call)?;
    Ok([3, 1, 1].map(|channels| Dims(vec![1, channels, 256, 256])).into())
}

#[cfg(test)]
mod tests {
    use super::super::tests::tops;

    #[test]
    fn pictures_of_any_size_are_asked_for() {
        let made = |bottoms: &[&[i32]], names: &[&str]| tops("voc_layers.VOCSegDataLayer", "", bottoms, names);
        assert_eq!(made(&[], &["data", "label"]).unwrap(), ["1,3,H,W", "1,1,H,W"]);
        assert_eq!(made(&[], &["data"]).unwrap_err(), "voc_layers.VOCSegDataLayer makes 2 tops, 1 given");
        assert_eq!(made(&[&[1]], &["data", "label"]).unwrap_err(), "a layer that reads data takes no bottoms");
    }

    #[test]
    fn others_are_known() {
        let made = |settings: &str, names: &[&str]| tops("nyud_layers.NYUDSegDataLayer", settings, &[], names);
        assert_eq!(made("{'tops': ['hha', 'label']}", &["a", "b"]).unwrap(), ["1,3,425,560", "1,1,425,560"]);
        assert_eq!(made("{}", &["a"]).unwrap_err(), "the list of tops is missing");
        let made = tops("siftflow_layers.SIFTFlowSegDataLayer", "", &[], &["data", "sem", "geo"]).unwrap();
        assert_eq!(made, ["1,3,256,256", "1,1,256,256", "1,1,256,256"]);
    }
}
