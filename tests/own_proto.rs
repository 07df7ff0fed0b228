//! A caffe.proto that the user brings: its fields by its numbers, kept where the program does not know them.

#![cfg(feature = "cli")]

mod folder;

use std::path::Path;

use caffemodel::dialect::Dialect;
use caffemodel::proto::schema::Kind;
use caffemodel::proto::{DESCRIPTOR_SET, Schema};
use caffemodel::{Definition, ReadOptions};
use folder::{Folder, hash, lenet, stderr};

/// BVLC's schema, with what a fork adds to it.
fn proto(added_to_layers: &str, added: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto/caffe.proto");
    let text = std::fs::read_to_string(path).unwrap();
    let start = "\nmessage LayerParameter {\n";
    assert!(text.contains(start));
    text.replace(start, &format!("{start}  {added_to_layers}\n")) + added
}

/// A fork with a field of its own in layers, and one in a message that the program reads.
fn fork() -> String {
    let layers = "optional GlowParameter glow_param = 7123;";
    let added = "message GlowParameter { optional float beta = 2; repeated string note = 1; enum Kind { SOFT = 4; }
                 optional Kind kind = 3; }";
    let text = proto(layers, added);
    let start = "\nmessage ConvolutionParameter {\n";
    text.replace(start, &format!("{start}  optional bool ternary = 99;\n"))
}

const NET: &str = r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 4 kernel_size: 3 ternary: true weight_filler { type: "xavier" } } }
layer { name: "glow" type: "Glow" bottom: "conv" top: "glow" glow_param { kind: SOFT note: "a" beta: 0.5 note: "b" } }
"#;

fn refused(folder: &Folder, proto: &str) -> String {
    folder.write("my.proto", proto);
    stderr(&folder.run("init net.prototxt -o refused --seed 1 --proto my.proto").code(2))
}

#[test]
fn bvlcs_own_proto_changes_nothing() {
    let folder = Folder::new();
    folder.write("my.proto", proto("", ""));
    folder
        .run(&format!("init {} -o own.caffemodel --seed 1 --proto my.proto --provenance own.json", lenet()))
        .success();
    folder.run(&format!("init {} -o plain.caffemodel --seed 1", lenet())).success();
    assert_eq!(hash(&folder.path("own.caffemodel")), hash(&folder.path("plain.caffemodel")));
    assert!(std::fs::read_to_string(folder.path("own.json")).unwrap().contains("--proto my.proto"));
}

#[test]
fn fields_that_nobody_knows_are_kept_and_saved_with_their_numbers() {
    let folder = Folder::new();
    folder.write("my.proto", fork());
    folder.write("net.prototxt", NET);
    let lacking = stderr(&folder.run("init net.prototxt -o out --seed 1 --opaque Glow").code(2));
    assert!(lacking.contains("unknown field"), "{lacking}");
    folder.run("init net.prototxt -o out.caffemodel --seed 1 --opaque Glow --proto my.proto").success();
    let saved = std::fs::read(folder.path("out.caffemodel")).unwrap();
    // glow_param = 7123: note = 1 twice, beta = 2, kind = 3.
    let expected = b"\x9a\xbd\x03\x0d\x0a\x01a\x0a\x01b\x15\0\0\0\x3f\x18\x04";
    assert!(saved.windows(expected.len()).any(|found| found == expected), "the field is not saved");
    // ternary = 99, behind all fields with smaller numbers.
    assert!(saved.windows(3).any(|found| found == b"\x98\x06\x01"));
    folder.run("convert out.caffemodel out.prototxt --proto my.proto").success();
    let text = std::fs::read_to_string(folder.path("out.prototxt")).unwrap();
    assert!(
        text.contains("glow_param {\n    note: \"a\"\n    note: \"b\"\n    beta: 0.5\n    kind: SOFT\n  }"),
        "{text}"
    );
    assert!(text.contains("ternary: true"), "{text}");
    folder.run("convert out.prototxt again.caffemodel --proto my.proto").success();
    assert_eq!(hash(&folder.path("out.caffemodel")), hash(&folder.path("again.caffemodel")));
    folder.run("inspect out.caffemodel --proto my.proto").success();
    let donated =
        "init net.prototxt -o donated.caffemodel --seed 2 --opaque Glow --proto my.proto --weights out.caffemodel";
    folder.run(donated).success();
    assert_eq!(hash(&folder.path("out.caffemodel")), hash(&folder.path("donated.caffemodel")));
}

