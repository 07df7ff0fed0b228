//! The text of errors, one at a time.

use super::errors;

/// The only error of a text.
fn error(text: &str) -> String {
    let mut errors = errors(text);
    assert_eq!(errors.len(), 1, "{text}: {errors:?}");
    errors.remove(0)
}

/// The only error of a layer with a convolution, from the column of `field` on.
fn convolution(field: &str) -> String {
    let error = error(&format!("layer {{ convolution_param {{\n{field}\n}} }}"));
    error.strip_prefix("net:2:").unwrap_or(&error).to_owned()
}

#[test]
fn unknown_fields() {
    assert_eq!(
        convolution("num_outputs: 20"),
        "1: unknown field \"num_outputs\" in ConvolutionParameter (did you mean \"num_output\"?)"
    );
    assert_eq!(error("version: 2"), "net:1:1: unknown field \"version\" in NetParameter");
    assert_eq!(error("Layer {}"), "net:1:1: unknown field \"Layer\" in NetParameter (did you mean \"layer\"?)");
    assert_eq!(
        error("layer { layer {} }"),
        "net:1:9: unknown field \"layer\" in LayerParameter \
         (NetParameter has such a field: is a closing brace missing before it?)"
    );
    assert_eq!(
        error(&format!("{} 1", "n".repeat(100))),
        format!("net:1:1: unknown field \"{}…\" in NetParameter", "n".repeat(40))
    );
}

#[test]
fn fields_given_twice() {
    assert_eq!(error("name: 'a'\nname: 'a'"), "net:2:1: \"name\" is given twice (first given on line 1)");
    assert_eq!(error("state {} state {}"), "net:1:10: \"state\" is given twice (first given on line 1)");
}

#[test]
fn numbers_of_the_wrong_kind() {
    assert_eq!(convolution("num_output: 2.5"), "13: expected an integer of at least 0 for \"num_output\", found 2.5");
    assert_eq!(convolution("num_output: -2"), "13: expected an integer of at least 0 for \"num_output\", found -2");
    assert_eq!(convolution("axis: '1'"), "7: expected an integer for \"axis\", found '1'");
    assert_eq!(convolution("axis: +1"), "7: expected an integer for \"axis\", found \"+\"");
    assert_eq!(
        convolution("num_output: 0x100000000"),
        "13: 0x100000000 is out of the range of \"num_output\" (it takes 0 to 4294967295)"
    );
    assert_eq!(
        convolution("axis: - 2147483649"),
        "7: -2147483649 is out of the range of \"axis\" (it takes -2147483648 to 2147483647)"
    );
    assert_eq!(convolution("weight_filler { std: 010 }"), "22: expected a decimal number for \"std\", found 010");
    assert_eq!(convolution("weight_filler { std: - half }"), "24: expected a number for \"std\", found half");
    assert_eq!(convolution("weight_filler { std: inff }"), "22: expected a number for \"std\", found inff");
}

#[test]
fn words_of_the_wrong_kind() {
    assert_eq!(convolution("bias_term: yes"), "12: expected true or false for \"bias_term\", found yes");
    assert_eq!(convolution("bias_term: 2"), "12: expected true or false for \"bias_term\", found 2");
    assert_eq!(error("name: net"), "net:1:7: expected a quoted string for \"name\", found net (write \"net\")");
    assert_eq!(convolution("engine: CAFE"), "9: unknown value CAFE of \"engine\" (did you mean CAFFE?)");
    assert_eq!(
        convolution("engine: MKL2017"),
        "9: unknown value MKL2017 of \"engine\" (it takes DEFAULT, CAFFE, CUDNN)"
    );
    assert_eq!(convolution("engine: -1"), "9: unknown value -1 of \"engine\" (it takes DEFAULT, CAFFE, CUDNN)");
    assert_eq!(
        convolution("engine: \"caffe\""),
        "9: expected a name without quotes for \"engine\", found \"caffe\" (write CAFFE)"
    );
    assert_eq!(error("layers { type: 40 }"), "net:1:16: unknown value 40 of \"type\"");
}

