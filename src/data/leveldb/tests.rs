//! Databases put together byte by byte, with right checksums around content that need not be right.

use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::checksum::checksum;
use super::first_record;

const WHOLE: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// A fragment of a log.
fn fragment(kind: u8, content: &[u8]) -> Vec<u8> {
    let checksum = checksum(&[kind], content).to_le_bytes();
    let len = u16::try_from(content.len()).unwrap().to_le_bytes();
    [&checksum[..], &len, &[kind], content].concat()
}

/// A string behind its length, which is less than 128.
fn prefixed(content: &[u8]) -> Vec<u8> {
    [&[u8::try_from(content.len()).unwrap()], content].concat()
}

/// A batch of writes from the number `first` on.
fn batch(first: u8, writes: &[(&[u8], Option<&[u8]>)]) -> Vec<u8> {
    let mut batch = vec![first, 0, 0, 0, 0, 0, 0, 0, u8::try_from(writes.len()).unwrap(), 0, 0, 0];
    for (key, value) in writes {
        batch.push(u8::from(value.is_some()));
        batch.extend(prefixed(key));
        batch.extend(value.map(prefixed).unwrap_or_default());
    }
    batch
}

/// A database with a manifest of this one edit, and with files.
fn database(edit: &[u8], files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("CURRENT"), "MANIFEST-000001\n").unwrap();
    fs::write(folder.path().join("MANIFEST-000001"), fragment(WHOLE, edit)).unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// The value of the first record, or the error; `/db` stands for the folder.
fn first_value(folder: &TempDir) -> Result<Vec<u8>, String> {
    let record = first_record(folder.path());
    record.map(|record| record.value).map_err(|error| error.to_string().replace(folder.path().to_str().unwrap(), "/db"))
}

/// An edit that says that logs from number 2 on are alive.
const LOGS_FROM_2: &[u8] = &[2, 2];

/// An edit that makes the table 5 part of level 0, with a smallest key of `k`, and names the log 9.
fn table_5() -> Vec<u8> {
    let key = prefixed(b"k\x01\x01\0\0\0\0\0\0");
    [&[2, 9, 7, 0, 5, 100], &key[..], &key].concat()
}

/// A table whose index and whose only block of entries have these contents.
fn table(index: &[u8], entries: &[u8], compression: u8) -> Vec<u8> {
    let block = |content: &[u8], compression| {
        [content, &[compression], &checksum(content, &[compression]).to_le_bytes()].concat()
    };
    let (entries, at) = (block(entries, compression), entries.len() + 5);
    let varint = |number: usize| vec![number as u8 | 0x80, (number >> 7) as u8];
    let mut footer = [varint(0), varint(0), varint(at), varint(index.len())].concat();
    footer.resize(40, 0);
    [entries, block(index, 0), footer, 0xdb47_7524_8b80_fb57_u64.to_le_bytes().to_vec()].concat()
}

#[test]
fn the_latest_write_of_the_smallest_key_counts() {
    let older = fragment(WHOLE, &batch(1, &[(b"b", Some(b"1")), (b"a", Some(b"2")), (b"c", Some(b"3"))]));
    let newer = fragment(WHOLE, &batch(4, &[(b"a", None), (b"b", Some(b"4"))]));
    let dead = fragment(WHOLE, &batch(0, &[(b"0", Some(b"0"))]));
    let folder = database(LOGS_FROM_2, &[("000001.log", &dead), ("000002.log", &older), ("000003.log", &newer)]);
    assert_eq!(first_value(&folder), Ok(b"4".to_vec()));
}

#[test]
fn records_in_pieces_are_put_together_and_torn_ones_ignored() {
    let whole = fragment(WHOLE, &batch(1, &[(b"b", Some(b"1"))]));
    let content = batch(2, &[(b"a", Some(b"2")), (b"z", Some(b"3"))]);
    let pieces = [(FIRST, &content[..3]), (MIDDLE, &content[3..20]), (LAST, &content[20..])];
    let pieces = pieces.map(|(kind, piece)| fragment(kind, piece));
    let value = |log: &[u8]| first_value(&database(LOGS_FROM_2, &[("000002.log", log)]));
    let log = [&whole[..], &pieces.concat()].concat();
    assert_eq!(value(&log), Ok(b"2".to_vec()));
    for end in whole.len()..log.len() {
        assert_eq!(value(&log[..end]), Ok(b"1".to_vec()));
    }
    assert_eq!(value(&[&whole[..], &[0; 50_000]].concat()), Ok(b"1".to_vec()));
    let message = "the pieces of a record are out of order: the log is damaged";
    assert_eq!(value(&pieces[1]), Err(format!("/db/000002.log, byte 0: {message}")));
    let message = "the record ends too early: the log is damaged";
    assert_eq!(value(&fragment(WHOLE, &content[..20])), Err(format!("/db/000002.log, byte 0: {message}")));
}

#[test]
fn tables_of_old_releases_are_found() {
    // One entry: nothing shared, nine bytes of key, one of value; one place, at 0.
    let entries = b"\0\x09\x01k\x01\x01\0\0\0\0\0\0v\0\0\0\0\x01\0\0\0";
    let index = [&b"\0\x01\x02k\0"[..], &[entries.len() as u8], b"\0\0\0\0\x01\0\0\0"].concat();
    for name in ["000005.sst", "000005.ldb"] {
        let folder = database(&table_5(), &[(name, &table(&index, entries, 0))]);
        assert_eq!(first_value(&folder), Ok(b"v".to_vec()));
    }
    let error =
        |compression| first_value(&database(&table_5(), &[("000005.ldb", &table(&index, entries, compression))]));
    let damaged = "a part of the table cannot be read, it is not compressed as it says: the table is damaged";
    assert_eq!(error(1), Err(format!("/db/000005.ldb, byte 0: {damaged}")));
    let zstd = "the block is compressed with zstd, which Caffe's LevelDB cannot read";
    assert_eq!(error(2), Err(format!("/db/000005.ldb, byte 0: {zstd}")));
    assert_eq!(error(3), Err("/db/000005.ldb, byte 0: the block has the unknown compression 3".into()));
}

proptest! {
    #[test]
    fn any_edit_gives_a_result(edit in prop::collection::vec(0..12_u8, 0..40)) {
        let _ = first_value(&database(&edit, &[]));
    }

    #[test]
    fn any_batch_gives_a_result(
        count in 0..4_u8,
        writes in prop::collection::vec(prop_oneof![0..5_u8, any::<u8>()], 0..60),
    ) {
        let content = [&[1, 0, 0, 0, 0, 0, 0, 0, count, 0, 0, 0], &writes[..]].concat();
        let _ = first_value(&database(LOGS_FROM_2, &[("000002.log", &fragment(WHOLE, &content))]));
    }

    #[test]
    fn any_table_gives_a_result(
        index in prop::collection::vec(prop_oneof![0..5_u8, any::<u8>()], 0..40),
        entries in prop::collection::vec(prop_oneof![0..12_u8, any::<u8>()], 0..80),
        places in 0..3_u8,
        compression in 0..3_u8,
    ) {
        let whole = [&index[..], &[places, 0, 0, 0]].concat();
        let _ = first_value(&database(&table_5(), &[("000005.ldb", &table(&whole, &entries, compression))]));
        let to_entries = [&b"\0\x01\x02k\0"[..], &[entries.len() as u8], b"\0\0\0\0\x01\0\0\0"].concat();
        let _ = first_value(&database(&table_5(), &[("000005.ldb", &table(&to_entries, &entries, compression))]));
    }
}
