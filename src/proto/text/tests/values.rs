//! The values that texts stand for.

use prost::Message;

use crate::proto::caffe::{FillerParameter, filler_parameter::VarianceNorm};
use crate::proto::descriptor;

use super::net;
use crate::proto::text::{Source, parse};

fn dims(text: &str) -> Vec<i64> {
    net(&format!("input_shape {{ {text} }}")).input_shape.remove(0).dim
}

fn filler(text: &str) -> FillerParameter {
    let document = parse(&Source::new("filler", text), descriptor("FillerParameter"))
        .unwrap_or_else(|errors| panic!("{text}: {}", errors[0]));
    FillerParameter::decode(document.bytes()).expect("prost decodes the document")
}

fn float_bits(text: &str) -> u32 {
    filler(&format!("value: {text}")).value().to_bits()
}

#[test]
fn fields_in_every_spelling() {
    let spellings = [
        "layer { name: 'a' top: 'b' top: 'c' }",
        "layer: < name:\"a\"; top: ['b', \"c\"], >",
        "layer [{ name: 'a' top: 'b' top: ['c'] top: [] }];",
        "layer: [<name: # comment\n 'a', top: 'b'; top: 'c'>]",
    ];
    for text in spellings {
        let net = net(text);
        assert_eq!(net.layer.len(), 1, "{text}");
        assert_eq!((net.layer[0].name(), net.layer[0].top.join(" ").as_str()), ("a", "b c"), "{text}");
    }
    assert_eq!(net(""), net(" # nothing\n"));
}

#[test]
fn the_order_of_repeated_fields_is_kept() {
    assert_eq!(dims("dim: 1 dim: [2, 3] dim: []; dim: 4"), [1, 2, 3, 4]);
    let names: Vec<_> = net("layer { name: 'a' } name: 'n' layer [{ name: 'b' }, { name: 'c' }]").layer;
    assert_eq!(names.iter().map(|layer| layer.name()).collect::<String>(), "abc");
}

#[test]
fn messages_longer_than_127_bytes_have_their_length() {
    let name = "n".repeat(20_000);
    let text = format!("layer {{ name: '{name}' top: '{name}' }} name: 'behind'");
    let net = net(&text);
    assert_eq!((net.layer[0].name(), net.layer[0].top[0].as_str(), net.name()), (&*name, &*name, "behind"));
}

#[test]
fn integers_in_three_bases_with_a_minus_anywhere_before() {
    assert_eq!(dims("dim: [0, 17, 0x1F, 0X1f, 017, 00]"), [0, 17, 31, 31, 15, 0]);
    assert_eq!(dims("dim: [-1, - 1, -\n# comment\n0x10, -0]"), [-1, -1, -16, 0]);
    assert_eq!(dims("dim: [9223372036854775807, -9223372036854775808]"), [i64::MAX, i64::MIN]);
}

#[test]
fn floats_pass_through_a_double() {
    let same = [
        ("1", 1.0),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("1e-2f", 0.01),
        ("2F", 2.0),
        ("12345678901234567890123", 1.2345679e22),
    ];
    for (text, value) in same {
        assert_eq!(float_bits(text), f32::to_bits(value), "{text}");
    }
    // Straight to a float this would be 1 + 2^-23.
    assert_eq!(float_bits("1.00000005960464477539999999"), 1.0_f32.to_bits());
}

#[test]
fn floats_at_the_ends_of_their_range() {
    assert_eq!(float_bits("3.4028235677973366e38"), f32::MAX.to_bits());
    assert_eq!(float_bits("-3.4028235677973366e38"), f32::MIN.to_bits());
    assert_eq!(float_bits("3.402823567797337e38"), f32::INFINITY.to_bits());
    assert_eq!(float_bits("-1e400"), f32::NEG_INFINITY.to_bits());
    assert_eq!(float_bits("1e-46"), 0);
    assert_eq!(float_bits("-0"), 0x8000_0000);
}

#[test]
fn floats_by_name() {
    assert_eq!(float_bits("inf"), f32::INFINITY.to_bits());
    assert_eq!(float_bits("- Infinity"), f32::NEG_INFINITY.to_bits());
    assert_eq!(float_bits("NaN"), 0x7fc0_0000);
    assert_eq!(float_bits("-nan"), 0xffc0_0000);
}

#[test]
fn bools_and_enums_in_every_spelling() {
    for (text, value) in
        [("true", true), ("True", true), ("t", true), ("0x1", true), ("false", false), ("f", false), ("00", false)]
    {
        assert_eq!(net(&format!("force_backward: {text}")).force_backward, Some(value), "{text}");
    }
    for text in ["AVERAGE", "2", "0x2", "02"] {
        assert_eq!(filler(&format!("variance_norm: {text}")).variance_norm(), VarianceNorm::Average, "{text}");
    }
}

#[test]
fn adjacent_literals_are_one_string() {
    assert_eq!(net("name: 'a' \"b'\\n\" # comment\n '' 'c'").name(), "ab'\nc");
    assert_eq!(net("name: '# no comment'").name(), "# no comment");
    assert_eq!(net("name: '\\u00e9 é \\303\\251'").name(), "é é é");
}

#[test]
fn strings_hold_any_bytes() {
    let bytes = |text: &[u8]| {
        let document = parse(&Source::new("net", text), descriptor("NetParameter")).unwrap();
        document.bytes().to_vec()
    };
    assert_eq!(bytes(b"name: '\xe9'"), b"\x0a\x01\xe9");
    assert_eq!(bytes(b"name: '\\xe9'"), b"\x0a\x01\xe9");
    assert_eq!(bytes(b"name: '\\ud83d'"), b"\x0a\x03\xed\xa0\xbd");
    // Two halves of one character are a whole.
    assert_eq!(net("name: '\\303' '\\251'").name(), "é");
}
