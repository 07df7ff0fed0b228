//! TIFF, by the tiff crate.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{SampleFormat, Tag};
use tiff::{ColorType, TiffError};

use super::{DecodeError, Decoded, MAX_BYTES, check_size, exif};

const NAME: &str = "Tiff";

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(error)?;
    let (width, height) = decoder.dimensions().map_err(error)?;
    let color = decoder.colortype().map_err(error)?;
    let (channels, bits) = samples(color).ok_or_else(|| not_supported(&format!("{color:?}")))?;
    let formats = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).map_err(error)?.unwrap_or_default();
    if let Some(other) = formats.into_iter().find(|format| !is_read(*format, bits)) {
        return Err(not_supported(&format!("{color:?} of the sample format {other}")));
    }
    check_size(width, height, channels * u64::from(bits.div_ceil(8)))?;
    let on_its_side = orientation(&mut decoder).is_some_and(exif::turns);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_BYTES as usize;
    limits.intermediate_buffer_size = MAX_BYTES as usize;
    limits.ifd_value_size = MAX_BYTES as usize;
    let mut decoder = decoder.with_limits(limits);
    let mut pixels = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut pixels).map_err(error)?;
    if pixels.as_buffer(0).as_bytes().len() < layout.complete_len {
        return Err(DecodeError::TooLarge);
    }
    let channels = match color {
        ColorType::CMYK(_) => 3,
        ColorType::GrayA(_) => 4,
        _ => channels as i32,
    };
    Ok(Decoded { width, height, channels, on_its_side })
}

/// How many samples a pixel has, and of how many bits each, where such pictures are decoded.
fn samples(color: ColorType) -> Option<(u64, u8)> {
    match color {
        ColorType::Gray(bits @ (1 | 8 | 16)) => Some((1, bits)),
        ColorType::GrayA(bits @ (8 | 16)) => Some((2, bits)),
        ColorType::RGB(bits @ (8 | 16 | 32)) => Some((3, bits)),
        ColorType::RGBA(bits @ (8 | 16 | 32)) | ColorType::CMYK(bits @ (8 | 16)) => Some((4, bits)),
        _ => None,
    }
}

/// Whether samples of a format are read: whole numbers, or floating-point ones of 32 bits.
fn is_read(format: u16, bits: u8) -> bool {
    match SampleFormat::from_u16(format) {
        Some(SampleFormat::Uint) => bits <= 16,
        Some(SampleFormat::IEEEFP) => bits == 32,
        _ => false,
    }
}

fn orientation(decoder: &mut Decoder<Cursor<&[u8]>>) -> Option<u16> {
    decoder.find_tag(Tag::Orientation).ok()??.into_u16().ok()
}

fn not_supported(color: &str) -> DecodeError {
    DecodeError::NotSupported { format: NAME, what: format!("the color type {color}") }
}

fn error(error: TiffError) -> DecodeError {
    match error {
        TiffError::IoError(_) => DecodeError::CutOff,
        TiffError::LimitsExceeded => DecodeError::TooLarge,
        TiffError::UnsupportedError(what) => {
            DecodeError::NotSupported { format: NAME, what: format!("the format features {what}") }
        }
        error => DecodeError::damaged(NAME, error),
    }
}
