//! The text reader against prost-reflect's, on random messages and on the nets of the golden pack, and against what
//! protobuf's own parser said about the nets it refused; and what the text writer makes of all these.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use caffemodel::error::Diagnostic;
use caffemodel::proto::caffe::NetParameter;
use caffemodel::proto::text::{self, Source};
use caffemodel::proto::{DESCRIPTOR_SET, binary, descriptor};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use prost::Message;
use prost_reflect::{Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
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
    let document = text::parse(&Source::new("net.prototxt", text), descriptor("NetParameter"))?;
    let undecoded = |error: prost::DecodeError| vec![Diagnostic::new(format!("prost: {error}"))];
    NetParameter::decode(document.bytes()).map_err(undecoded)
}

/// NetParameter as prost-reflect has it.
fn net_of_the_oracle() -> MessageDescriptor {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR_SET).expect("protoc wrote a descriptor set"));
    POOL.get_message_by_name("caffe.NetParameter").expect("the schema has nets")
}

fn oracle(text: &[u8]) -> Result<NetParameter, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let message = DynamicMessage::parse_text_format(net_of_the_oracle(), text).map_err(|e| e.to_string())?;
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

/// Strings that are not UTF-8, which the reader keeps and prost alone does not decode.
fn is_deliberate(errors: &[Diagnostic]) -> bool {
    errors.iter().all(|error| error.message.starts_with("prost: ") && error.message.contains("not UTF-8"))
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
        at = if text[offset] == b'\t' { at.div_ceil(8) * 8 + 1 } else { at + 1 };
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

fn written(net: &NetParameter) -> String {
    text::to_string(descriptor("NetParameter"), &net.encode_to_vec()).expect("prost writes messages of the schema")
}

#[test]
fn the_pack_reads_the_same_once_written() {
    for (case, text) in nets() {
        let Ok(net) = read(&text) else { continue };
        let text = written(&net);
        let again = read(text.as_bytes()).unwrap_or_else(|errors| panic!("{case}: {}\n{text}", errors[0]));
        // NaN loses its sign in the text.
        if !text.contains(": nan\n") {
            assert!(net == again, "{case}: reads otherwise once written:\n{text}");
        }
        assert_eq!(text, written(&again), "{case}");
    }
}

/// A text in binary, as the program encodes it.
fn encoded(text: &[u8]) -> Vec<u8> {
    let net = descriptor("NetParameter");
    let document = text::parse(&Source::new("net.prototxt", text), net).expect("the text is one of the schema");
    let mut bytes = Vec::new();
    binary::write(&mut bytes, net, document.bytes()).expect("the reader gives messages of the schema");
    bytes
}

#[test]
fn the_pack_is_encoded_as_by_prost() {
    for (case, text) in nets() {
        let Ok(net) = read(&text) else { continue };
        assert!(encoded(&text) == net.encode_to_vec(), "{case}");
    }
}

/// Messages in messages below the root.
const DEPTH: usize = 3;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_messages_read_as_by_the_oracle(text in message(net_of_the_oracle(), DEPTH)) {
        let ours = read(text.as_bytes()).map_err(|errors| errors[0].to_string());
        let theirs = oracle(text.as_bytes());
        prop_assert_eq!((ours.as_ref().err(), theirs.as_ref().err()), (None, None));
        // The bytes, because NaN differs from itself.
        prop_assert_eq!(ours.map(|net| net.encode_to_vec()), theirs.map(|net| net.encode_to_vec()));
    }

    #[test]
    fn random_messages_read_the_same_once_written(text in message(net_of_the_oracle(), DEPTH)) {
        let net = read(text.as_bytes()).expect("the text is one of the schema");
        prop_assert!(encoded(text.as_bytes()) == net.encode_to_vec(), "encoded otherwise than by prost");
        let text = written(&net);
        let again = read(text.as_bytes()).expect("the written text can be read");
        prop_assert_eq!(&text, &written(&again));
        // The bytes, because NaN differs from itself.
        prop_assert!(text.contains(": nan\n") || net.encode_to_vec() == again.encode_to_vec());
    }

    #[test]
    fn damaged_messages_give_a_message_or_errors(
        text in message(net_of_the_oracle(), DEPTH),
        edits in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..6),
    ) {
        let mut text = text.into_bytes();
        for (place, bytes) in edits {
            let at = place.index(text.len() + 1);
            let end = text.len().min(at + bytes.len() % 2);
            text.splice(at..end, bytes);
        }
        let source = Source::new("net.prototxt", text);
        if let Err(errors) = text::parse(&source, descriptor("NetParameter")) {
            prop_assert!((1..=20).contains(&errors.len()));
            let places = errors.iter().map(|error| error.location.as_ref().expect("errors of the text have a place"));
            let places: Vec<_> = places.map(|place| (place.line, place.column)).collect();
            prop_assert!(places.is_sorted());
        }
    }
}

