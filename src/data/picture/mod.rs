//! Pictures: the size that OpenCV gives them when Caffe has it decode one.
//!
//! A picture is decoded whole, as Caffe does, so that a damaged one is found; its pixels are thrown away. Colour
//! pictures turned by their EXIF orientation, or grey ones, change height and width for each other; pictures decoded
//! as they are stored do not turn.

mod bmp;
mod exif;
mod format;
mod jpeg;
mod png;
mod pnm;
#[cfg(test)]
mod tests;
mod tiff;
mod webp;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

use self::format::{PictureFormat, Turned};
pub(crate) use super::Decoding;
use super::file::look_at;
use super::{PictureSize, SourceError};

/// OpenCV's limit on height and width.
const MAX_SIDE: u32 = 1 << 20;

/// The most memory that one picture may take: 13000 x 13000 in colour.
const MAX_BYTES: u64 = 512 << 20;

/// The size of an encoded picture.
///
/// # Errors
/// It does not decode, for a reason in words.
pub(crate) fn size(bytes: &[u8], decoding: Decoding) -> Result<PictureSize, String> {
    decode(bytes, decoding).map_err(|error| error.to_string())
}

/// The size of the picture in a file, decoded to three channels or one.
///
/// # Errors
/// The file cannot be read, or does not decode.
pub(crate) fn size_of_file(path: &Path, is_color: bool) -> Result<PictureSize, SourceError> {
    look_at(path)?;
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| SourceError::io(path, error))?;
    let decoding = if is_color { Decoding::Color } else { Decoding::Gray };
    let too_large = bytes.len() as u64 > MAX_BYTES;
    let size = if too_large { Err(DecodeError::TooLarge) } else { decode(&bytes, decoding) };
    size.map_err(|error| SourceError::whole(path, format!("the picture cannot be decoded: {error}")))
}

fn decode(bytes: &[u8], decoding: Decoding) -> Result<PictureSize, DecodeError> {
    let format = PictureFormat::of(bytes).ok_or(DecodeError::UnknownFormat)?;
    let decoded = (format.decode.ok_or(DecodeError::OtherFormat(format.name))?)(bytes)?;
    let turns = match format.turned {
        Turned::Never => false,
        Turned::InColorOrGray => decoding != Decoding::Stored,
        Turned::Always => true,
    };
    let (height, width) = (decoded.height as i32, decoded.width as i32);
    let (height, width) = if turns && decoded.on_its_side { (width, height) } else { (height, width) };
    let channels = match decoding {
        Decoding::Color => 3,
        Decoding::Gray => 1,
        Decoding::Stored => decoded.channels,
    };
    Ok(PictureSize { channels, height, width })
}

/// What is known of a picture that has been decoded.
#[derive(Debug)]
struct Decoded {
    width: u32,
    height: u32,
    /// The number of channels that OpenCV keeps where it decodes to those that are stored.
    channels: i32,
    /// Whether its orientation exchanges rows and columns.
    on_its_side: bool,
}

/// Why a picture does not decode.
#[derive(Debug, Error)]
enum DecodeError {
    #[error("The image format could not be determined")]
    UnknownFormat,
    #[error("The image format {0} is not supported")]
    OtherFormat(&'static str),
    #[error("it has more than {MAX_SIDE} pixels a side, or takes more than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    #[error("unexpected end of file")]
    CutOff,
    #[error("Format error decoding {format}: {message}")]
    Damaged { format: &'static str, message: String },
    #[error("The decoder for {format} does not support {what}")]
    NotSupported { format: &'static str, what: String },
}

impl DecodeError {
    /// Something wrong with a picture of this format.
    fn damaged(format: &'static str, message: impl ToString) -> DecodeError {
        DecodeError::Damaged { format, message: message.to_string().trim_end().to_owned() }
    }
}

/// Checks the size of a picture before memory is taken for it.
fn check_size(width: u32, height: u32, pixel_bytes: u64) -> Result<(), DecodeError> {
    let bytes = (u64::from(width) * u64::from(height)).saturating_mul(pixel_bytes);
    if width.max(height) > MAX_SIDE || bytes > MAX_BYTES { Err(DecodeError::TooLarge) } else { Ok(()) }
}
