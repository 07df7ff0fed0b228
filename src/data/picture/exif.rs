//! The orientation in EXIF metadata, which are laid out as a TIFF file is.

use crate::data::source_file::bytes_at;

const ORIENTATION: u16 = 0x112;
const SHORT: u16 = 3;
const ENTRY_BYTES: usize = 12;

/// Whether the orientation exchanges rows and columns.
pub(super) fn is_on_its_side(exif: &[u8]) -> bool {
    orientation(exif).is_some_and(turns)
}

/// Whether an orientation of this number exchanges rows and columns.
pub(super) fn turns(orientation: u16) -> bool {
    (5..=8).contains(&orientation)
}

fn orientation(exif: &[u8]) -> Option<u16> {
    let is_big_endian = match exif.first_chunk()? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let short = |bytes| if is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    let long = |bytes| if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
    let directory = long(bytes_at(exif, 4)?) as usize;
    let count = short(bytes_at(exif, directory)?);
    let entries = exif.get(directory.checked_add(2)?..)?.chunks_exact(ENTRY_BYTES).take(count.into());
    let found = entries.map(|entry| {
        let is_orientation = short(bytes_at(entry, 0)?) == ORIENTATION
            && short(bytes_at(entry, 2)?) == SHORT
            && long(bytes_at(entry, 4)?) == 1;
        is_orientation.then(|| bytes_at(entry, 8).map(short)).flatten()
    });
    found.flatten().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orientation_is_found_in_either_byte_order() {
        let little = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0abc\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0";
        assert_eq!([orientation(little), orientation(big)], [Some(6), Some(3)]);
        assert!(is_on_its_side(little) && !is_on_its_side(big));
    }

    #[test]
    fn what_is_cut_off_or_no_exif_has_none() {
        let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0";
        assert_eq!(orientation(exif), Some(6));
        for len in 0..exif.len() {
            assert_eq!(orientation(&exif[..len]), None);
        }
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff\x01\0"), None);
        assert_eq!(orientation(b"Exif\0\0"), None);
    }
}
