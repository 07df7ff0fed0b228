//! LevelDB's checksums: a CRC-32C, turned and shifted so that bytes with their own checksum in them do no harm.

const MASK: u32 = 0xa282_ead8;

/// The checksum of two pieces, one behind the other.
pub(super) fn checksum(first: &[u8], second: &[u8]) -> u32 {
    let crc = crc32c::crc32c_append(crc32c::crc32c(first), second);
    crc.rotate_right(15).wrapping_add(MASK)
}
