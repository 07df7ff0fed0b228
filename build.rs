//! Compiles `proto/caffe.proto` and the schemas of forks in `proto/dialects` into Rust types and tables of their
//! fields.

#[path = "build/comments.rs"]
mod comments;
#[path = "build/forks.rs"]
mod forks;
#[path = "build/link.rs"]
mod link;
#[path = "build/on_request.rs"]
mod on_request;
#[path = "build/protoc.rs"]
mod protoc;
#[path = "build/tables.rs"]
mod tables;
#[path = "build/typed.rs"]
mod typed;
#[path = "build/union.rs"]
mod union;

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use prost::Message;
use prost_build::Config;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use union::Union;

/// Messages with a field for every layer type, of which each has one or two.
const LAYERS: [&str; 2] = ["LayerParameter", "V1LayerParameter"];

/// The forks whose schemas stand in `proto/dialects`.
const DIALECTS: &[&str] = &[
    "bvlc-1.0",
    "bvlc-rc5",
    "bvlc-rc3",
    "bvlc-rc2",
    "addons",
    "ssd",
    "refinedet",
    "rfcn",
    "fast-rcnn",
    "soeaver",
    "ducha-aiki",
    "synopsys",
    "yjxiong",
    "pspnet",
    "segnet",
    "segnet-cudnn5",
    "intel",
    "nvidia",
    "crfasrnn",
    "crfasrnn-0.1",
    "happynear",
    "apl",
    "lisa",
    "cambricon",
    "mobilenet-yolo",
    "microsoft",
    "pvanet",
    "mnc",
    "deformable",
    "bottom-up-attention",
    "ctpn",
    "mscnn",
    "cascade-rcnn",
    "yolov3-windows",
    "yolo9000",
    "caffe-yolo",
    "caffe-yolov2",
    "textboxes",
    "textboxes-pp",
    "sstd",
    "ristretto",
    "jacinto",
    "caffe-face",
    "sphereface",
    "deeplab-v2",
    "enet",
    "crfasrnn-crfrnn",
    "flownet2",
    "denseblock",
    "caffe-lstm",
    "caffe-ocr",
    "warpctc",
    "c3d-1.1",
    "video-caffe",
    "wu-lightcnn",
    "weiliu-fcn",
    "hed",
    "jeffdonahue-recurrent",
    "lisa-recurrent",
    "seqface",
    "caffe-pp2",
    "dorn",
    "curve-text",
    "nvidia-0.15",
    "c3d-1.0",
    "deconvnet",
    "sophgo",
    "xilinx",
    "caffe3d",
    "charlesshang",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    link::settings();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let files = DIALECTS.iter().map(|name| format!("proto/dialects/{name}.proto"));
    let files: Vec<String> = std::iter::once("proto/caffe.proto".to_owned()).chain(files).collect();
    let set = protoc::load(&files, &["proto"])?;
    let file = |name: &str| {
        let name = format!("{name}.proto");
        set.file.iter().find(|file| file.name() == name).expect("protoc was given the file")
    };
    let mut union = Union::new(file("caffe"));
    for name in DIALECTS {
        union.add(name, file(&format!("dialects/{name}")));
    }
    let (tables, text) = tables::write(&union);
    fs::write(out.join("tables.rs"), tables)?;
    fs::write(out.join("tables.txt"), text)?;
    fs::write(out.join("on_request.rs"), on_request::write(&union))?;
    let typed = FileDescriptorSet { file: vec![typed::file(&union, file("caffe"))] };
    let mut config = Config::new();
    box_layer_types(&mut config, &typed);
    config.compile_fds(typed)?;
    let mut bvlc = file("caffe").clone();
    bvlc.source_code_info = None;
    fs::write(out.join("caffe.bin"), FileDescriptorSet { file: vec![bvlc] }.encode_to_vec())?;
    Ok(())
}

/// Boxes the parameters of the layer types, but for those that are a few numbers.
fn box_layer_types(config: &mut Config, files: &FileDescriptorSet) {
    let messages: Vec<&DescriptorProto> = files.file.iter().flat_map(|file| &file.message_type).collect();
    let holds_others = |field: &FieldDescriptorProto| {
        let is_kept = field.number() == typed::KEPT;
        !is_kept
            && (field.label() == Label::Repeated
                || matches!(field.r#type(), Type::Message | Type::String | Type::Bytes))
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
