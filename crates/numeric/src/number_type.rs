//! The number types of stored values, and how they become `f32`.

use std::fmt;

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

/// A number type and its byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element {
    /// The number type.
    pub kind: NumberType,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
}

/// A number type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "they are named as in Rust, and bfloat16")]
pub enum NumberType {
    F16,
    Bf16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
}

impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NumberType::F16 => "float16",
            NumberType::Bf16 => "bfloat16",
            NumberType::F32 => "float32",
            NumberType::F64 => "float64",
            NumberType::I8 => "int8",
            NumberType::I16 => "int16",
            NumberType::I32 => "int32",
            NumberType::I64 => "int64",
            NumberType::U8 => "uint8",
            NumberType::U16 => "uint16",
            NumberType::U32 => "uint32",
            NumberType::U64 => "uint64",
        })
    }
}

impl NumberType {
    /// Whether every value of the type is an `f32`.
    pub fn fits_f32(self) -> bool {
        !matches!(self, NumberType::F64 | NumberType::I32 | NumberType::I64 | NumberType::U32 | NumberType::U64)
    }

    /// The type in little-endian order.
    #[doc(hidden)]
    pub const fn little(self) -> Element {
        Element { kind: self, big_endian: false }
    }
}

impl Element {
    /// How many bytes a value takes.
    pub fn width(self) -> usize {
        match self.kind {
            NumberType::I8 | NumberType::U8 => 1,
            NumberType::F16 | NumberType::Bf16 | NumberType::I16 | NumberType::U16 => 2,
            NumberType::F32 | NumberType::I32 | NumberType::U32 => 4,
            NumberType::F64 | NumberType::I64 | NumberType::U64 => 8,
        }
    }

    /// The memory of values as bytes, if these are how the values are stored; `None` where they must be decoded.
    pub fn as_stored(self, values: &mut [f32]) -> Option<&mut [u8]> {
        let is_memory = self.kind == NumberType::F32 && self.big_endian == cfg!(target_endian = "big");
        is_memory.then(|| bytemuck::cast_slice_mut(values))
    }

    /// Decodes values that start every `stride` bytes, rounded to the nearest `f32`; bits of an `f32` are kept.
    ///
    /// # Panics
    /// `bytes` are too few for `out`.
    pub fn decode(self, bytes: &[u8], stride: usize, out: &mut [f32]) {
        macro_rules! each {
            ($type:ty, $width:literal, $to_f32:expr) => {
                // The order is chosen before the loop, which otherwise would not become vector code.
                if self.big_endian {
                    decode_each::<$width>(bytes, stride, out, |raw| $to_f32(<$type>::from_be_bytes(raw)))
                } else {
                    decode_each::<$width>(bytes, stride, out, |raw| $to_f32(<$type>::from_le_bytes(raw)))
                }
            };
        }
        match self.kind {
            NumberType::F16 => each!(f16, 2, f16::to_f32),
            NumberType::Bf16 => each!(bf16, 2, bf16::to_f32),
            NumberType::F32 => each!(f32, 4, |value| value),
            NumberType::F64 => each!(f64, 8, |value| value as f32),
            NumberType::I8 => each!(i8, 1, f32::from),
            NumberType::I16 => each!(i16, 2, f32::from),
            NumberType::I32 => each!(i32, 4, |value| value as f32),
            NumberType::I64 => each!(i64, 8, |value| value as f32),
            NumberType::U8 => each!(u8, 1, f32::from),
            NumberType::U16 => each!(u16, 2, f32::from),
            NumberType::U32 => each!(u32, 4, |value| value as f32),
            NumberType::U64 => each!(u64, 8, |value| value as f32),
        }
    }
}

/// The bytes of values rounded to the nearest half, in little-endian order.
pub fn little_halves(values: &[f32]) -> Vec<u8> {
    let mut halves = vec![f16::ZERO; values.len()];
    halves.convert_from_f32_slice(values);
    halves.iter().map(|half| half.to_le_bytes()).collect::<Vec<_>>().into_flattened()
}

