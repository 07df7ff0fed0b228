//! What the writer makes of messages.

use prost::Message;

use super::net;
use crate::proto::descriptor;
use crate::proto::text::to_string;

/// The text of a net's text.
fn rewritten(text: &str) -> String {
    to_string(descriptor("NetParameter"), &net(text).encode_to_vec()).expect("prost writes messages of the schema")
}

/// The text of a blob's bytes.
fn blob(bytes: &[u8]) -> String {
    to_string(descriptor("BlobProto"), bytes).unwrap_or_else(|error| error.to_string())
}

#[test]
fn every_kind_of_field_stands_on_its_line() {
    let text = "\
        state < stage: ['a', 'b'] level: -1 phase: 1 > force_backward: f\n\
        layer { name: 'conv' type: \"Convolution\" top: 'é' loss_weight: 1e-5\n\
                convolution_param { kernel_size: [3, 5] num_output: 4294967295 weight_filler {} engine: CAFFE } \n\
                blobs { shape { dim: [1, 2] } double_data: 0.1 data: [0.1, inf] } }\n\
        name: \"it's\"";
    let expected = r#"name: "it\'s"
force_backward: false
state {
  phase: TEST
  level: -1
  stage: "a"
  stage: "b"
}
layer {
  name: "conv"
  type: "Convolution"
  top: "\303\251"
  loss_weight: 1e-05
  blobs {
    data: 0.1
    data: inf
    shape {
      dim: 1
      dim: 2
    }
    double_data: 0.1
  }
  convolution_param {
    num_output: 4294967295
    kernel_size: 3
    kernel_size: 5
    weight_filler {
    }
    engine: CAFFE
  }
}
"#;
    assert_eq!(rewritten(text), expected);
    assert_eq!(rewritten(expected), expected);
    assert_eq!(rewritten(""), "");
}

#[test]
fn fields_come_in_the_order_of_their_numbers_packed_or_not() {
    let bytes = b"\x3a\x03\x0a\x01\x02\x2d\0\0\x80\x3f\x08\x05\x2a\x08\0\0\0\x40\0\0\x40\x40";
    assert_eq!(blob(bytes), "num: 5\ndata: 1\ndata: 2\ndata: 3\nshape {\n  dim: 2\n}\n");
}

#[test]
fn the_last_of_single_values_counts_and_single_messages_merge() {
    let bytes = b"\x08\x05\x08\x06\x3a\x02\x08\x07\x10\x01\x3a\x03\x0a\x01\x02";
    assert_eq!(blob(bytes), "num: 6\nchannels: 1\nshape {\n  dim: 7\n  dim: 2\n}\n");
}

#[test]
fn an_unnamed_value_of_an_enum_is_its_number() {
    let text = to_string(descriptor("PoolingParameter"), b"\x08\x4d\x60\x01").unwrap();
    assert_eq!(text, "pool: 77\nglobal_pooling: true\n");
}

#[test]
fn what_is_no_message_is_an_error() {
    assert_eq!(blob(b"\x2a\x08\0\0"), "damaged or unknown in BlobProto");
    assert_eq!(blob(b"\x2a\x03\0\0\0"), "damaged or unknown in BlobProto");
    assert_eq!(blob(b"\x3a\x02\x78\x01"), "damaged or unknown in BlobShape");
}
