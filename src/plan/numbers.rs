//! The types of numbers, in dialects whose layers have them.

use crate::dialect::Dialect;
use crate::error::Refusal;
use crate::formats::NumberType;
use crate::proto::caffe::{LayerParameter, Type};

/// The type that the blobs of a layer are kept in: that of its forward pass.
///
/// # Errors
/// It is one of which it is not known how NVIDIA's Caffe draws it.
pub(super) fn blob_type(param: &LayerParameter, dialect: &Dialect) -> Result<NumberType, Refusal> {
    if !dialect.traits.layers_have_types {
        return Ok(NumberType::F32);
    }
    match param.forward_type() {
        Type::Float => Ok(NumberType::F32),
        Type::Float16 => Ok(NumberType::F16),
        other => Err(Refusal::at("forward_type", format!("blobs of the type {} cannot be made", other.as_str_name()))
            .help("FLOAT and FLOAT16 are known")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forward_type_decides_where_layers_have_types() {
        let of = |dialect: &str, forward_type: Option<Type>| {
            let param = LayerParameter { forward_type: forward_type.map(|kind| kind as i32), ..Default::default() };
            blob_type(&param, Dialect::get(dialect).unwrap()).map_err(|refusal| refusal.message)
        };
        assert_eq!(of("nvidia", None), Ok(NumberType::F32));
        assert_eq!(of("nvidia", Some(Type::Float16)), Ok(NumberType::F16));
        assert_eq!(of("bvlc", Some(Type::Float16)), Ok(NumberType::F32));
        assert_eq!(of("nvidia", Some(Type::Double)), Err("blobs of the type DOUBLE cannot be made".into()));
    }
}