#[test]
fn fields_of_known_forks_behave_as_ever_whatever_their_numbers() {
    let folder = Folder::new();
    let added = "message NormalizeParameter { optional bool across_spatial = 1 [default = true];
                 optional FillerParameter scale_filler = 2; optional bool channel_shared = 3 [default = true];
                 optional float eps = 4 [default = 1e-10]; }";
    folder.write("my.proto", proto("optional NormalizeParameter norm_param = 6001;", added));
    folder.write(
        "net.prototxt",
        r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "norm" type: "Normalize" bottom: "data" top: "norm"
        norm_param { channel_shared: false scale_filler { type: "constant" value: 20 } } }
layer { name: "loss" type: "SmoothL1Loss" bottom: "norm" bottom: "data" top: "loss" }
"#,
    );
    let told = stderr(&folder.run("init net.prototxt -o out.caffemodel --seed 1 --proto my.proto").success());
    let reason = "read in the dialect ssd (SSD, the single shot detector), since BVLC's Caffe lacks this: unknown layer \
                  type \"SmoothL1Loss\"";
    assert!(told.contains(reason), "{told}");
    folder.run("init net.prototxt -o given.caffemodel --seed 1 --proto my.proto --dialect ssd").success();
    assert_eq!(hash(&folder.path("out.caffemodel")), hash(&folder.path("given.caffemodel")));
    let saved = std::fs::read(folder.path("out.caffemodel")).unwrap();
    // The key of 6001, which is not SSD's number.
    assert!(saved.windows(3).any(|found| found == b"\x8a\xf7\x02"));
    let text = String::from_utf8(
        folder.run("inspect out.caffemodel --proto my.proto --json").success().get_output().stdout.clone(),
    );
    assert!(text.unwrap().contains("\"mean\": 20.0"));
}

#[test]
fn a_proto_that_will_not_do_is_told_with_its_place() {
    let folder = Folder::new();
    folder.write("net.prototxt", NET);
    let says = |proto: &str, expected: &str| {
        let text = refused(&folder, proto);
        assert!(text.contains(expected), "{expected}: {text}");
    };
    says(
        "message A {\n  optional int32 a = ;\n}",
        "error: expected the number of the field, found \";\"\n --> my.proto:2:22",
    );
    says("message A { }", "there is no message NetParameter: this is not the schema of a Caffe");
    says("message A { }", "--> my.proto:1:1");
    let bare = "message NetParameter { } message LayerParameter { }";
    says(bare, "NetParameter has no field name, which nets are saved with");
    let clash = proto("optional float one = 7001;\n  optional float other = 7001;", "");
    says(&clash, "other and one of LayerParameter have the same number 7001");
    assert!(refused(&folder, &clash).contains("optional float other = 7001"));
    says(&proto("optional float one = 19500;", ""), "19500 is not a field number");
    says(&proto("optional Absent one = 7001;", ""), "there is no type Absent");
    says(&proto("optional Phas one = 7001;", ""), "did you mean Phase?");
    says(&proto("optional sint32 one = 7001;", ""), "the type sint32 is not supported");
    says(&proto("", "message ParamSpec { }"), "ParamSpec is declared twice");
    let other_type = proto("", "").replace("optional string type = 2;", "optional int32 type = 2;");
    says(&other_type, "LayerParameter.type is optional int32 here, and optional string in BVLC's Caffe");
    says("\u{1}\u{2}", "my.proto: not a descriptor set");
    let absent = stderr(&folder.run("init net.prototxt -o out --proto absent.proto").code(2));
    assert!(absent.contains("absent.proto: cannot read"), "{absent}");
}

