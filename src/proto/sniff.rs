//! What a file is, told by its content: text or binary, a message, arrays, or something else that people take for it.

use prost::encoding::WireType;

use super::fields::{Field, Fields};
use crate::error::Diagnostic;
use crate::setting::{Advice, Setting};

/// How much of a file tells text from binary.
pub(crate) const START_BYTES: usize = 4096;

/// What the content of a file shows it to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content {
    /// A text, most likely a net or a solver.
    Text,
    /// A binary message, most likely a net.
    Message,
    /// A binary `BlobProto` or `BlobProtoVector`.
    Blobs,
    /// HDF5.
    Hdf5,
    /// A zip archive, most likely numpy's.
    Zip,
    /// An array of numpy.
    Npy,
    /// Hugging Face's `.safetensors`.
    Safetensors,
    /// None of these, but known.
    Foreign(&'static Foreign),
}

impl Content {
    /// What the bytes of a whole file are.
    pub(crate) fn of(bytes: &[u8]) -> Content {
        if let Some(foreign) = FOREIGN.iter().find(|foreign| (foreign.recognise)(bytes)) {
            return Content::Foreign(foreign);
        }
        match bytes {
            _ if is_hdf5(bytes) => Content::Hdf5,
            _ if is_zip(bytes) => Content::Zip,
            _ if bytes.starts_with(b"\x93NUMPY") => Content::Npy,
            _ if is_safetensors(bytes) => Content::Safetensors,
            _ if is_text(bytes) => Content::Text,
            _ if is_blob(bytes) || is_vector(bytes) => Content::Blobs,
            _ => Content::Message,
        }
    }

    /// The format of weights that a file without a net is in; `None` for anything else.
    pub(crate) fn of_weights(self) -> Option<&'static str> {
        match self {
            Content::Hdf5 => Some("hdf5"),
            Content::Zip => Some("npz"),
            Content::Npy => Some("npy"),
            Content::Safetensors => Some("safetensors"),
            Content::Blobs => Some("binaryproto"),
            Content::Text | Content::Message | Content::Foreign(_) => None,
        }
    }
}

/// Whether the bytes, a whole file or its start, look like text: no control characters stand near their start.
///
/// What follows the last line of a small file does not count: the text's parser says what is wrong with it.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(START_BYTES)];
    let padding = |byte: &&u8| matches!(byte, 0 | 0x1a) || byte.is_ascii_whitespace();
    let padded = if start.len() == bytes.len() { start.iter().rev().take_while(padding).count() } else { 0 };
    let start = if padded < start.len() { &start[..start.len() - padded] } else { start };
    let control = |&byte: &u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c);
    !start.iter().any(control) && (starts_in_ascii(start) || is_utf8(start))
}

/// Whether the first character is one of ASCII or a byte order mark; what comes later may be in any encoding.
fn starts_in_ascii(text: &[u8]) -> bool {
    text.starts_with(b"\xef\xbb\xbf") || text.trim_ascii_start().first().is_none_or(u8::is_ascii)
}

/// Whether the start of a file is UTF-8, but for a character that may be cut at its end.
fn is_utf8(start: &[u8]) -> bool {
    std::str::from_utf8(start).err().is_none_or(|error| error.error_len().is_none())
}

/// Whether HDF5's signature stands at one of its places: byte 0, 512, and every power of two from there on.
fn is_hdf5(bytes: &[u8]) -> bool {
    let places = std::iter::successors(Some(512usize), |place| place.checked_mul(2));
    let mut places = std::iter::once(0).chain(places.take_while(|&place| place < bytes.len()));
    places.any(|place| bytes[place..].starts_with(b"\x89HDF\r\n\x1a\n"))
}

/// Whether the bytes start like a zip archive, an empty one included.
fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Whether the bytes start with the length of a JSON object, and with its brace.
fn is_safetensors(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk() else { return false };
    rest.first() == Some(&b'{') && u64::from_le_bytes(*length) < 1 << 32
}

/// Whether the bytes are a `BlobProto`: every field has a number and an encoding of its fields, and it has values.
pub(crate) fn is_blob(bytes: &[u8]) -> bool {
    let mut any = false;
    let fits = |field: &Field<'_>| match field.number {
        1..=4 => field.wire_type == WireType::Varint,
        5 | 6 => matches!(field.wire_type, WireType::LengthDelimited | WireType::ThirtyTwoBit),
        7 => field.wire_type == WireType::LengthDelimited,
        8 | 9 => matches!(field.wire_type, WireType::LengthDelimited | WireType::SixtyFourBit),
        10 | 11 => field.wire_type == WireType::Varint,
        12 | 13 => field.wire_type == WireType::LengthDelimited,
        _ => false,
    };
    let all = fields(bytes).all(|field| {
        field.is_some_and(|field| {
            any |= matches!(field.number, 5 | 8 | 12);
            fits(&field)
        })
    });
    any && all
}

