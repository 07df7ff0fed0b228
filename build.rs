//! Compiles `proto/caffe.proto` into Rust types and a descriptor set.
//!
//! protoc comes from the crate `protobuf-src` (feature `vendored-protoc`); without that feature prost-build takes
//! `PROTOC` or the system's protoc.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=proto/caffe.proto");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut config = prost_build::Config::new();
    #[cfg(feature = "vendored-protoc")]
    config.protoc_executable(protobuf_src::protoc());
    config.file_descriptor_set_path(out.join("caffe.bin"));
    config.compile_protos(&["proto/caffe.proto"], &["proto"])
}