#[test]
fn other_defaults_and_values_are_told() {
    let folder = Folder::new();
    let changed = proto("", "")
        .replace("optional uint32 local_size = 1 [default = 5];", "optional uint32 local_size = 1 [default = 7];");
    assert_ne!(changed, proto("", ""));
    folder.write("my.proto", changed);
    let told = stderr(&folder.run(&format!("init {} -o out --seed 1 --proto my.proto", lenet())).success());
    let expected = "note: my.proto: LRNParameter.local_size is 7 where a net does not give it, and is taken to be 5";
    assert!(told.contains(expected), "{told}");
    let bvlc = proto("", "");
    let methods = "    STOCHASTIC = 2;\n";
    assert!(bvlc.contains(methods));
    let strange =
        Schema::from_proto("my.proto", bvlc.replace(methods, &format!("{methods}    MEDIAN = 77;\n"))).unwrap();
    let expected = "MEDIAN of PoolingParameter.PoolMethod is not known: it is saved as it is, and read as the default";
    assert!(strange.differences().contains(&expected.to_owned()), "{:?}", strange.differences());
}

#[test]
fn a_descriptor_set_is_a_schema_too() {
    let own = Schema::from_descriptor_set("set", DESCRIPTOR_SET).unwrap();
    let text = Schema::from_proto("text", proto("", "")).unwrap();
    for schema in [own, text] {
        assert_eq!(schema.messages().count(), Schema::caffe().messages().count());
        for message in Schema::caffe().messages() {
            for field in message.fields() {
                let of_own = schema.message(message.name()).unwrap().field_named(field.name()).unwrap();
                let numbers = (of_own.number(), of_own.saved_number());
                assert_eq!(numbers, (field.number(), field.saved_number()), "{}.{}", message.name(), field.name());
                assert_eq!(of_own.is_packed(), field.is_packed());
                if let (Kind::Enum(one), Kind::Enum(other)) = (of_own.kind(), field.kind()) {
                    assert!(one.value_names().eq(other.value_names()));
                }
            }
        }
        assert!(schema.differences().is_empty(), "{:?}", schema.differences());
    }
    let mine = Dialect::get("ssd").unwrap().with_schema(own);
    assert!(mine.has_own_schema() && mine != Dialect::get("ssd").unwrap() && mine == mine);
    let definition = Definition::from_bytes_with("net", "layer { name: 'a' }", &ReadOptions::of(Some(mine))).unwrap();
    assert_eq!(definition.dialect.schema().name(), "set");
    assert!(
        Schema::from_descriptor_set("set", b"\x0a\x02\x08")
            .unwrap_err()
            .to_string()
            .contains("set: not a descriptor set")
    );
}

#[test]
fn types_that_the_file_lacks_are_bvlcs() {
    let text = "message NetParameter { optional string name = 1; repeated LayerParameter layer = 100; }
        message LayerParameter {
          optional string name = 1; optional string type = 2; repeated string bottom = 3; repeated string top = 4;
          optional Phase phase = 20; repeated float loss_weight = 5; repeated ParamSpec param = 6;
          repeated BlobProto blobs = 7; optional InputParameter input_param = 8;
        }";
    let schema = Schema::from_proto("my.proto", text).unwrap();
    let layer = schema.message("LayerParameter").unwrap();
    let phase = layer.field_named("phase").unwrap();
    assert_eq!((phase.number(), phase.saved_number(), phase.kind().name()), (10, 20, "Phase"));
    assert!(layer.field_named("convolution_param").is_none());
    let shape = layer.field_named("input_param").unwrap().kind().message().unwrap().field_named("shape").unwrap();
    assert_eq!(shape.kind().name(), "BlobShape");
}

/// Whatever is cut out of a schema or put into it, it is read or refused.
#[test]
fn no_text_is_too_odd() {
    let text = fork();
    let pieces = ["}", "{", "message", "=", "\"", "/*", "repeated", ";", "[", "default = ", "-", "\u{0}", "é", "oneof"];
    for (index, piece) in (0..60).zip(pieces.iter().cycle()) {
        let at = |place: usize| (place..).find(|&place| text.is_char_boundary(place)).unwrap();
        let (start, end) = (at(index * 997 % text.len()), at((index * 997 + 13 * index) % text.len()));
        let (start, end) = (start.min(end), start.max(end));
        let _ = Schema::from_proto("odd.proto", format!("{}{piece}{}", &text[..start], &text[end..]));
        let _ = Schema::from_proto("odd.proto", format!("{}{piece}{}", &text[..end], &text[end..]));
        let _ = Schema::from_descriptor_set("odd", &DESCRIPTOR_SET[..index * 997 % DESCRIPTOR_SET.len()]);
    }
}
