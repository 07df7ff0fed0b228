//! How numbers look in JSON.
//!
//! JSON has no infinities and no NaN: they are the strings `"Infinity"`, `"-Infinity"` and `"NaN"`, as in the JSON of
//! Protocol Buffers.

use serde::{Serialize, Serializer};

/// A value with its bits in hexadecimal, which tell NaNs apart.
#[derive(Serialize)]
struct ValueWithBits {
    #[serde(serialize_with = "single")]
    value: f32,
    bits: String,
}

/// A double.
pub(super) fn number<S: Serializer>(number: &f64, out: S) -> Result<S::Ok, S::Error> {
    if number.is_finite() { out.serialize_f64(*number) } else { out.serialize_str(non_finite(*number)) }
}

/// A float, with no more digits than it needs.
fn single<S: Serializer>(number: &f32, out: S) -> Result<S::Ok, S::Error> {
    if number.is_finite() { out.serialize_f32(*number) } else { out.serialize_str(non_finite((*number).into())) }
}

/// A value of a blob: `{"value": 0.5, "bits": "3f000000"}`.
pub(super) fn value<S: Serializer>(value: &f32, out: S) -> Result<S::Ok, S::Error> {
    ValueWithBits { value: *value, bits: format!("{:08x}", value.to_bits()) }.serialize(out)
}

fn non_finite(number: f64) -> &'static str {
    match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}