/// Whether the bytes are a `BlobProtoVector`. A net is told from it by its first field, its name, which is no blob, or
/// by having others.
fn is_vector(bytes: &[u8]) -> bool {
    let is_blob =
        |field: Field<'_>| field.number == 1 && field.wire_type == WireType::LengthDelimited && is_blob(field.body);
    !bytes.is_empty() && fields(bytes).all(|field| field.is_some_and(is_blob))
}

/// The fields of a message of whatever type; the last one is `None` if the message is damaged.
fn fields(bytes: &[u8]) -> impl Iterator<Item = Option<Field<'_>>> {
    Fields::new(bytes, 0, "").map(Result::ok)
}

/// A kind of file that is taken for a net or for weights and is neither, by the name that people know it by.
#[derive(Debug)]
pub(crate) struct Foreign {
    what: &'static str,
    help: &'static str,
    /// The framework of its weights, whose name completes the help.
    framework: Option<&'static str>,
    /// Nothing that it recognises is a message of Caffe's, a text that parses, or an array.
    recognise: fn(&[u8]) -> bool,
}

impl Foreign {
    /// The error for such a file where `wanted` should be; `name` is what it calls the file.
    pub(crate) fn refusal(&self, name: &str, wanted: &str) -> Diagnostic {
        let message = format!("{name}: {}, not {wanted}", self.what);
        let help = match self.framework {
            Some(framework) => Advice::naming(self.help, Setting::Framework(framework), ""),
            None => self.help.into(),
        };
        Diagnostic { message, location: None, help: Some(help) }
    }
}

/// What to do with weights of PyTorch.
const FROM_PYTORCH: &str = "in Python, save its state_dict with safetensors.torch.save_file, and load that with ";

/// What to say of models of other programs.
const NOT_CAFFE: &str = "only Caffe nets and weights can be read";

static FOREIGN: [Foreign; 12] = [
    Foreign {
        what: "compressed with gzip",
        help: "gunzip unpacks it",
        framework: None,
        recognise: |bytes| bytes.starts_with(b"\x1f\x8b"),
    },
    Foreign {
        what: "compressed with bzip2",
        help: "bunzip2 unpacks it",
        framework: None,
        recognise: |bytes| bytes.starts_with(b"BZh"),
    },
    Foreign {
        what: "compressed with xz",
        help: "unxz unpacks it",
        framework: None,
        recognise: |bytes| bytes.starts_with(b"\xfd7zXZ\0"),
    },
    Foreign {
        what: "a tar archive",
        help: "tar -xf unpacks it",
        framework: None,
        recognise: |bytes| bytes.get(257..).is_some_and(|rest| rest.starts_with(b"ustar")),
    },
    Foreign {
        what: "text in UTF-16",
        help: "save it in UTF-8",
        framework: None,
        recognise: |bytes| bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff"),
    },
    Foreign {
        what: "a Git LFS pointer",
        help: "git lfs pull brings the file itself",
        framework: None,
        recognise: |bytes| bytes.starts_with(b"version https://git-lfs.github.com/spec/"),
    },
    Foreign {
        what: "an HTML page",
        help: "download the file itself, not the page about it",
        framework: None,
        recognise: is_html,
    },
    Foreign { what: "a PyTorch zip archive", help: FROM_PYTORCH, framework: Some("pytorch"), recognise: is_pytorch },
    Foreign {
        what: "a Python pickle, such as PyTorch's older files",
        help: FROM_PYTORCH,
        framework: Some("pytorch"),
        recognise: is_pickle,
    },
    Foreign { what: "an ONNX model", help: NOT_CAFFE, framework: None, recognise: is_onnx },
    Foreign { what: "a TensorFlow graph", help: NOT_CAFFE, framework: None, recognise: is_tensorflow },
    Foreign {
        what: "a blob of C3D, which has a length among its sizes",
        help: "Caffe reads blobs of four sizes, or of a shape",
        framework: None,
        recognise: is_c3d,
    },
];

fn is_html(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|start| bytes.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
}

/// Whether the first entry of a zip archive is the pickle that PyTorch puts there.
fn is_pytorch(bytes: &[u8]) -> bool {
    const NAME: usize = 30;
    let length = |bytes: &[u8]| usize::from(u16::from_le_bytes([bytes[26], bytes[27]]));
    let name = is_zip(bytes).then(|| bytes.get(NAME..)).flatten();
    name.is_some_and(|name| name[..length(bytes).min(name.len())].ends_with(b"/data.pkl"))
}

/// Whether the bytes start with a pickle's protocol, which as a message would be a field that no net has.
fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, 2..=u8::MAX, ..])
}

/// Whether the bytes are a `ModelProto` of ONNX: the number of its version first, then a graph and operator sets.
fn is_onnx(bytes: &[u8]) -> bool {
    let starts = fields(bytes).next().flatten().is_some_and(|field| is_size(&field) && field.number == 1);
    let has = |number: u32| {
        fields(bytes).flatten().any(|field| field.number == number && field.wire_type == WireType::LengthDelimited)
    };
    starts
        && !fields(bytes).flatten().any(|field| is_size(&field) && (2..=4).contains(&field.number))
        && has(7)
        && has(8)
}

