//! Pictures have the size that OpenCV 4.6 gives them.
//!
//! The files in `tests/pictures` hold 7 columns and 5 rows; their sizes come from `cv2.imdecode`.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::{Decoding, PictureSize, size, size_of_file};

/// Each picture with its stored channels, and whether it lies on its side where it is decoded to colours, and as
/// stored.
const PICTURES: &[(&str, i32, bool, bool)] = &[
    ("alpha.tiff", 4, false, false),
    ("alpha.webp", 4, false, false),
    ("bitfields.bmp", 4, false, false),
    ("bits1.bmp", 1, false, false),
    ("bits1.pbm", 1, false, false),
    ("bits1.png", 1, false, false),
    ("bits16.png", 1, false, false),
    ("bits32.bmp", 3, false, false),
    ("cmyk.jpg", 3, false, false),
    ("color.bmp", 3, false, false),
    ("color.jpg", 3, false, false),
    ("color.png", 3, false, false),
    ("color.ppm", 3, false, false),
    ("color.tiff", 3, false, false),
    ("color.webp", 3, false, false),
    ("color_transparent.png", 4, false, false),
    ("gray.bmp", 1, false, false),
    ("gray.jpg", 1, false, false),
    ("gray.pgm", 1, false, false),
    ("gray.png", 1, false, false),
    ("gray.tiff", 1, false, false),
    ("gray_alpha.png", 4, false, false),
    ("gray_transparent.png", 1, false, false),
    ("palette.bmp", 3, false, false),
    ("palette.png", 3, false, false),
    ("palette_transparent.png", 4, false, false),
    ("turned.jpg", 3, true, false),
    ("turned.png", 3, true, false),
    ("turned.tiff", 3, true, true),
    ("turned.webp", 3, false, false),
];

/// Files that OpenCV refuses.
const REFUSED: &[&str] = &["color.gif", "cut.jpg", "cut.png"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(name)
}

fn picture(channels: i32, turned: bool) -> PictureSize {
    let (height, width) = if turned { (7, 5) } else { (5, 7) };
    PictureSize { channels, height, width }
}

#[test]
fn sizes_are_those_of_opencv() {
    for &(name, stored, turned, turned_as_stored) in PICTURES {
        let bytes = fs::read(path(name)).unwrap();
        assert_eq!(size(&bytes, Decoding::Color), Ok(picture(3, turned)), "{name}");
        assert_eq!(size(&bytes, Decoding::Gray), Ok(picture(1, turned)), "{name}");
        assert_eq!(size(&bytes, Decoding::Stored), Ok(picture(stored, turned_as_stored)), "{name}");
        assert_eq!(size_of_file(&path(name), true).unwrap(), picture(3, turned), "{name}");
        assert_eq!(size_of_file(&path(name), false).unwrap(), picture(1, turned), "{name}");
    }
}

#[test]
fn every_picture_is_in_a_table() {
    let mut names: Vec<String> =
        fs::read_dir(path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut listed: Vec<&str> = PICTURES.iter().map(|entry| entry.0).chain(REFUSED.iter().copied()).collect();
    listed.sort_unstable();
    assert_eq!(names, listed);
}

#[test]
fn what_does_not_decode_is_refused() {
    let reasons = [
        "The image format Gif is not supported",
        "Format error decoding Jpeg: I/O errors Not enough bytes, expected 162 but found 153",
        "unexpected end of file",
    ];
    for (name, reason) in REFUSED.iter().zip(reasons) {
        let error = size_of_file(&path(name), true).unwrap_err().to_string();
        assert_eq!(error, format!("{}: the picture cannot be decoded: {reason}", path(name).display()));
    }
    let error = size_of_file(&path(""), true).unwrap_err().to_string();
    assert_eq!(error, format!("{}: is a folder where a file is expected", path("").display()));
    let error = size_of_file(&path("absent"), true).unwrap_err().to_string();
    assert_eq!(error, format!("cannot read {}: No such file or directory (os error 2)", path("absent").display()));
}

#[test]
fn sizes_are_bounded_before_memory_is_taken() {
    for claimed in ["30000 30000", "2000000 1"] {
        let picture = format!("P6\n{claimed}\n255\n");
        let message = "it has more than 1048576 pixels a side, or takes more than 512 MiB";
        assert_eq!(size(picture.as_bytes(), Decoding::Color), Err(message.to_owned()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn damaged_pictures_give_a_size_or_an_error(
        file in prop::sample::select(PICTURES),
        bytes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        length in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut content = fs::read(path(file.0)).unwrap();
        for (place, byte) in bytes {
            let place = place.index(content.len());
            content[place] = byte;
        }
        if let Some(length) = length {
            content.truncate(length.index(content.len()));
        }
        for decoding in [Decoding::Color, Decoding::Gray, Decoding::Stored] {
            let _ = size(&content, decoding);
        }
    }
}
