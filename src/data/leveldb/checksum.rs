//! LevelDB's checksums: a CRC-32C, turned and shifted so that bytes with their own checksum in them do no harm.

const MASK: u32 = 0xa282_ead8;

/// Whether `stored` is the checksum of the two pieces, one behind the other.
pub(super) fn matches(stored: u32, first: &[u8], second: &[u8]) -> bool {
    let crc = crc32c::crc32c_append(crc32c::crc32c(first), second);
    crc.rotate_right(15).wrapping_add(MASK) == stored
}
