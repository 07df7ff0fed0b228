//! PNG, by the png crate.

use std::io::Cursor;

use png::{ColorType, Decoder, DecodingError, Limits, Transformations};

use super::{DecodeError, Decoded, MAX_BYTES, check_size, exif};

const NAME: &str = "Png";

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MAX_BYTES as usize });
    decoder.set_transformations(Transformations::EXPAND);
    let info = decoder.read_header_info().map_err(error)?;
    let (width, height, stored) = (info.width, info.height, info.color_type);
    check_size(width, height, 1)?;
    let mut reader = decoder.read_info().map_err(error)?;
    let (expanded, depth) = reader.output_color_type();
    check_size(width, height, (expanded.samples() * (depth as usize).div_ceil(8)) as u64)?;
    let on_its_side = reader.info().exif_metadata.as_ref().is_some_and(|exif| exif::is_on_its_side(exif));
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(DecodeError::TooLarge)?];
    reader.next_frame(&mut pixels).map_err(error)?;
    Ok(Decoded { width, height, channels: channels(stored, expanded), on_its_side })
}

/// What OpenCV keeps of a picture of stored colours that are expanded to others: grey ones with an alpha channel become
/// coloured ones, those where one grey level is transparent lose that.
fn channels(stored: ColorType, expanded: ColorType) -> i32 {
    match expanded {
        ColorType::GrayscaleAlpha if stored == ColorType::Grayscale => 1,
        ColorType::Grayscale | ColorType::Indexed => 1,
        ColorType::Rgb => 3,
        ColorType::GrayscaleAlpha | ColorType::Rgba => 4,
    }
}

fn error(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(_) => DecodeError::CutOff,
        DecodingError::LimitsExceeded => DecodeError::TooLarge,
        error => DecodeError::damaged(NAME, error),
    }
}