#[test]
fn missing_parts() {
    assert_eq!(error("name 'a'"), "net:1:6: expected \":\" and a quoted string after \"name\", found 'a'");
    assert_eq!(error("name = 'a'"), "net:1:6: expected \":\" and a quoted string after \"name\", found \"=\"");
    assert_eq!(error("name:\nlayer {}"), "net:2:1: expected a quoted string for \"name\", found layer");
    assert_eq!(
        error("layers { type:\n name: 'a' }"),
        "net:2:2: expected a name without quotes for \"type\", found name"
    );
    assert_eq!(error("name:"), "net:1:6: expected a quoted string for \"name\", found the end of the text");
    assert_eq!(error("layer: 'a'"), "net:1:8: expected a message in braces for \"layer\", found 'a'");
}

#[test]
fn missing_required_fields() {
    assert_eq!(error("layer {\n clip_param { min: 0 } }"), "net:2:2: missing required field \"max\" in ClipParameter");
    assert_eq!(
        error("layer { clip_param {} }"),
        "net:1:9: missing required fields \"min\" and \"max\" in ClipParameter"
    );
}

#[test]
fn lists() {
    let dims = |list: &str| error(&format!("input_shape {{ dim: {list} }}"));
    assert_eq!(dims("[1, 2,]"), "net:1:26: expected an integer for \"dim\", found \"]\"");
    assert_eq!(dims("[1 2]"), "net:1:23: expected \",\" or \"]\" in the list of \"dim\", found 2");
    assert_eq!(dims("[1"), "net:1:23: expected \",\" or \"]\" in the list of \"dim\", found \"}\"");
    assert_eq!(dims("[[1]]"), "net:1:21: expected an integer for \"dim\", found \"[\"");
    assert_eq!(error("name: ['a']"), "net:1:7: expected a quoted string for \"name\", found \"[\"");
}

#[test]
fn what_is_no_field() {
    assert_eq!(
        error("name: 'a';;"),
        "net:1:11: expected a field name, found \";\" (at most one separator may follow a value)"
    );
    assert_eq!(error("// net"), "net:1:1: expected a field name, found \"/\" (comments begin with #)");
    assert_eq!(error("{ name: 'a' }"), "net:1:1: expected a field name, found \"{\"");
    assert_eq!(error("1: 'a'"), "net:1:1: expected a field name, found 1");
    assert_eq!(
        error("[caffe.more] { name: 'a' }"),
        "net:1:1: extensions and Any values are not part of Caffe's format"
    );
}

#[test]
fn braces() {
    assert_eq!(error("layer {\n name: 'a'"), "net:1:7: \"{\" is not closed");
    assert_eq!(error("layer <\n}"), "net:2:1: \"}\" cannot close the \"<\" on line 1");
    assert_eq!(error("layer {} }"), "net:1:10: \"}\" closes nothing");
    assert_eq!(
        errors("new_param { a: [1\n}"),
        ["net:1:1: unknown field \"new_param\" in NetParameter", "net:2:1: \"}\" cannot close the \"[\" on line 1"]
    );
}

#[test]
fn tokens() {
    assert_eq!(convolution("num_output: 20kernel_size: 3"), "15: a number must be followed by a space or a separator");
    assert_eq!(error("name: 'a\nlayer {}"), "net:1:7: the string is not closed on its line");
    assert_eq!(
        error("name: 'a\\qb'"),
        "net:1:9: unknown escape sequence in a string (a backslash itself is written \\\\)"
    );
    assert_eq!(error("name: 'a\0b'"), "net:1:9: a zero byte in a string (write \\0)");
    assert_eq!(error("name: “a b”"), "net:1:7: unexpected character “ (U+201C) (strings take straight quotes)");
    assert_eq!(
        error("name:\u{a0}'a'"),
        "net:1:6: unexpected character U+00A0 (this is a non-breaking space, use a plain one)"
    );
    assert_eq!(
        errors(b"name: \xff".to_vec()),
        ["net:1:7: unexpected byte 0xff, which is not UTF-8 (only strings and comments may hold it)"]
    );
}

#[test]
fn files_that_are_no_text() {
    assert_eq!(
        error("\u{feff}name: 'a'"),
        "net:1:1: the text begins with a byte order mark (save the file as UTF-8 without one)"
    );
    assert_eq!(errors(b"\xff\xfen\0".to_vec()), ["net:1:1: the text is UTF-16 (save the file as UTF-8)"]);
    assert_eq!(
        errors(b"\x0a\x05lenet\xa2\x06\x01".to_vec()),
        ["net:2:1: control character 0x05 in the text (is this a binary file?)"]
    );
}
