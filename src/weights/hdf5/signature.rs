//! How an HDF5 file is recognised.

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// Whether the signature stands at one of its places: byte 0, 512, and every power of two from there on.
pub(in crate::weights) fn recognise(bytes: &[u8]) -> bool {
    let places = std::iter::successors(Some(512usize), |place| place.checked_mul(2));
    let mut places = std::iter::once(0).chain(places.take_while(|&place| place < bytes.len()));
    places.any(|place| bytes[place..].starts_with(SIGNATURE))
}
