//! JPEG, by zune-jpeg.

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{DecodeError, Decoded, MAX_SIDE, check_size, exif};

const NAME: &str = "Jpeg";

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(MAX_SIDE as usize)
        .set_max_height(MAX_SIDE as usize);
    // Bytes of its own, as the decoder of TIFF has them, so that the program holds zune-jpeg's code once.
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes.to_vec()), options);
    decoder.decode_headers().map_err(error)?;
    let header = decoder.dimensions().zip(decoder.input_colorspace());
    let Some(((width, height), stored)) = header else {
        return Err(DecodeError::damaged(NAME, "there is no frame in it"));
    };
    let color = match stored {
        ColorSpace::RGB | ColorSpace::RGBA | ColorSpace::Luma | ColorSpace::LumaA => stored,
        _ => ColorSpace::RGB,
    };
    let channels = color.num_components();
    let (width, height) = (width as u32, height as u32);
    check_size(width, height, channels as u64)?;
    let on_its_side = decoder.exif().is_some_and(|exif| exif::is_on_its_side(exif));
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(color));
    decoder.decode().map_err(error)?;
    let channels = if color == ColorSpace::LumaA { 4 } else { channels as i32 };
    Ok(Decoded { width, height, channels, on_its_side })
}

fn error(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::LargeDimensions(_) => DecodeError::TooLarge,
        DecodeErrors::Unsupported(scheme) => {
            DecodeError::NotSupported { format: NAME, what: format!("the format features {scheme:?}") }
        }
        error => DecodeError::damaged(NAME, error),
    }
}
