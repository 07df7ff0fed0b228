//! Pictures: the size that OpenCV gives them when Caffe has it decode one.
//!
//! A picture is decoded whole, as Caffe does, so that a damaged one is found; its pixels are thrown away. Colour
//! pictures turned by their EXIF orientation, or grey ones, change height and width for each other; pictures decoded
//! as they are stored do not turn.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::Path;

use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

pub use super::Decoding;
use super::file::{bytes_at, look_at};
use super::{PictureSize, SourceError};

/// OpenCV's limit on height and width.
const MAX_SIDE: u32 = 1 << 20;

/// The most memory that one picture may take: 13000 x 13000 in colour.
const MAX_BYTES: u64 = 512 << 20;

/// The size of an encoded picture.
///
/// # Errors
/// It does not decode, for a reason in words.
pub fn size(bytes: &[u8], decoding: Decoding) -> Result<PictureSize, String> {
    let decoded = Decoded::read(Cursor::new(bytes)).map_err(|error| in_words(&error))?;
    Ok(match decoding {
        Decoding::Color => decoded.turned(3),
        Decoding::Gray => decoded.turned(1),
        Decoding::Stored => decoded.unturned(decoded.stored_channels(bytes)),
    })
}

/// The size of the picture in a file, decoded to three channels or one.
///
/// # Errors
/// The file cannot be read, or does not decode.
pub fn size_of_file(path: &Path, is_color: bool) -> Result<PictureSize, SourceError> {
    look_at(path)?;
    let file = File::open(path).map_err(|error| SourceError::io(path, error))?;
    let decoded = Decoded::read(BufReader::new(file)).map_err(|error| match error {
        ImageError::IoError(error) if error.raw_os_error().is_some() => SourceError::io(path, error),
        error => SourceError::whole(path, format!("the picture cannot be decoded: {}", in_words(&error))),
    })?;
    Ok(decoded.turned(if is_color { 3 } else { 1 }))
}

fn in_words(error: &ImageError) -> String {
    match error {
        ImageError::Limits(_) => {
            format!("it has more than {MAX_SIDE} pixels a side, or takes more than {} MiB", MAX_BYTES >> 20)
        }
        error => error.to_string().trim_end().to_owned(),
    }
}

/// What is known of a picture that has been decoded.
struct Decoded {
    width: i32,
    height: i32,
    color: ColorType,
    format: Option<ImageFormat>,
    orientation: Orientation,
}

impl Decoded {
    fn read(reader: impl BufRead + Seek) -> Result<Decoded, ImageError> {
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
        limits.max_alloc = Some(MAX_BYTES);
        let mut reader = ImageReader::new(reader).with_guessed_format()?;
        reader.limits(limits.clone());
        let format = reader.format();
        let mut decoder = reader.into_decoder()?;
        limits.reserve(decoder.total_bytes())?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let ((width, height), color) = (decoder.dimensions(), decoder.color_type());
        let mut pixels = vec![0; decoder.total_bytes() as usize];
        decoder.read_image(&mut pixels)?;
        Ok(Decoded { width: width as i32, height: height as i32, color, format, orientation })
    }

    fn unturned(&self, channels: i32) -> PictureSize {
        let turned = self.format == Some(ImageFormat::Tiff) && self.on_its_side();
        PictureSize { channels, ..self.oriented(turned) }
    }

    fn turned(&self, channels: i32) -> PictureSize {
        use ImageFormat::{Jpeg, Png, Tiff};
        let turned = matches!(self.format, Some(Jpeg | Png | Tiff)) && self.on_its_side();
        PictureSize { channels, ..self.oriented(turned) }
    }

    fn oriented(&self, turned: bool) -> PictureSize {
        let (height, width) = if turned { (self.width, self.height) } else { (self.height, self.width) };
        PictureSize { channels: 0, height, width }
    }

    /// Whether the orientation exchanges rows and columns.
    fn on_its_side(&self) -> bool {
        use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
        matches!(self.orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
    }

    /// The number of channels that OpenCV keeps: transparent grey pictures become coloured ones.
    fn stored_channels(&self, bytes: &[u8]) -> i32 {
        match (self.format, self.color) {
            (Some(ImageFormat::Bmp), _) => bmp_channels(bytes),
            (Some(ImageFormat::Png), ColorType::La8 | ColorType::La16) if png_is_plain_gray(bytes) => 1,
            (_, ColorType::La8 | ColorType::La16) => 4,
            (_, color) => color.channel_count().into(),
        }
    }
}

/// Whether a PNG is grey without an alpha channel, so that its transparency is that of one grey level.
fn png_is_plain_gray(bytes: &[u8]) -> bool {
    const COLOR_TYPE: usize = 25;
    bytes.get(COLOR_TYPE) == Some(&0)
}

/// A BMP has four channels where masks say which bits are whose, one where its palette is grey or its header of the
/// first kind, and else three.
fn bmp_channels(bytes: &[u8]) -> i32 {
    const FILE_HEADER: usize = 14;
    const BIT_FIELDS: u32 = 3;
    let word = |offset: usize| bytes_at(bytes, FILE_HEADER + offset).map_or(0, u32::from_le_bytes);
    let (header, depth, compression, colors) = (word(0), word(12) >> 16, word(16), word(32));
    match depth {
        _ if header < 36 => 1,
        32 if compression == BIT_FIELDS => 4,
        9.. => 3,
        _ => {
            let count = if colors == 0 { 1 << depth } else { colors.min(256) };
            let palette = bytes.get(FILE_HEADER.saturating_add(header as usize)..).unwrap_or_default();
            let mut used = palette.chunks_exact(4).take(count as usize);
            if used.all(|entry| entry[0] == entry[1] && entry[1] == entry[2]) { 1 } else { 3 }
        }
    }
}