/// Some bytes that turn a text into another one, or into none.
fn damage() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "", "{", "}", "<", "[", "]", ":", ";", ",", "-", "0", "x", "'", "\"", "\\", "\n", "#", "layer", "\0", "é", "/",
    ];
    prop_oneof![4 => select(PIECES).prop_map(Vec::from), 1 => any::<[u8; 1]>().prop_map(Vec::from)]
}

/// A message's fields in the text format, in varied spellings.
fn message(message: MessageDescriptor, depth: usize) -> BoxedStrategy<String> {
    let fields = message.fields().filter(|field| depth > 0 || field.kind().as_message().is_none());
    let (required, others): (Vec<_>, Vec<_>) = fields.partition(|field| field.cardinality() == Cardinality::Required);
    let most = others.len().min(4);
    let fields = subsequence(others, 0..=most).prop_map(move |mut chosen| {
        chosen.extend(required.iter().cloned());
        chosen
    });
    let texts = fields
        .prop_shuffle()
        .prop_flat_map(move |fields| fields.into_iter().map(|field| occurrences(field, depth)).collect::<Vec<_>>());
    (texts, blank()).prop_map(|(texts, blank)| texts.concat() + blank).boxed()
}

/// A field, as often as it may occur, in a list or one by one.
fn occurrences(field: FieldDescriptor, depth: usize) -> BoxedStrategy<String> {
    let one = (value(field.clone(), depth), name(&field), separator());
    let one = one.prop_map(|(value, name, separator)| name + &value + separator).boxed();
    if !field.is_list() {
        return one;
    }
    let element = (blank(), value(field.clone(), depth), blank()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
    let list = (prop::collection::vec(element, 0..4), field_name(&field), separator());
    let list = list.prop_map(|(values, name, separator)| format!("{name}:[{}]{separator}", values.join(",")));
    let several = prop::collection::vec(prop_oneof![one, list], 1..4);
    several.prop_map(|texts| texts.concat()).boxed()
}

fn field_name(field: &FieldDescriptor) -> BoxedStrategy<String> {
    let name = field.name().to_owned();
    blank().prop_map(move |blank| name.clone() + blank).boxed()
}

/// A field's name with the colon, which messages may do without.
fn name(field: &FieldDescriptor) -> BoxedStrategy<String> {
    let colons = if field.kind().as_message().is_some() { &[":", ""][..] } else { &[":"] };
    (field_name(field), select(colons), blank()).prop_map(|(name, colon, blank)| name + colon + blank).boxed()
}

fn blank() -> impl Strategy<Value = &'static str> {
    select(&["", " ", "\t", "\n", "\r\n ", " # a: comment }\n"][..])
}

fn separator() -> impl Strategy<Value = &'static str> {
    select(&[" ", "\n", ",", ";", " , ", "\n;\n", "# 'comment'\n"][..])
}

