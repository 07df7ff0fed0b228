//! The first record of databases that LMDB's and LevelDB's own libraries wrote, and of damaged ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use heed::types::Bytes;
use heed::{CommitOrAbort, EnvOpenOptions};
use proptest::prelude::*;
use rusty_leveldb::{CompressorId, DB, Options, compressor};
use tempfile::TempDir;

use super::{DatabaseRecord, SourceError, leveldb, lmdb};

/// A write: the key, and the value, or `None` to delete it.
type Write = (Vec<u8>, Option<Vec<u8>>);

/// Writes of few different keys, so that some are written over and deleted.
fn writes() -> impl Strategy<Value = Vec<Write>> {
    let key = prop_oneof![prop::collection::vec(0..4_u8, 1..4), prop::collection::vec(any::<u8>(), 1..200)];
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (any::<u8>(), 0..60_000_usize).prop_map(|(b, n)| vec![b; n])
    ];
    prop::collection::vec((key, prop::option::weighted(0.7, value)), 0..120)
}

/// What is done to a file.
type Damage<'a> = &'a dyn Fn(&Path);

/// The records that are there once all is written.
fn left(writes: &[Write]) -> BTreeMap<&[u8], &[u8]> {
    let mut map = BTreeMap::new();
    for (key, value) in writes {
        match value {
            Some(value) => map.insert(&key[..], &value[..]),
            None => map.remove(&key[..]),
        };
    }
    map
}

/// The first of them.
fn expected(writes: &[Write]) -> Option<DatabaseRecord> {
    left(writes).first_key_value().map(|(key, value)| DatabaseRecord { key: key.to_vec(), value: value.to_vec() })
}

fn check(found: Result<DatabaseRecord, SourceError>, expected: Option<DatabaseRecord>) {
    match expected {
        Some(record) => assert_eq!(found.unwrap(), record),
        None => assert!(found.unwrap_err().to_string().ends_with(": the database has no records")),
    }
}

fn write_lmdb(folder: &Path, writes: &[Write], per_transaction: usize) {
    let mut options = EnvOpenOptions::new();
    options.map_size(64 << 20);
    // SAFETY: nobody else opens the database.
    let env = unsafe { options.open(folder) }.unwrap();
    let database = env
        .create_databases_and_commit(env.write_txn().unwrap(), |creator, txn| -> Result<_, heed::Error> {
            Ok(CommitOrAbort::<_, ()>::Commit(creator.create_database::<Bytes, Bytes>(txn, None)?))
        })
        .unwrap()
        .unwrap_commit();
    for writes in writes.chunks(per_transaction) {
        let mut txn = env.write_txn().unwrap();
        for (key, value) in writes {
            match value {
                Some(value) => database.put(&mut txn, key, value).unwrap(),
                None => drop(database.delete(&mut txn, key).unwrap()),
            }
        }
        txn.commit().unwrap();
    }
}

fn write_leveldb(folder: &Path, writes: &[Write], buffer: usize, snappy: bool) {
    let compressor = if snappy { compressor::SnappyCompressor::ID } else { compressor::NoneCompressor::ID };
    let options = Options { write_buffer_size: buffer, block_size: 512, compressor, ..Default::default() };
    let mut database = DB::open(folder, options).unwrap();
    for (key, value) in writes {
        match value {
            Some(value) => database.put(key, value).unwrap(),
            None => database.delete(key).unwrap(),
        }
    }
    database.close().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn the_smallest_key_of_an_lmdb(writes in writes(), per_transaction in 1..200_usize) {
        let folder = tempfile::tempdir().unwrap();
        write_lmdb(folder.path(), &writes, per_transaction);
        check(lmdb::first_record(folder.path()), expected(&writes));
        assert_eq!(lmdb::records(folder.path()).unwrap(), left(&writes).len() as u64);
    }

    #[test]
    fn the_smallest_key_of_a_leveldb(writes in writes(), buffer in 2_000..200_000_usize, snappy: bool) {
        let folder = tempfile::tempdir().unwrap();
        // The writer is another crate, which asserts on some sequences of writes.
        let written = std::panic::catch_unwind(|| write_leveldb(folder.path(), &writes, buffer, snappy));
        prop_assume!(written.is_ok());
        check(leveldb::first_record(folder.path()), expected(&writes));
    }
}

