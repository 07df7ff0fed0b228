//! Compiles `proto/caffe.proto` into Rust types, tables of its fields, and a descriptor set for the tests.

#[path = "build/protoc.rs"]
mod protoc;
#[path = "build/tables.rs"]
mod tables;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use prost::Message;
use prost_build::Config;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

/// Messages with a field for every layer type, of which each has one or two.
const LAYERS: [&str; 2] = ["LayerParameter", "V1LayerParameter"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto/caffe.proto");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut files = protoc::load("proto/caffe.proto", "proto")?;
    let (tables, comments) = tables::write(&files);
    fs::write(out.join("tables.rs"), tables)?;
    fs::write(out.join("comments.txt"), comments)?;
    let mut config = Config::new();
    box_layer_types(&mut config, &files);
    config.compile_fds(files.clone())?;
    for file in &mut files.file {
        file.source_code_info = None;
    }
    fs::write(out.join("caffe.bin"), files.encode_to_vec())?;
    Ok(())
}

/// Boxes the parameters of the layer types, but for those that are a few numbers.
fn box_layer_types(config: &mut Config, files: &FileDescriptorSet) {
    let messages: Vec<&DescriptorProto> = files.file.iter().flat_map(|file| &file.message_type).collect();
    let holds_others = |field: &FieldDescriptorProto| {
        field.label() == Label::Repeated || matches!(field.r#type(), Type::Message | Type::String | Type::Bytes)
    };
    let large = |field: &&FieldDescriptorProto| {
        let name = field.type_name().trim_start_matches(".caffe.");
        let message = messages.iter().find(|message| message.name() == name);
        field.label() == Label::Optional && message.is_some_and(|message| message.field.iter().any(holds_others))
    };
    for layer in messages.iter().filter(|message| LAYERS.contains(&message.name())) {
        for field in layer.field.iter().filter(large) {
            config.boxed(format!(".caffe.{}.{}", layer.name(), field.name()));
        }
    }
}
