//! Where the parts of texts stand.

use crate::proto::descriptor;
use crate::proto::text::{Document, Source, Span, parse};

const TEXT: &str = "name: 'n'
layer { name: 'a' top: 'x' top: 'y' }
layer: [ { name: 'b' }, <
  convolution_param { num_output: 20 kernel_size: [3, 5] } >
]
";

fn document() -> Document {
    parse(&Source::new("net", TEXT), descriptor("NetParameter")).expect("the text is right")
}

fn text(span: Option<Span>) -> Option<&'static str> {
    span.map(|span| &TEXT[span.start..span.end])
}

#[test]
fn fields_are_found_by_their_path() {
    let document = document();
    let spans = document.spans();
    let find = |path: &[(&str, usize)]| text(spans.find(path));
    assert_eq!(find(&[("name", 0)]), Some("name: 'n'"));
    assert_eq!(find(&[("layer", 0)]), Some("layer { name: 'a' top: 'x' top: 'y' }"));
    assert_eq!(find(&[("layer", 1), ("name", 0)]), Some("name: 'b'"));
    assert_eq!(find(&[("layer", 2), ("convolution_param", 0), ("num_output", 0)]), Some("num_output: 20"));
    assert_eq!(find(&[]), Some(TEXT));
}

#[test]
fn messages_in_a_list_have_places_of_their_own() {
    let document = document();
    let find = |index| text(document.spans().find(&[("layer", index)]));
    assert_eq!(find(1), Some("layer: [ { name: 'b' }"));
    assert!(find(2).is_some_and(|text| text.starts_with("<\n") && text.ends_with('>')));
}

#[test]
fn the_first_of_repeated_values_stands_for_all() {
    let document = document();
    let layer = document.spans().root().child("layer", 0).expect("there is a first layer");
    assert_eq!(text(layer.field("top")), Some("top: 'x'"));
    assert_eq!(text(layer.find(&[("top", 1)])), Some("top: 'x'"));
    let sizes = document.spans().find(&[("layer", 2), ("convolution_param", 0), ("kernel_size", 1)]);
    assert_eq!(text(sizes), Some("kernel_size: [3, 5]"));
}

#[test]
fn what_is_not_given_has_no_place() {
    let document = document();
    let find = |path: &[(&str, usize)]| text(document.spans().find(path));
    assert_eq!(find(&[("layer", 3)]), None);
    assert_eq!(find(&[("layer", 0), ("bottom", 0)]), None);
    assert_eq!(find(&[("layer", 0), ("no such field", 0)]), None);
    assert_eq!(find(&[("name", 0), ("name", 0)]), None);
    assert!(document.spans().root().child("name", 0).is_none());
}