fn value(field: FieldDescriptor, depth: usize) -> BoxedStrategy<String> {
    match field.kind() {
        Kind::Message(nested) => {
            let braces = select(&[("{", "}"), ("<", ">")][..]);
            let fields = message(nested, depth.saturating_sub(1));
            (braces, blank(), fields)
                .prop_map(|((open, close), blank, fields)| format!("{open}{blank}{fields}{close}"))
                .boxed()
        }
        Kind::Int32 => integer(any::<i32>().prop_map(i128::from)),
        Kind::Int64 => integer(any::<i64>().prop_map(i128::from)),
        Kind::Uint32 => integer(any::<u32>().prop_map(i128::from)),
        Kind::Float => number(
            any::<f32>().prop_map(|value| format!("{value}")),
            any::<f32>().prop_map(|value| format!("{value:e}")),
        ),
        Kind::Double => number(
            any::<f64>().prop_map(|value| format!("{value}")),
            any::<f64>().prop_map(|value| format!("{value:e}")),
        ),
        Kind::Bool => {
            select(&["true", "false", "True", "False", "t", "f", "1", "0"][..]).prop_map(str::to_owned).boxed()
        }
        Kind::String => prop::collection::vec(literal(), 1..3).prop_map(|literals| literals.concat()).boxed(),
        Kind::Enum(values) => {
            let values: Vec<_> = values.values().map(|value| (value.name().to_owned(), value.number())).collect();
            let spell = |((name, number), by_number)| if by_number { i32::to_string(&number) } else { name };
            (select(values), any::<bool>()).prop_map(spell).boxed()
        }
        other => panic!("NetParameter has no fields of kind {other:?}"),
    }
}

fn integer(values: impl Strategy<Value = i128> + 'static) -> BoxedStrategy<String> {
    let spellings = (prop_oneof![values, 0..100_i128], select(&["", " ", "\n"][..]), 0..4);
    let spelled = spellings.prop_map(|(value, blank, base)| {
        let sign = if value < 0 { format!("-{blank}") } else { String::new() };
        let value = value.unsigned_abs();
        match base {
            0 => format!("{sign}{value:#x}"),
            1 => format!("{sign}0{value:o}"),
            _ => format!("{sign}{value}"),
        }
    });
    spelled.boxed()
}

/// Numbers in both of Rust's spellings (`NaN` and `inf` among them), with and without the suffix, with short ones.
fn number(
    plain: impl Strategy<Value = String> + 'static,
    exponent: impl Strategy<Value = String> + 'static,
) -> BoxedStrategy<String> {
    let digits = "-?([1-9][0-9]{0,25}|0)?(\\.[0-9]{1,25})?([eE][+-]?[0-9])?[fF]?";
    let digits = digits.prop_filter("a number has digits", |text| text.starts_with(|c: char| c.is_ascii_digit()));
    let names = select(&["inf", "-inf", "nan", "Infinity", "- INF"][..]).prop_map(str::to_owned);
    prop_oneof![2 => plain, 2 => exponent, 2 => digits, 1 => names].boxed()
}

fn literal() -> BoxedStrategy<String> {
    let characters = prop::collection::vec((any::<char>(), 0..4), 0..8);
    (characters, select(&['\'', '"'][..]))
        .prop_map(|(characters, quote)| {
            let contents: String = characters.into_iter().map(|(c, spelling)| spell(c, quote, spelling)).collect();
            format!("{quote}{contents}{quote}")
        })
        .boxed()
}

/// A character of a string, as it is or in one of the escape sequences.
fn spell(c: char, quote: char, spelling: i32) -> String {
    let bytes = c.to_string().into_bytes();
    match spelling {
        0 => bytes.iter().map(|byte| format!("\\{byte:03o}")).collect(),
        1 => bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect(),
        2 => format!("\\U{:08x}", u32::from(c)),
        _ if c == quote || c == '\\' => format!("\\{c}"),
        _ if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        _ => c.to_string(),
    }
}
