//! Compiles `proto/caffe.proto` into Rust types, a descriptor set, and the comments of the schema, which stand apart: they
//! are most of the bytes, and seldom needed.
//!
//! protoc comes from the crate `protobuf-src` (feature `vendored-protoc`); without that feature prost-build takes
//! `PROTOC` or the system's protoc.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use prost_build::Config;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet, SourceCodeInfo};

/// Messages with a field for every layer type, of which each has one or two.
const LAYERS: [&str; 2] = ["LayerParameter", "V1LayerParameter"];

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=proto/caffe.proto");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut config = Config::new();
    #[cfg(feature = "vendored-protoc")]
    config.protoc_executable(protobuf_src::protoc());
    let files = config.load_fds(&["proto/caffe.proto"], &["proto"])?;
    write_descriptors(files.clone(), &out)?;
    box_layer_types(&mut config, &files);
    config.compile_fds(files)
}

/// Writes the descriptor set, and the comments before messages and fields.
fn write_descriptors(mut files: FileDescriptorSet, out: &Path) -> std::io::Result<()> {
    let mut comments = SourceCodeInfo::default();
    for info in files.file.iter_mut().filter_map(|file| file.source_code_info.take()) {
        comments.location.extend(info.location.into_iter().filter(|location| location.leading_comments.is_some()));
    }
    fs::write(out.join("comments.bin"), comments.encode_to_vec())?;
    fs::write(out.join("caffe.bin"), files.encode_to_vec())
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
