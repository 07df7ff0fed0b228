//! Videos: the size of their frames, as AVI files tell it in their header.
//!
//! An AVI file is a RIFF file: chunks of a name, a length and a body, of which those named `RIFF` and `LIST` hold a
//! form and chunks within. A stream has a header `strh`, which begins with its kind, and a format `strf`, which for
//! video is a Windows bitmap header: its length, width and height, as 32-bit numbers, a negative height being a picture
//! from top to bottom.

use std::path::Path;

use super::source_file::{SourceFile, bytes_at};
use super::{PictureSize, SourceError};

/// How many chunks are looked at: the header of a file has a few dozen.
const MAX_CHUNKS: usize = 1 << 16;

/// The size of the frames of the video at `path`, in colour as OpenCV decodes it.
///
/// # Errors
/// The file cannot be read, is no AVI file, or has no video in it.
pub(crate) fn frame_size(path: &Path) -> Result<PictureSize, SourceError> {
    let mut file = SourceFile::open(path)?;
    let head = file.read(0, 12.min(file.len()), "the head of a video")?;
    if !head.starts_with(b"RIFF") || head.get(8..12) != Some(b"AVI ".as_slice()) {
        return Err(SourceError::whole(path, "is not an AVI file, and other videos cannot be read"));
    }
    let mut is_video = false;
    let mut offset = 12;
    for _ in 0..MAX_CHUNKS {
        if offset + 8 > file.len() {
            break;
        }
        let head = file.read(offset, 8, "the head of a chunk")?;
        let length = u64::from(u32::from_le_bytes(bytes_at(&head, 4).unwrap_or_default()));
        let body = offset + 8;
        match &head[..4] {
            b"LIST" => {
                offset = body + 4;
                continue;
            }
            b"strh" => is_video = file.read(body, 4.min(length), "the kind of a stream")? == b"vids",
            b"strf" if is_video => {
                let format = file.read(body, 12.min(length), "the format of a stream")?;
                return size(&format).ok_or_else(|| file.fault(body, "the format of the video has no size"));
            }
            _ => {}
        }
        // A chunk of odd length is followed by a byte that belongs to none.
        offset = body + length + length % 2;
    }
    Err(SourceError::whole(path, "there is no video in it"))
}

fn size(format: &[u8]) -> Option<PictureSize> {
    let [width, height] = [4, 8].map(|offset| bytes_at(format, offset).map(i32::from_le_bytes));
    let size = PictureSize { channels: 3, height: height?.checked_abs()?, width: width? };
    (size.height > 0 && size.width > 0).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &str, body: &[u8]) -> Vec<u8> {
        [name.as_bytes(), &(body.len() as u32).to_le_bytes(), body, &[0][..body.len() % 2]].concat()
    }

    fn stream(kind: &str, width: i32, height: i32) -> Vec<u8> {
        let header = [kind.as_bytes(), &[0; 52]].concat();
        let format = [40i32, width, height].map(i32::to_le_bytes).concat();
        let within = [b"strl".to_vec(), chunk("strh", &header), chunk("strf", &format)].concat();
        chunk("LIST", &within)
    }

    fn read(content: &[u8]) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let size = frame_size(file.path()).map(|size| size.to_string());
        size.map_err(|error| error.to_string().replace(file.path().to_str().unwrap(), "/video"))
    }

    fn avi(streams: &[Vec<u8>]) -> Vec<u8> {
        let header = [b"hdrl".to_vec(), chunk("avih", &[0; 57]), streams.concat()].concat();
        chunk("RIFF", &[b"AVI ".to_vec(), chunk("LIST", &header)].concat())
    }

    #[test]
    fn the_first_stream_of_video_has_the_size() {
        assert_eq!(
            read(&avi(&[stream("auds", 1, 1), stream("vids", 16, -8), stream("vids", 4, 4)])),
            Ok("3 x 8 x 16".into())
        );
    }

    #[test]
    fn what_is_no_video_is_refused() {
        let error = |content: &[u8]| read(content).unwrap_err();
        let other = "/video: is not an AVI file, and other videos cannot be read";
        assert_eq!(error(b""), other);
        assert_eq!(error(b"RIFF....WAVEfmt "), other);
        assert_eq!(error(&avi(&[stream("auds", 1, 1)])), "/video: there is no video in it");
        let none = avi(&[stream("vids", 0, 8)]);
        let message = "the format of the video has no size";
        assert!(error(&none).ends_with(message), "{}", error(&none));
        let cut = &avi(&[stream("vids", 16, 8)])[..100];
        assert_eq!(error(cut), "/video: there is no video in it");
    }
}
