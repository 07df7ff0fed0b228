//! Texts with more than one error.

use std::fmt::Write;

use super::errors;
use crate::proto::text::report::MAX_ERRORS;

#[test]
fn reading_goes_on_behind_an_error() {
    let text = "
        nam: 'lenet'
        layer { type: Convolution top: 'a' bottom: [1, 'b', 2] }
        layer { convolution_param { num_output: 1.5; engine: FAST, pad 3 kernel_size = 5 stride: } clip_param {} }
        input_shape { dim: [1, 0x, 'a'] dim: 2 dims: 3 }
        name: 'ok'";
    assert_eq!(
        errors(text),
        [
            "net:2:9: unknown field \"nam\" in NetParameter (did you mean \"name\"?)",
            "net:3:23: expected a quoted string for \"type\", found Convolution (write \"Convolution\")",
            "net:3:53: expected a quoted string for \"bottom\", found 1 (write \"1\")",
            "net:3:61: expected a quoted string for \"bottom\", found 2 (write \"2\")",
            "net:4:49: expected an integer of at least 0 for \"num_output\", found 1.5",
            "net:4:62: unknown value FAST of \"engine\" (it takes DEFAULT, CAFFE, CUDNN)",
            "net:4:72: expected \":\" and an integer of at least 0 after \"pad\", found 3",
            "net:4:86: expected \":\" and an integer of at least 0 after \"kernel_size\", found \"=\"",
            "net:4:98: expected an integer of at least 0 for \"stride\", found \"}\"",
            "net:4:100: missing required fields \"min\" and \"max\" in ClipParameter",
            "net:5:34: 0x must be followed by hexadecimal digits",
            "net:5:36: expected an integer for \"dim\", found 'a'",
            "net:5:48: unknown field \"dims\" in BlobShape (did you mean \"dim\"?)",
        ]
    );
}

#[test]
fn an_unknown_field_is_skipped_with_all_that_is_in_it() {
    let skipped = [
        "roi_pooling_param { pooled_w: 7 list: [1, { a: 'b}' }] deep < x: -1.5 > y: 08 }",
        "roi_pooling_param: [ { a: 1 }, { a: 2 } ];",
        "roi_pooling_param: FAST",
        "roi_pooling_param: 'a' 'b',",
        "roi_pooling_param: -inf",
    ];
    for text in skipped {
        assert_eq!(
            errors(format!("layer {{ {text} nam: 'a' }}").as_str()).len(),
            2,
            "the field and the one behind it: {text}"
        );
    }
}

#[test]
fn an_unknown_field_is_reported_once_with_its_count() {
    let layer = "layer { roi_pooling_param { pooled_w: 7 } }\n";
    let of_times = |times: usize| {
        let found = errors(layer.repeat(times));
        let [found] = &found[..] else { panic!("{found:?}") };
        found.split_once(" (other dialects of Caffe have it: ").unwrap().0.to_owned()
    };
    let unknown = "net:1:9: unknown field \"roi_pooling_param\" in LayerParameter";
    assert_eq!(of_times(1), unknown);
    assert_eq!(of_times(2), format!("{unknown}, 2 times: also at 2:9"));
    assert_eq!(of_times(4), format!("{unknown}, 4 times: also at 2:9, 3:9, 4:9"));
    assert_eq!(of_times(5), format!("{unknown}, 5 times: also at 2:9, 3:9, 4:9 and 1 more place"));
    assert_eq!(of_times(30), format!("{unknown}, 30 times: also at 2:9, 3:9, 4:9 and 26 more places"));
}

#[test]
fn a_missing_brace_is_told_by_what_follows() {
    let text = "layer { name: 'a'\nlayer { name: 'b' }\nlayer { name: 'c' }\n";
    assert_eq!(
        errors(text),
        [
            "net:1:7: \"{\" is not closed",
            "net:2:1: unknown field \"layer\" in LayerParameter, 2 times: also at 3:1 \
             (NetParameter has such a field: is a closing brace missing before it?)",
        ]
    );
}

#[test]
fn reading_ends_after_twenty_errors() {
    let mut text = String::new();
    for line in 1..100 {
        writeln!(text, "layer {{ name: {line} }}").expect("strings take text");
    }
    let errors = errors(text.as_str());
    assert_eq!(errors.len(), MAX_ERRORS);
    assert_eq!(errors[0], "net:1:15: expected a quoted string for \"name\", found 1 (write \"1\")");
    assert_eq!(errors[MAX_ERRORS - 1], format!("net:{MAX_ERRORS}:15: too many errors"));
}

#[test]
fn depth_is_limited_in_what_is_skipped() {
    let nested = |depth| format!("layer {{ new {}{} }}", "{ a ".repeat(depth), "}".repeat(depth));
    assert_eq!(errors(nested(98).as_str()).len(), 1);
    let deep = errors(nested(1_000_000).as_str());
    assert_eq!(deep.len(), 2);
    assert_eq!(deep[1], "net:1:409: more than 100 nested messages");
}

#[test]
fn nonsense_gives_errors_and_ends() {
    for text in ["[[[[", "}}}}", "a b c d", ": : :", "layer layer layer", "layer [ layer [", "- - -", "'", "layer {{{{"]
    {
        assert!(!errors(text).is_empty(), "{text}");
    }
}
