//! The formats of pictures, told by how files begin.

use super::{DecodeError, Decoded, bmp, jpeg, png, pnm, tiff, webp};

/// Bytes that tell a format, and where they stand.
type Signature = (usize, &'static [u8]);

/// Decodes a picture.
type Decoder = fn(&[u8]) -> Result<Decoded, DecodeError>;

/// A format of pictures.
pub(super) struct PictureFormat {
    pub(super) name: &'static str,
    /// Bytes that tell it; any will do.
    signatures: &'static [Signature],
    /// `None` where OpenCV does not decode such pictures either, or hardly anybody has them in a dataset.
    pub(super) decode: Option<Decoder>,
    pub(super) turned: Turned,
}

/// When OpenCV heeds the orientation of a picture.
pub(super) enum Turned {
    Never,
    /// Where it decodes to colours or to grey, and not to what is stored.
    InColorOrGray,
    Always,
}

impl PictureFormat {
    /// The format of a picture.
    pub(super) fn of(bytes: &[u8]) -> Option<&'static PictureFormat> {
        let begins =
            |(offset, signature): &Signature| bytes.get(*offset..).is_some_and(|rest| rest.starts_with(signature));
        FORMATS.iter().find(|format| format.signatures.iter().any(begins))
    }
}

static FORMATS: &[PictureFormat] = &[
    PictureFormat {
        name: "Png",
        signatures: &[(0, b"\x89PNG\r\n\x1a\n")],
        decode: Some(png::decode),
        turned: Turned::InColorOrGray,
    },
    PictureFormat {
        name: "Jpeg",
        signatures: &[(0, &[0xff, 0xd8, 0xff])],
        decode: Some(jpeg::decode),
        turned: Turned::InColorOrGray,
    },
    PictureFormat {
        name: "Tiff",
        signatures: &[(0, b"MM\0*"), (0, b"II*\0")],
        decode: Some(tiff::decode),
        turned: Turned::Always,
    },
    PictureFormat { name: "WebP", signatures: &[(8, b"WEBP")], decode: Some(webp::decode), turned: Turned::Never },
    PictureFormat { name: "Bmp", signatures: &[(0, b"BM")], decode: Some(bmp::decode), turned: Turned::Never },
    PictureFormat {
        name: "Pnm",
        signatures: &[(0, b"P1"), (0, b"P2"), (0, b"P3"), (0, b"P4"), (0, b"P5"), (0, b"P6"), (0, b"P7")],
        decode: Some(pnm::decode),
        turned: Turned::Never,
    },
    other("Gif", &[(0, b"GIF89a"), (0, b"GIF87a")]),
    other("Dds", &[(0, b"DDS ")]),
    other("Ico", &[(0, &[0, 0, 1, 0])]),
    other("Hdr", &[(0, b"#?RADIANCE")]),
    other("Avif", &[(4, b"ftypavif")]),
    other("OpenExr", &[(0, &[0x76, 0x2f, 0x31, 0x01])]),
    other("Qoi", &[(0, b"qoif")]),
    other("Farbfeld", &[(0, b"farbfeld")]),
];

/// A format that is known by name alone.
const fn other(name: &'static str, signatures: &'static [Signature]) -> PictureFormat {
    PictureFormat { name, signatures, decode: None, turned: Turned::Never }
}
