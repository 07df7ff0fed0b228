//! What the reader makes of whole texts, and the writer of messages.

mod errors;
mod recovery;
mod spans;
mod values;
mod writer;

use prost::Message;

use crate::proto::caffe::NetParameter;
use crate::proto::descriptor;

use super::{Source, parse};

fn net(text: &str) -> NetParameter {
    let document = parse(&Source::new("net", text), descriptor("NetParameter"))
        .unwrap_or_else(|errors| panic!("{text}: {}", errors[0]));
    NetParameter::decode(document.bytes()).expect("prost decodes the document")
}

/// The errors of a text, each as it is shown.
fn errors(text: impl Into<Vec<u8>>) -> Vec<String> {
    match parse(&Source::new("net", text), descriptor("NetParameter")) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}
