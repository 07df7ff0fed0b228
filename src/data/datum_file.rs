//! Files of records one after the other, which ParseNet's Caffe reads as it does databases.
//!
//! A record is its size, the size of its key, the key, the size of its value, and the value. Sizes are 32 bits,
//! little-endian; that of the record, which counts what is behind it, is not compared with the others. A key or a value
//! has at most 100 MB.

use std::path::Path;

use super::source_file::SourceFile;
use super::{DatabaseRecord, SourceError};

/// The most that a size in the file may say.
const MAX_BYTES: u32 = 104_857_600;

const SIZE_BYTES: u64 = 4;

/// The first record of a file.
///
/// # Errors
/// The file is not there, has no records, or ends in the first.
pub(crate) fn first_record(path: &Path) -> Result<DatabaseRecord, SourceError> {
    let mut file = SourceFile::open(path)?;
    if file.len() == 0 {
        return Err(SourceError::whole(path, "the file has no records"));
    }
    size_at(&mut file, 0, "the size of a record")?;
    let key_start = 2 * SIZE_BYTES;
    let key_bytes = size_at(&mut file, SIZE_BYTES, "the size of a key")?;
    let key = file.read(key_start, key_bytes, "a key")?;
    let value_start = key_start + key_bytes + SIZE_BYTES;
    let value_bytes = size_at(&mut file, key_start + key_bytes, "the size of a value")?;
    let value = file.read(value_start, value_bytes, "a value")?;
    Ok(DatabaseRecord { key, value })
}

/// The size at this offset.
fn size_at(file: &mut SourceFile, offset: u64, what: &str) -> Result<u64, SourceError> {
    let bytes = file.read(offset, SIZE_BYTES, what)?;
    let size = bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    if size > MAX_BYTES {
        return Err(file.fault(offset, format!("{what} is {size}, more than {MAX_BYTES}")));
    }
    Ok(size.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn first(bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let record = first_record(file.path()).map(|record| (record.key, record.value));
        record.map_err(|error| error.to_string().replace(file.path().to_str().unwrap(), "file"))
    }

    #[test]
    fn a_key_and_a_value_stand_behind_their_sizes() {
        let record = b"\x0f\0\0\0\x02\0\0\0ab\x05\0\0\0value";
        assert_eq!(first(record), Ok((b"ab".to_vec(), b"value".to_vec())));
        assert_eq!(first(&record.repeat(2)), Ok((b"ab".to_vec(), b"value".to_vec())));
    }

    #[test]
    fn damage_is_told_with_its_place() {
        assert_eq!(first(b"").unwrap_err(), "file: the file has no records");
        let message = "file, byte 4: the size of a key is 4294967295, more than 104857600";
        assert_eq!(first(b"\x0f\0\0\0\xff\xff\xff\xff").unwrap_err(), message);
        let message = "file, byte 8: a key of 3 bytes is expected here, but the file has only 10 bytes";
        assert_eq!(first(b"\x0f\0\0\0\x03\0\0\0ab").unwrap_err(), message);
        let message = "file, byte 0: the size of a record of 4 bytes is expected here, but the file has only 3 bytes";
        assert_eq!(first(b"\x0f\0\0").unwrap_err(), message);
    }
}
