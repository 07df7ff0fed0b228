//! Engines, in Intel's Caffe: the code that a layer of a type with several runs on.
//!
//! A layer says it by name, `NAME` or `MKLDNN:CPU`, or the net says it for all. What CAFFE builds is known here: layers
//! of the other engines may have other blobs.

use super::LayerType;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::LayerParameter;

/// Engines that are not built into every Caffe of Intel's.
const OTHERS: &[&str] = &["CUDNN", "MKL2017", "MKLDNN"];

/// Checks the engine of a layer, whose type has this entry.
///
/// # Errors
/// It is not CAFFE.
pub(crate) fn check(entry: &LayerType, layer: &LayerParameter) -> Result<(), Refusal> {
    let given = layer.engine();
    if given.is_empty() || !entry.has_engines {
        return Ok(());
    }
    let (name, parts) = match given.split_once(':') {
        Some((name, parts)) => (name.trim(), Some(parts)),
        None => (given.trim(), None),
    };
    if OTHERS.contains(&name) {
        let message = format!("it is not known what the engine {name} builds");
        return Err(Refusal::at("engine", message).help("write `engine: \"CAFFE\"`, or leave the engine out"));
    }
    ensure!(name == "CAFFE", "engine", "there is no engine {name:?}: the engines are CAFFE, {}", OTHERS.join(", "));
    ensure!(parts.is_none(), "engine", "the engine CAFFE has no parts, {given:?} names some");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::layer::LayerRegistry;

    #[test]
    fn types_with_engines_take_caffe_alone() {
        let every = LayerRegistry::default();
        let registry = every.of(Dialect::get("intel").unwrap());
        let of = |kind: &str, engine: &str| {
            let layer = LayerParameter { r#type: Some(kind.into()), engine: Some(engine.into()), ..Default::default() };
            check(registry.get(kind).unwrap(), &layer).map_err(|refusal| refusal.message)
        };
        assert_eq!(of("Split", ""), Ok(()));
        assert_eq!(of("Split", "  CAFFE "), Ok(()));
        assert_eq!(of("AbsVal", "NONE"), Ok(()));
        let message = "there is no engine \"NONE\": the engines are CAFFE, CUDNN, MKL2017, MKLDNN";
        assert_eq!(of("ReLU", "NONE"), Err(message.into()));
        assert_eq!(of("ReLU", "MKLDNN:CPU"), Err("it is not known what the engine MKLDNN builds".into()));
        assert_eq!(of("ReLU", "CAFFE:CPU"), Err("the engine CAFFE has no parts, \"CAFFE:CPU\" names some".into()));
    }
}
