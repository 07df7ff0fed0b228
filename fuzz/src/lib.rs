//! What the fuzzers do with arbitrary bytes: nothing may panic, hang or fill the memory.
//!
//! `tests/fuzz.rs` runs the same functions on the inputs that once failed.

use std::io::Write;

use caffemodel::convert::{self, Convertible};
use caffemodel::deploy::{self, DeployOptions};
use caffemodel::dialect::{DIALECTS, Dialect};
use caffemodel::net::UpgradedFile;
use caffemodel::proto::text::{Source, parse, to_string};
use caffemodel::proto::{Encoding, descriptor};
use caffemodel::random::{Era, Streams};
use caffemodel::{Definition, Limits, Net, Plan, PlanOptions, ReadOptions, StateOptions, formats, init as execute};

/// A net larger than this is planned, but not filled.
const MAX_FILLED_BYTES: u64 = 1 << 20;

/// Values of a stored blob that are read.
const MAX_READ: usize = 1 << 12;

/// The text reader: a text that it takes survives being written and read again.
pub fn text(bytes: &[u8]) {
    let message = descriptor("NetParameter");
    let Ok(document) = parse(&Source::new("fuzz.prototxt", bytes.to_vec()), message) else { return };
    let written = text_of(document.bytes());
    let again = parse(&Source::new("again.prototxt", written.clone().into_bytes()), message);
    let again = again.unwrap_or_else(|errors| panic!("{errors:?} in {written}"));
    assert_eq!(text_of(again.bytes()), written);
}

fn text_of(message: &[u8]) -> String {
    to_string(descriptor("NetParameter"), message).expect("a parsed text is well-formed")
}

/// The binary reader.
pub fn binary(bytes: &[u8]) {
    let _ = Definition::from_bytes("fuzz.caffemodel", bytes);
}

/// The older formats: what is written is current, and does not change again.
pub fn upgrade(bytes: &[u8]) {
    let Ok(file) = UpgradedFile::from_bytes("fuzz.prototxt", bytes.to_vec(), None) else { return };
    let mut written = Vec::new();
    file.clone().write(Encoding::Binary, &mut written).expect("memory takes all");
    if file.encoding == Encoding::Binary {
        return;
    }
    written.clear();
    file.write(Encoding::Text, &mut written).expect("memory takes all");
    let again = UpgradedFile::from_bytes("again.prototxt", written, None).unwrap_or_else(|error| panic!("{error}"));
    assert!(again.changes.is_empty(), "{:?}", again.changes);
}

/// The lazy reader: all formats of stored weights, told apart by content, and arrays by their keys.
pub fn weights(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").expect("a file in memory");
    file.write_all(bytes).expect("a file in memory");
    let nets = [formats::open(file.path()), formats::open_arrays(file.path())];
    for blob in nets.iter().flatten().flat_map(|net| &net.layers).flat_map(|layer| &layer.blobs) {
        let mut values = vec![0.0; blob.shape.count().min(MAX_READ)];
        let _ = blob.values.read(0, &mut values);
        let _ = blob.values.read(blob.shape.count() - values.len(), &mut values);
    }
}

/// From an arbitrary net to an initialised one, if it is small.
pub fn init(bytes: &[u8]) {
    if let Ok(definition) = Definition::from_bytes("fuzz.prototxt", bytes) {
        initialise(definition);
    }
}

/// The same in a dialect, which the length of the input chooses.
pub fn dialect(bytes: &[u8]) {
    let options = ReadOptions::of(Some(&DIALECTS[bytes.len() % DIALECTS.len()]));
    if let Ok(definition) = Definition::from_bytes_with("fuzz.prototxt", bytes, &options) {
        initialise(definition);
    }
}

/// The net that predicts, of an arbitrary one: its text reads as the net again.
pub fn deploy(bytes: &[u8]) {
    let Ok(definition) = Definition::from_bytes("fuzz.prototxt", bytes) else { return };
    let Ok(deployed) = deploy::deploy(&definition, &DeployOptions::default()) else { return };
    let (net, options) = (&deployed.definition, ReadOptions::of(Some(deployed.definition.dialect)));
    let again = Definition::from_bytes_with("deploy.prototxt", deployed.text(), &options);
    let again = again.unwrap_or_else(|error| panic!("{error} in {}", deployed.text()));
    assert_eq!(again.layers.len(), net.layers.len(), "{}", deployed.text());
}

fn initialise(definition: Definition) {
    let plan =
        Net::resolve(definition, &StateOptions::default()).and_then(|net| Plan::new(net, &PlanOptions::default()));
    let Ok(plan) = plan else { return };
    let size = formats::caffemodel_size(&plan.saved());
    if size > MAX_FILLED_BYTES || plan.elements() > MAX_FILLED_BYTES {
        return;
    }
    for era in [Era::V1_47, Era::default()] {
        let mut writer =
            formats::CaffemodelWriter::in_dialect(Vec::new(), &plan.name, plan.dialect).expect("memory takes all");
        // A Boost release may have no values for a range.
        if execute::fill(&plan, &mut Streams::caffe(1, era), &mut writer).is_ok() {
            assert_eq!(writer.into_inner().len() as u64, size);
        }
    }
}

/// Conversions: a message that goes into text and comes back is the same, and weights are copied as they are.
pub fn convert(bytes: &[u8]) {
    let Ok(source) = Convertible::from_bytes("fuzz", bytes.to_vec(), None) else { return };
    if let Ok(encoded) = source.encoded() {
        let written = |encoding| {
            let mut out = Vec::new();
            encoded.write(encoding, &mut out).expect("a checked message is well-formed");
            out
        };
        let text = written(Encoding::Text);
        let name = encoded.message().name();
        // A text has names alone, which may tell another dialect.
        let options = ReadOptions::of(Dialect::get(encoded.message().schema().name()));
        // Strings that are not UTF-8 and numbers that an enum does not name do not come back, and NaN does without its
        // sign.
        if let Ok(again) = Convertible::from_bytes_with("again", text.clone(), Some(name), &options)
            && !String::from_utf8_lossy(&text).contains(": nan\n")
        {
            let mut out = Vec::new();
            let encoded = again.encoded().expect("a parsed text is well-formed");
            encoded.write(Encoding::Binary, &mut out).expect("a checked message is well-formed");
            assert!(out == written(Encoding::Binary), "{name} comes back otherwise");
        }
    }
    let Ok(plan) = source.weights().and_then(|stored| convert::plan(stored, &Limits::default())) else { return };
    let size = formats::caffemodel_size(&plan.saved());
    if size <= MAX_FILLED_BYTES {
        let mut writer =
            formats::CaffemodelWriter::in_dialect(Vec::new(), &plan.name, plan.dialect).expect("memory takes all");
        // Damage may show only when values are read.
        if convert::write(&plan, &mut writer).is_ok() {
            assert_eq!(writer.into_inner().len() as u64, size);
        }
    }
}