/// The databases of the golden pack.
fn golden() -> Vec<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cases");
    let names = [
        "data-lmdb-plain",
        "data-lmdb-branch",
        "data-lmdb-overflow",
        "data-leveldb-log",
        "data-leveldb-table",
        "data-leveldb-table-snappy",
    ];
    names.iter().map(|name| cases.join(name).join("db")).collect()
}

/// A copy of a folder of files.
fn copy(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

fn first_record(folder: &Path) -> Result<DatabaseRecord, SourceError> {
    if folder.join(lmdb::DATA_FILE).exists() { lmdb::first_record(folder) } else { leveldb::first_record(folder) }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn damaged_databases_give_a_record_or_an_error(
        database: prop::sample::Index,
        file: prop::sample::Index,
        bytes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let golden = golden();
        let folder = copy(database.get::<PathBuf>(&golden));
        let mut files: Vec<PathBuf> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let path = file.get(&files);
        let mut content = fs::read(path).unwrap();
        if !content.is_empty() {
            // Most of a file is zeros or pictures: the rest is of more interest.
            let places: Vec<usize> = (0..content.len()).filter(|&i| content[i] != 0).collect();
            for (place, byte) in bytes {
                content[*place.get(&places)] = byte;
            }
            if let Some(length) = length {
                content.truncate(length.index(content.len()));
            }
        }
        fs::write(path, content).unwrap();
        let _ = first_record(folder.path());
    }
}

/// The error for a copy of a golden database that `damage` has changed; `/db` stands for its folder.
fn error(case: &str, damage: impl FnOnce(&Path)) -> String {
    let golden = golden().into_iter().find(|path| path.parent().unwrap().ends_with(case)).unwrap();
    let folder = copy(&golden);
    damage(folder.path());
    let error = first_record(folder.path()).unwrap_err().to_string();
    error.replace(folder.path().to_str().unwrap(), "/db")
}

/// Writes bytes over those of a file from an offset on.
fn overwrite(path: &Path, offset: usize, bytes: &[u8]) {
    let mut content = fs::read(path).unwrap();
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
    fs::write(path, content).unwrap();
}

fn truncate(path: &Path, len: u64) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(len).unwrap();
}

#[test]
fn damaged_lmdbs_are_told_by_file_and_byte() {
    let page = 4096;
    let (second_meta, leaf) = (page, 2 * page);
    let damages: [(Damage, &str); 10] = [
        (
            &|file| truncate(file, 9000),
            "/db/data.mdb, byte 8192: a page of 4096 bytes is expected here, but the file has only 9000 bytes",
        ),
        (
            &|file| truncate(file, 100),
            "/db/data.mdb, byte 0: the header of an LMDB database of 152 bytes is expected here, but the file has only 100 bytes",
        ),
        (
            &|file| overwrite(file, 16, b"x"),
            "/db/data.mdb, byte 0: this is not the header of an LMDB database from a 64-bit machine",
        ),
        (&|file| overwrite(file, 20, &[9]), "/db/data.mdb, byte 0: version 9 of LMDB's format is not known"),
        (&|file| overwrite(file, 40, &[9]), "/db/data.mdb, byte 0: pages of 4105 bytes: the database is damaged"),
        (
            &|file| overwrite(file, second_meta + 128, &[77]),
            "/db/data.mdb, byte 0: page 77 is needed, but the last one is 2: the database is damaged",
        ),
        (&|file| overwrite(file, leaf, &[77]), "/db/data.mdb, byte 8192: this is not page 2: the database is damaged"),
        (
            &|file| overwrite(file, leaf + 10, &[0]),
            "/db/data.mdb, byte 8192: a page of the tree is expected here: the database is damaged",
        ),
        (
            &|file| overwrite(file, leaf + 12, &[16, 0]),
            "/db/data.mdb, byte 8192: the page has no node that can be read: the database is damaged",
        ),
        (
            &|file| overwrite(file, leaf + 16, &[250, 15]),
            "/db/data.mdb, byte 8192: the page has no node that can be read: the database is damaged",
        ),
    ];
    for (damage, message) in damages {
        assert_eq!(error("data-lmdb-plain", |folder| damage(&folder.join(lmdb::DATA_FILE))), message);
    }
    let overflow = error("data-lmdb-overflow", |folder| overwrite(&folder.join(lmdb::DATA_FILE), 3 * page + 10, &[0]));
    assert_eq!(overflow, "/db/data.mdb, byte 12288: an overflow page is expected here: the database is damaged");
}