/// Whether the bytes are a `GraphDef` of TensorFlow: nodes with a name and an operator, where a net has its one name.
fn is_tensorflow(bytes: &[u8]) -> bool {
    let is = |field: &Field<'_>, number| field.number == number && field.wire_type == WireType::LengthDelimited;
    let is_node = |field: Field<'_>| {
        let mut inner = fields(field.body).flatten();
        is(&field, 1) && inner.next().is_some_and(|name| is(&name, 1)) && inner.next().is_some_and(|op| is(&op, 2))
    };
    let mut nodes = fields(bytes).take(2).map(|field| field.is_some_and(is_node));
    nodes.next() == Some(true) && nodes.next() == Some(true)
}

/// Whether the bytes are a `BlobProto` of C3D: five sizes, and the values in the sixth field.
fn is_c3d(bytes: &[u8]) -> bool {
    let mut fields = fields(bytes).flatten();
    let sizes = fields.by_ref().take(5).filter(is_size).map(|field| field.number);
    sizes.eq(1..=5) && fields.next().is_some_and(|field| field.number == 6 && !is_size(&field))
}

fn is_size(field: &Field<'_>) -> bool {
    field.wire_type == WireType::Varint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_foreign_is_named() {
        let refused = |bytes: &[u8]| match Content::of(bytes) {
            Content::Foreign(foreign) => Some(foreign.refusal("f", "stored weights").to_string()),
            _ => None,
        };
        let is = |what: &str| Some(format!("f: {what}"));
        assert_eq!(refused(b"\x1f\x8b\x08\0"), is("compressed with gzip, not stored weights (gunzip unpacks it)"));
        for start in [b"\xff\xfen\0", b"\xfe\xff\0n"] {
            assert_eq!(refused(start), is("text in UTF-16, not stored weights (save it in UTF-8)"));
        }
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        let lfs = "a Git LFS pointer, not stored weights (git lfs pull brings the file itself)";
        assert_eq!(refused(pointer), is(lfs));
        for start in ["<!DOCTYPE html>\n<html>", "\n <HTML lang=en>"] {
            let html = "an HTML page, not stored weights (download the file itself, not the page about it)";
            assert_eq!(refused(start.as_bytes()), is(html));
        }
        let what =
            |bytes: &[u8]| refused(bytes).map(|error| error.split(", not").next().unwrap_or_default().to_owned());
        assert_eq!(what(b"\x80\x02}q\0."), is("a Python pickle, such as PyTorch's older files"));
        let zip =
            |name: &str| [b"PK\x03\x04".as_slice(), &[0; 22], &[name.len() as u8, 0, 0, 0], name.as_bytes()].concat();
        assert_eq!(what(&zip("archive/data.pkl")), is("a PyTorch zip archive"));
        let lead = "(in Python, save its state_dict with safetensors.torch.save_file, and load that with \
                    Donor::from_framework: pytorch)";
        assert!(refused(&zip("archive/data.pkl")).unwrap().ends_with(lead));
        assert_eq!(what(&zip("conv1/0.npy")), None);
        let onnx = b"\x08\x07\x12\x07pytorch\x3a\x02\x0a\0\x42\x02\x10\x09";
        assert_eq!(what(onnx), is("an ONNX model"));
        let graph = b"\x0a\x06\x0a\x01x\x12\x01y\x0a\x06\x0a\x01z\x12\x01y\x22\0";
        assert_eq!(what(graph), is("a TensorFlow graph"));
        let c3d = b"\x08\x01\x10\x01\x18\x01\x20\x01\x28\x01\x32\x04\0\0\x80\x3f";
        assert_eq!(what(c3d), is("a blob of C3D, which has a length among its sizes"));
        let blob = b"\x08\x01\x10\x01\x18\x01\x20\x01\x2a\x04\0\0\x80\x3f";
        assert!(matches!(Content::of(blob), Content::Blobs));
        for start in [&b""[..], b"<", b"name: \"x\"", b"\x0a\x01n", b"version: 1"] {
            assert_eq!(refused(start), None);
        }
    }

    #[test]
    fn control_characters_make_a_file_binary_but_for_those_behind_its_last_line() {
        for text in
            [&b"\n# a net\r\nname: \"x\"\t{\x0c"[..], b"# caf\xe9\n", b"name: 'x'\n\x1a", b"name: 'x'\0\0\n", b""]
        {
            assert!(is_text(text), "{text:?}");
        }
        for binary in [&b"\xff\xfd\xfc"[..], b"\n\x05LeNet\xa2\x06", b"name\0: 'x'", b"\0\0\0", b"\x1a"] {
            assert!(!is_text(binary), "{binary:?}");
        }
    }
}
