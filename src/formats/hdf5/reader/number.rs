//! The number types of HDF5: those that computers have today, and no others of the same widths.

use caffemodel_numeric::number_type::{Element, NumberType};

const WHOLE: u8 = 0;
const FLOATING: u8 = 1;

/// A number of a datatype message, which are small in front and get larger.
fn short(message: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*message.get(offset..)?.first_chunk()?))
}

/// The number type that a datatype message describes, if it is one that is read.
pub(super) fn element(message: &[u8]) -> Option<Element> {
    let [class, low_flags, high_flags, _, width, 0, 0, 0] = *message.first_chunk()? else { return None };
    let [bit_offset, bits] = [short(message, 8)?, short(message, 10)?];
    if bit_offset != 0 || bits != u16::from(width) * 8 {
        return None;
    }
    // The order of VAX has a flag of its own.
    let big_endian = low_flags & 1 == 1;
    let is_vax = low_flags & 0x40 != 0;
    let kind = match class & 0x0f {
        WHOLE => whole(width, low_flags & 0x08 != 0)?,
        FLOATING if !is_vax => floating(width, high_flags, message.get(12..)?.first_chunk()?)?,
        _ => return None,
    };
    Some(Element { kind, big_endian })
}

fn whole(width: u8, signed: bool) -> Option<NumberType> {
    Some(match (width, signed) {
        (1, true) => NumberType::I8,
        (2, true) => NumberType::I16,
        (4, true) => NumberType::I32,
        (8, true) => NumberType::I64,
        (1, false) => NumberType::U8,
        (2, false) => NumberType::U16,
        (4, false) => NumberType::U32,
        (8, false) => NumberType::U64,
        _ => return None,
    })
}

/// The type of floating-point numbers: the place of their sign, then place and size of exponent and mantissa, then the
/// bias of the exponent.
fn floating(
    width: u8,
    sign: u8,
    [exponent_at, exponent, mantissa_at, mantissa, bias @ ..]: &[u8; 8],
) -> Option<NumberType> {
    let layout = [sign, *exponent_at, *exponent, *mantissa_at, *mantissa];
    match (width, layout, u32::from_le_bytes(*bias)) {
        (2, [15, 10, 5, 0, 10], 15) => Some(NumberType::F16),
        (2, [15, 7, 8, 0, 7], 127) => Some(NumberType::Bf16),
        (4, [31, 23, 8, 0, 23], 127) => Some(NumberType::F32),
        (8, [63, 52, 11, 0, 52], 1023) => Some(NumberType::F64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINGLE: [u8; 20] = [0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];

    #[test]
    fn types_are_told_by_all_that_they_are_made_of() {
        assert_eq!(element(&SINGLE), Some(NumberType::F32.little()));
        let mut big = SINGLE;
        big[1] |= 1;
        assert_eq!(element(&big), Some(Element { kind: NumberType::F32, big_endian: true }));
        let whole = [0x10, 0x08, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0];
        assert_eq!(element(&whole), Some(NumberType::I16.little()));
        assert_eq!(element(&[0x10, 0x00, 0, 0, 2, 0, 0, 0, 0, 0, 12, 0]), None);
        let brain = [0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 7, 8, 0, 7, 127, 0, 0, 0];
        assert_eq!(element(&brain), Some(NumberType::Bf16.little()));
    }

    #[test]
    fn no_other_type_is_taken_for_one_of_them() {
        for place in [0, 2, 4, 8, 10, 12, 13, 14, 15, 16] {
            let mut other = SINGLE;
            other[place] += 1;
            assert_eq!(element(&other), None, "byte {place}");
        }
        let mut vax = SINGLE;
        vax[1] |= 0x41;
        assert_eq!(element(&vax), None);
        assert_eq!(element(&SINGLE[..19]), None);
    }
}