#[test]
fn damaged_leveldbs_are_told_by_file_and_byte() {
    let damages: [(&str, &str, Damage, &str); 12] = [
        (
            "table",
            "000005.ldb",
            &|file| truncate(file, 100),
            "/db/000005.ldb, byte 52: this is not the footer of a table: the table is damaged or cut off",
        ),
        (
            "table",
            "000005.ldb",
            &|file| truncate(file, 10),
            "/db/000005.ldb, byte 0: is too short for a table: it is damaged",
        ),
        (
            "table",
            "000005.ldb",
            &|file| overwrite(file, 20, &[77]),
            "/db/000005.ldb, byte 0: the checksum of a block is wrong: the table is damaged",
        ),
        (
            "table-snappy",
            "000005.ldb",
            &|file| overwrite(file, 20, &[77]),
            "/db/000005.ldb, byte 0: the checksum of a block is wrong: the table is damaged",
        ),
        (
            "table",
            "000005.ldb",
            &|file| fs::remove_file(file).unwrap(),
            "/db: the database is incomplete: table 000005.ldb is missing",
        ),
        (
            "table",
            "CURRENT",
            &|file| fs::write(file, "../../x\n").unwrap(),
            "/db/CURRENT: does not name a manifest: this is not a LevelDB, or a damaged one",
        ),
        (
            "table",
            "CURRENT",
            &|file| fs::write(file, "MANIFEST-000009\n").unwrap(),
            "cannot read /db/MANIFEST-000009: No such file or directory (os error 2)",
        ),
        (
            "table",
            "CURRENT",
            &|file| fs::remove_file(file).unwrap(),
            "cannot read /db/CURRENT: No such file or directory (os error 2)",
        ),
        (
            "table",
            "MANIFEST-000002",
            &|file| overwrite(file, 20, &[77]),
            "/db/MANIFEST-000002, byte 0: the checksum is wrong: the log is damaged",
        ),
        (
            "table",
            "MANIFEST-000002",
            &|file| truncate(file, 10),
            "/db/MANIFEST-000002: the manifest names no log: the database is damaged",
        ),
        (
            "log",
            "000003.log",
            &|file| overwrite(file, 20, &[77]),
            "/db/000003.log, byte 0: the checksum is wrong: the log is damaged",
        ),
        ("log", "000003.log", &|file| truncate(file, 20), "/db: the database has no records"),
    ];
    for (case, file, damage, message) in damages {
        assert_eq!(error(&format!("data-leveldb-{case}"), |folder| damage(&folder.join(file))), message);
    }
}

#[test]
fn many_deleted_keys_are_passed_over_in_logs_and_tables() {
    let key = |number: u32| number.to_be_bytes().to_vec();
    let written = (0..5000).map(|number| (key(number), Some(vec![1; 9])));
    let deleted = (0..4000).map(|number| (key(number), None));
    let writes: Vec<Write> = written.chain(deleted).collect();
    for buffer in [4 << 20, 20_000] {
        let folder = tempfile::tempdir().unwrap();
        write_leveldb(folder.path(), &writes, buffer, true);
        check(leveldb::first_record(folder.path()), Some(DatabaseRecord { key: key(4000), value: vec![1; 9] }));
    }
}

#[test]
fn what_is_no_folder_with_a_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let say = |error: SourceError| error.to_string().replace(folder.path().to_str().unwrap(), "/db");
    let messages = [lmdb::first_record(&file), leveldb::first_record(&file)].map(|found| say(found.unwrap_err()));
    assert_eq!(messages[0], "/db/file: is not a folder: an LMDB source is the folder around data.mdb");
    assert_eq!(messages[1], "/db/file: is not a folder: a LevelDB source is the folder around CURRENT");
    let messages = [lmdb::first_record(folder.path()), leveldb::first_record(folder.path())];
    let messages = messages.map(|found| say(found.unwrap_err()));
    assert_eq!(messages[0], "cannot read /db/data.mdb: No such file or directory (os error 2)");
    assert_eq!(messages[1], "cannot read /db/CURRENT: No such file or directory (os error 2)");
    fs::create_dir(folder.path().join("data.mdb")).unwrap();
    let message = "/db/data.mdb: is a folder where a file is expected";
    assert_eq!(say(lmdb::first_record(folder.path()).unwrap_err()), message);
}
