//! WebP, by the image-webp crate.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::{DecodeError, Decoded, MAX_BYTES, check_size};

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(error)?;
    decoder.set_memory_limit(MAX_BYTES as usize);
    let (width, height) = decoder.dimensions();
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    check_size(width, height, channels)?;
    let mut pixels = vec![0; decoder.output_buffer_size().ok_or(DecodeError::TooLarge)?];
    decoder.read_image(&mut pixels).map_err(error)?;
    Ok(Decoded { width, height, channels: channels as i32, on_its_side: false })
}

fn error(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(_) => DecodeError::CutOff,
        DecodingError::MemoryLimitExceeded => DecodeError::TooLarge,
        error => DecodeError::damaged("WebP", error),
    }
}
