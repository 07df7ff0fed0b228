//! The text reader against prost-reflect's, on random messages and on the nets of the golden pack, and against what
//! protobuf's own parser said about the nets it refused.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use caffemodel::error::Diagnostic;
use caffemodel::proto::caffe::NetParameter;
use caffemodel::proto::descriptor;
use caffemodel::proto::text::{self, Source};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde::Deserialize;

/// Cases that prost-reflect takes otherwise than protobuf, with the reason.
const ORACLE_DIFFERS: &[(&str, &str)] = &[
    ("reject-fillers-variance-norm-number-unknown", ANY_ENUM_NUMBER),
    ("reject-text-int-enum-negative", ANY_ENUM_NUMBER),
    ("reject-text-int-enum-unknown-number", ANY_ENUM_NUMBER),
    ("reject-v1-type-number-unknown", ANY_ENUM_NUMBER),
    ("reject-netsaved-clip-required", NO_REQUIRED),
    ("reject-shapes-clip-no-max", NO_REQUIRED),
    ("reject-text-float-zero-zero-point", "it takes 00.5 for a decimal number"),
    ("reject-text-string-capital-x", "it takes \\X for \\x"),
    ("text-float-big", "it rounds what is beyond the largest float, instead of taking a part of it for that"),
    ("text-form-comment-latin1", "it reads UTF-8 only, comments included"),
    ("text-form-list-messages-no-colon", "it wants a colon before a list of messages"),
    ("text-string-beyond-unicode", "it refuses \\U beyond Unicode"),
    ("text-string-surrogate-pair", "it refuses surrogates, pairs included"),
];
const ANY_ENUM_NUMBER: &str = "it takes any number for an enum";
const NO_REQUIRED: &str = "it does not look for required fields";

/// Cases where an error stands elsewhere than protobuf's, with the reason.
const PLACE_DIFFERS: &[(&str, &str)] = &[
    ("reject-text-form-missing-close", "the opening brace says more than the end of the text"),
    ("reject-text-form-extension", "the bracket is at fault, whatever is in it"),
];

fn read(text: &[u8]) -> Result<NetParameter, Vec<Diagnostic>> {
    let document = text::parse(&Source::new("net.prototxt", text), &descriptor("NetParameter"))?;
    Ok(NetParameter::decode(document.bytes()).expect("the reader writes what prost decodes"))
}

fn oracle(text: &[u8]) -> Result<NetParameter, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let message = DynamicMessage::parse_text_format(descriptor("NetParameter"), text).map_err(|e| e.to_string())?;
    NetParameter::decode(message.encode_to_vec().as_slice()).map_err(|error| error.to_string())
}

fn golden(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    assert!(path.exists(), "{} is missing: these tests need the golden pack", path.display());
    path
}

/// The nets of the pack by case.
fn nets() -> Vec<(String, Vec<u8>)> {
    let mut nets = Vec::new();
    for entry in fs::read_dir(golden("cases")).expect("the pack can be read") {
        let folder = entry.expect("the pack can be read").path();
        let case = folder.file_name().expect("a case has a name").to_string_lossy().into_owned();
        if let Ok(text) = fs::read(folder.join("net.prototxt")) {
            nets.push((case, text));
        }
    }
    assert!(nets.len() > 1000, "the golden pack has only {} nets", nets.len());
    nets.sort();
    nets
}

#[derive(Deserialize)]
struct Reject {
    case: String,
    protobuf_error: Option<String>,
}

/// What protobuf said about the nets whose text it refused, by case.
fn protobuf_errors() -> HashMap<String, String> {
    let rejects = fs::read_to_string(golden("rejects.jsonl")).expect("the pack can be read");
    let rejects = rejects.lines().map(|line| serde_json::from_str::<Reject>(line).expect("a line is a reject"));
    rejects.filter_map(|reject| Some((reject.case, reject.protobuf_error?))).collect()
}

/// Strings that are not UTF-8, which Caffe keeps and this reader refuses.
fn is_deliberate(errors: &[Diagnostic]) -> bool {
    errors.iter().all(|error| error.message.starts_with("the string for ") && error.message.ends_with("is not UTF-8"))
}

#[test]
fn the_pack_is_accepted_and_refused_as_by_protobuf() {
    let refused = protobuf_errors();
    let mut wrong = Vec::new();
    for (case, text) in nets() {
        match (read(&text), refused.get(&case)) {
            (Ok(_), None) | (Err(_), Some(_)) => {}
            (Err(errors), None) if is_deliberate(&errors) => {}
            (Err(errors), None) => wrong.push(format!("{case}: refused: {}", errors[0])),
            (Ok(_), Some(error)) => wrong.push(format!("{case}: accepted, protobuf said: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn errors_stand_where_protobuf_sees_them() {
    let refused = protobuf_errors();
    let mut wrong = Vec::new();
    for (case, text) in nets() {
        let (Some(theirs), Err(errors)) = (refused.get(&case), read(&text)) else { continue };
        let Some(place) = protobuf_place(&text, theirs) else { continue };
        let agree = errors.iter().any(|error| stands_at(&text, error, place));
        if agree == PLACE_DIFFERS.iter().any(|&(known, _)| known == case) {
            wrong.push(format!("{case}: {} / {theirs}", errors[0]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The byte that protobuf's `line:column` names, if it names one. It counts bytes, and tabs up to the next eighth.
fn protobuf_place(text: &[u8], error: &str) -> Option<usize> {
    let mut parts = error.strip_prefix("Error parsing text-format caffe.NetParameter: ")?.split(':');
    let (line, column) = (parts.next()?.parse().ok()?, parts.next()?.parse::<usize>().ok()?);
    let (mut offset, mut at) = (line_start(text, line), 1);
    while at < column {
        at = if text[offset] == b'\t' { (at + 7) / 8 * 8 + 1 } else { at + 1 };
        offset += 1;
    }
    Some(offset)
}

/// Whether the place is in what the error points at, or the next token: protobuf reports names when it has passed them.
fn stands_at(text: &[u8], error: &Diagnostic, place: usize) -> bool {
    let location = error.location.as_ref().expect("errors of the text have a place");
    let line = line_start(text, location.line);
    let rest = String::from_utf8_lossy(&text[line..]);
    let bytes = |characters: usize| rest.chars().take(characters).map(char::len_utf8).sum::<usize>();
    let start = line + bytes(location.column - 1);
    let end = line + bytes(location.column - 1 + location.width);
    start <= place && (place <= end || text[end..place].trim_ascii().is_empty())
}

fn line_start(text: &[u8], line: usize) -> usize {
    text.split_inclusive(|&byte| byte == b'\n').take(line - 1).map(<[u8]>::len).sum()
}

#[test]
fn the_pack_reads_as_by_the_oracle() {
    let mut wrong = Vec::new();
    for (case, text) in nets() {
        let (ours, theirs) = (read(&text), oracle(&text));
        let agree = match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => ours.encode_to_vec() == theirs.encode_to_vec(),
            (Err(_), Err(_)) => true,
            (Err(errors), Ok(_)) => is_deliberate(errors),
            (Ok(_), Err(_)) => false,
        };
        if agree == ORACLE_DIFFERS.iter().any(|&(known, _)| known == case) {
            let (ours, theirs) = (ours.err().map(|errors| errors[0].to_string()), theirs.err());
            wrong.push(format!("{case}: ours {ours:?}, the oracle's {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
