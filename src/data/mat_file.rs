//! Files of MATLAB, level 5: the dimensions of an array.
//!
//! A file is a header of 128 bytes, which ends in `IM` where numbers have their low bytes first, and elements: a type,
//! a length and a body. An array is an element of type 14, whose body is made of elements: its class, its dimensions,
//! its name, its values. Those of up to four bytes may have type and length in one number, and the body behind. All but
//! the first are padded to eight bytes.

use std::path::Path;

use super::SourceError;
use super::source_file::{SourceFile, bytes_at};

const HEADER_BYTES: u64 = 128;
const ARRAY: u32 = 14;
const COMPRESSED: u32 = 15;
/// The class of arrays of numbers in single precision.
const SINGLE: u8 = 7;
/// How many arrays are looked at, and how much of the head of each.
const MAX_ARRAYS: usize = 1 << 12;
const MAX_HEAD_BYTES: u64 = 512;
/// The most dimensions that Caffe takes.
const MAX_DIMENSIONS: usize = 4;

/// The dimensions of the array of numbers in single precision that has this name, in the order of the file: that of the
/// fastest is first.
///
/// # Errors
/// The file cannot be read, or has no such array.
pub(crate) fn dimensions(path: &Path, name: &str) -> Result<Vec<i32>, SourceError> {
    let mut file = SourceFile::open(path)?;
    let header = file.read(0, HEADER_BYTES.min(file.len()), "the header of a MATLAB file")?;
    if header.get(126..128) != Some(b"IM".as_slice()) {
        return Err(SourceError::whole(path, "is not a MATLAB file of level 5"));
    }
    let mut offset = HEADER_BYTES;
    for _ in 0..MAX_ARRAYS {
        if offset + 8 > file.len() {
            break;
        }
        let tag = file.read(offset, 8, "the head of an element")?;
        let (kind, length) = (number(&tag, 0).unwrap_or_default(), u64::from(number(&tag, 4).unwrap_or_default()));
        let body = offset + 8;
        match kind {
            COMPRESSED => return Err(file.fault(offset, "the array is compressed, which is not read")),
            ARRAY => {
                let head = file.read(body, length.min(MAX_HEAD_BYTES), "the head of an array")?;
                let array = Array::read(&head).ok_or_else(|| file.fault(body, "the head of an array is damaged"))?;
                if array.name == name.as_bytes() {
                    return array.checked().map_err(|message| file.fault(body, message));
                }
            }
            _ => {}
        }
        offset = body + length;
    }
    Err(SourceError::whole(path, format!("there is no array {name:?} in it")))
}

/// What the head of an array says.
struct Array {
    class: u8,
    dimensions: Vec<i32>,
    name: Vec<u8>,
}

impl Array {
    fn read(head: &[u8]) -> Option<Array> {
        let (flags, rest) = element(head)?;
        let (dimensions, rest) = element(rest)?;
        let (name, _) = element(rest)?;
        let dimensions = dimensions.chunks_exact(4).filter_map(|bytes| bytes_at(bytes, 0).map(i32::from_le_bytes));
        Some(Array { class: *flags.first()?, dimensions: dimensions.collect(), name: name.to_vec() })
    }

    fn checked(self) -> Result<Vec<i32>, String> {
        if self.class != SINGLE {
            return Err("the array does not hold numbers in single precision".into());
        }
        let count = self.dimensions.len();
        if count > MAX_DIMENSIONS {
            return Err(format!("the array has {count} dimensions, Caffe takes up to {MAX_DIMENSIONS}"));
        }
        Ok(self.dimensions)
    }
}

/// The body of the element that the bytes begin with, and what is behind it.
fn element(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let kind = number(bytes, 0)?;
    if kind >> 16 != 0 {
        return Some((bytes.get(4..4 + (kind >> 16) as usize)?, bytes.get(8..)?));
    }
    let length = usize::try_from(number(bytes, 4)?).ok()?;
    let body = bytes.get(8..)?;
    Some((body.get(..length)?, body.get(length.next_multiple_of(8)..).unwrap_or_default()))
}

fn number(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes_at(bytes, offset).map(u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(kind: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = [kind.to_le_bytes(), (body.len() as u32).to_le_bytes()].concat();
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn file(class: u8, name: &[u8], dimensions: &[i32]) -> Vec<u8> {
        let mut bytes = vec![b' '; 124];
        bytes.extend(b"\x00\x01IM");
        let dimensions: Vec<u8> = dimensions.iter().flat_map(|dim| dim.to_le_bytes()).collect();
        let small = [&[1, 0, name.len() as u8, 0], name, &vec![0; 4 - name.len()]].concat();
        let body = [long(6, &[class, 0, 0, 0, 0, 0, 0, 0]), long(5, &dimensions), small].concat();
        bytes.extend(long(ARRAY, &body));
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<i32>, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        dimensions(file.path(), "data").map_err(|error| error.to_string().replace(file.path().to_str().unwrap(), "/f"))
    }

    #[test]
    fn an_array_is_found_by_its_name() {
        assert_eq!(read(&file(SINGLE, b"data", &[5, 4, 3])), Ok(vec![5, 4, 3]));
        let two = [file(SINGLE, b"diff", &[1, 1]), file(SINGLE, b"data", &[2, 1])[128..].to_vec()].concat();
        assert_eq!(read(&two), Ok(vec![2, 1]));
        assert_eq!(read(&file(SINGLE, b"diff", &[1])), Err("/f: there is no array \"data\" in it".into()));
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(read(b"MATLAB"), Err("/f: is not a MATLAB file of level 5".into()));
        assert!(read(&file(6, b"data", &[1])).unwrap_err().ends_with("does not hold numbers in single precision"));
        let whole = file(SINGLE, b"data", &[5, 4, 3]);
        for end in 130..whole.len() - 8 {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
    }
}