fn decode_each<const WIDTH: usize>(bytes: &[u8], stride: usize, out: &mut [f32], to_f32: impl Fn([u8; WIDTH]) -> f32) {
    if stride == WIDTH {
        let (raws, _) = bytes[..out.len() * WIDTH].as_chunks();
        out.iter_mut().zip(raws).for_each(|(value, &raw)| *value = to_f32(raw));
    } else {
        for (index, value) in out.iter_mut().enumerate() {
            let raw = bytes[index * stride..].first_chunk().expect("the caller has as many bytes");
            *value = to_f32(*raw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(element: Element, bytes: &[u8]) -> Vec<f32> {
        let mut out = vec![0.0; bytes.len() / element.width()];
        element.decode(bytes, element.width(), &mut out);
        out
    }

    #[test]
    fn every_type_becomes_f32_in_both_byte_orders() {
        let cases: &[(NumberType, &[u8], f32)] = &[
            (NumberType::F16, &[0x3e, 0x00], 1.5),
            (NumberType::Bf16, &[0xbf, 0xc0], -1.5),
            (NumberType::F32, &[0x3f, 0xc0, 0, 0], 1.5),
            (NumberType::F64, &[0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5),
            (NumberType::I8, &[0xfe], -2.0),
            (NumberType::I16, &[0xff, 0xfe], -2.0),
            (NumberType::I32, &[0xff, 0xff, 0xff, 0xfe], -2.0),
            (NumberType::I64, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], -2.0),
            (NumberType::U8, &[0xfe], 254.0),
            (NumberType::U16, &[1, 2], 258.0),
            (NumberType::U32, &[0, 0, 1, 2], 258.0),
            (NumberType::U64, &[0, 0, 0, 0, 0, 0, 1, 2], 258.0),
        ];
        for &(kind, big, value) in cases {
            assert_eq!(decoded(Element { kind, big_endian: true }, big), [value], "{kind:?}");
            let little: Vec<u8> = big.iter().rev().copied().collect();
            assert_eq!(decoded(kind.little(), &little), [value], "{kind:?}");
        }
    }

    #[test]
    fn strides_skip_what_lies_between_and_bits_are_kept() {
        let mut out = [0.0; 2];
        NumberType::F32.little().decode(&[1, 0, 0xa0, 0x7f, 9, 0, 0, 0, 0x80], 5, &mut out);
        assert_eq!(out.map(f32::to_bits), [0x7fa0_0001, 0x8000_0000]);
    }

    #[test]
    fn only_the_floats_of_the_machine_are_stored_as_they_are() {
        let bytes = 1.5f32.to_ne_bytes();
        let mut values = [0.0];
        let native = Element { kind: NumberType::F32, big_endian: cfg!(target_endian = "big") };
        native.as_stored(&mut values).unwrap().copy_from_slice(&bytes);
        assert_eq!(values, [1.5]);
        let other = Element { big_endian: !native.big_endian, ..native };
        assert_eq!(
            [other, NumberType::I32.little()].map(|element| element.as_stored(&mut values).is_some()),
            [false; 2]
        );
    }

    #[test]
    fn halves_are_the_nearest_ones() {
        let values: Vec<f32> = (0..20).map(|index| 1.0 + index as f32 / 4096.0).chain([-65520.0, 1e-8, -0.0]).collect();
        let bytes = little_halves(&values);
        let decoded = decoded(NumberType::F16.little(), &bytes);
        let expected: Vec<f32> = values.iter().map(|&value| f16::from_f32(value).to_f32()).collect();
        assert_eq!(
            decoded.iter().map(|half| half.to_bits()).collect::<Vec<_>>(),
            expected.iter().map(|half| half.to_bits()).collect::<Vec<_>>()
        );
    }
}
