//! Weights as they are given to the commands: through pipes, as doubles, with shared blobs, of the wrong kind.

#![cfg(all(feature = "cli", feature = "hdf5"))]

mod folder;

use std::fs;
use std::io::Write;
use std::path::Path;

use caffemodel::proto::caffe::{BlobProto, BlobShape, LayerParameter, NetParameter};
use flate2::Compression;
use flate2::write::GzEncoder;
use folder::{Folder, lenet, stderr};
use prost::Message;

fn model(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name).display().to_string()
}

/// A folder with LeNet's weights in files of these names.
fn with_lenet(files: &[&str]) -> Folder {
    let folder = Folder::new();
    for file in files {
        folder.run(&format!("init {} -o {file} --seed 1701 --quiet", lenet())).success();
    }
    folder
}

/// What a command that fails says.
fn refused(folder: &Folder, arguments: &str) -> String {
    stderr(&folder.run(arguments).code(2).stdout(""))
}

#[test]
fn weights_come_through_a_pipe() {
    let folder = with_lenet(&["l.caffemodel", "l.npz"]);
    let bytes = |name: &str| fs::read(folder.path(name)).unwrap();
    for arguments in ["compare - l.caffemodel", "compare l.npz -"] {
        let run = folder.command(arguments).write_stdin(bytes("l.npz")).assert().code(0).stdout("equal: 8 blobs\n");
        assert_eq!(stderr(&run), "");
    }
    let damaged = folder.command("compare - l.npz").write_stdin(&bytes("l.npz")[..1000]).assert().code(2);
    let expected = "error: standard input: truncated: the zip archive has no directory at its end\n\n";
    assert_eq!(stderr(&damaged), expected);
    for name in ["l.npz", "l.caffemodel"] {
        let (file, piped) = (folder.run(&format!("inspect {name} --csv")), folder.command("inspect - --csv"));
        let piped = { piped }.write_stdin(bytes(name)).assert().success();
        assert_eq!(piped.get_output().stdout, file.success().get_output().stdout, "{name}");
    }
    for net in [
        fs::read(lenet()).unwrap(),
        folder.command("convert - -").write_stdin(fs::read(lenet()).unwrap()).output().unwrap().stdout,
    ] {
        let run = folder.command("inspect - --csv").write_stdin(net).assert().success();
        let file = folder.run(&format!("inspect {} --csv", lenet())).success();
        assert_eq!(run.get_output().stdout, file.get_output().stdout);
    }
    let both = "error: only one of the two files can be standard input\n";
    assert_eq!(refused(&folder, "compare - -"), both);
    assert_eq!(refused(&folder, "inspect - --net -"), both);
    let in_place = "error: --weights -: weights are read in place, from a file; save standard input to one first\n";
    assert_eq!(refused(&folder, &format!("init {} -o out --weights - --seed 1", lenet())), in_place);
}

#[test]
fn doubles_are_rounded_with_a_note() {
    let folder = Folder::new();
    for (name, value) in [("a", 0.1), ("b", 0.1 + 1e-12)] {
        let shape = Some(BlobShape { dim: vec![1] });
        let blob = BlobProto { shape, double_data: vec![value], ..Default::default() };
        let layer = LayerParameter { name: Some("ip".into()), blobs: vec![blob], ..Default::default() };
        folder.write(name, NetParameter { layer: vec![layer], ..Default::default() }.encode_to_vec());
    }
    let note = |name: &str| format!("note: {name}: 1 of the blobs had float64 values, which were rounded to float32\n");
    let run = folder.run("compare a b").code(0).stdout("equal: 1 blob\n");
    assert_eq!(stderr(&run), note("a") + &note("b"));
}

#[test]
fn hdf5_without_the_shared_blobs_of_the_other_file() {
    let folder = Folder::new();
    for file in ["s.h5", "s.caffemodel"] {
        folder.run(&format!("init {} -o {file} --seed 1 --quiet", model("siamese.prototxt"))).success();
    }
    let note = |side: &str| {
        format!(
            "note: s.h5: HDF5 stores a shared blob once, in the first of its layers; if the blobs only in {side} are \
             shared, caffemodel convert s.h5 OUT.caffemodel --net NET.prototxt stores them in every layer\n"
        )
    };
    let (there, back) =
        (folder.run("compare s.h5 s.caffemodel").code(1), folder.run("compare s.caffemodel s.h5").code(1));
    assert_eq!((stderr(&there), stderr(&back)), (note("B"), note("A")));
    assert_eq!(stderr(&folder.run("compare s.h5 s.caffemodel --only conv1").code(0)), "");
    folder.run(&format!("convert s.h5 again.caffemodel --net {}", model("siamese.prototxt"))).success();
    folder.run("compare again.caffemodel s.caffemodel").code(0).stdout("equal: 20 blobs\n").stderr("");
}

#[test]
fn multipliers_of_batch_norm_are_of_no_account_to_weights() {
    let folder = Folder::new();
    folder.write(
        "net",
        "layer { name: 'in' type: 'Input' top: 'in' input_param { shape { dim: 1 dim: 2 } } }
         layer { name: 'bn' type: 'BatchNorm' bottom: 'in' top: 'bn' }",
    );
    folder.run("init net -o bn.caffemodel --seed 1 --quiet").success();
    folder.run("compare bn.caffemodel bn.caffemodel").code(0).stderr("");
    folder.run("init net -o again.caffemodel --weights bn.caffemodel --seed 1 --dry-run").success();
    let note = "note: bn.caffemodel: BatchNorm layers with three params were given lr_mult: 0 and decay_mult: 0\n";
    let run = folder.run("init bn.caffemodel -o again.caffemodel --seed 1").success();
    assert!(stderr(&run).starts_with(note), "{}", stderr(&run));
}

#[test]
fn layers_with_dots_in_their_names_are_written_with_a_backslash() {
    let folder = Folder::new();
    let blob = BlobProto { shape: Some(BlobShape { dim: vec![1] }), data: vec![0.5], ..Default::default() };
    let layer = LayerParameter { name: Some("conv.1".into()), blobs: vec![blob], ..Default::default() };
    folder.write("a", NetParameter { layer: vec![layer], ..Default::default() }.encode_to_vec());
    let expected = "error: --only conv.1: no layer or blob has that name; the layer \"conv.1\" is written conv\\.1\n";
    assert_eq!(refused(&folder, "compare a a --only conv.1"), expected);
    assert_eq!(refused(&folder, "inspect a --except conv.1"), expected.replace("only", "except"));
    folder.run("compare a a --only conv\\.1").code(0).stdout("equal: 1 blob\n");
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_told_in_json() {
    use std::os::unix::ffi::OsStrExt;
    let folder = with_lenet(&["l.npz"]);
    let name = std::ffi::OsStr::from_bytes(b"o\xff");
    fs::copy(folder.path("l.npz"), folder.path("l.npz").with_file_name(name)).unwrap();
    let run = folder.command("compare l.npz --json").arg(name).assert().code(0);
    let found: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!((&found["a"], &found["b"]), (&"l.npz".into(), &"o\u{fffd}".into()));
}

#[test]
fn files_of_the_wrong_kind_are_named() {
    let folder = with_lenet(&["l.npz", "l.h5", "l.safetensors", "l.caffemodel"]);
    let mean = BlobProto { shape: Some(BlobShape { dim: vec![1] }), data: vec![0.5], ..Default::default() };
    folder.write("mean", mean.encode_to_vec());
    for (file, format) in
        [("l.npz", "npz"), ("l.h5", "hdf5"), ("l.safetensors", "safetensors"), ("mean", "binaryproto")]
    {
        let expected = format!(
            "error: {file}: weights in {format}, not a net definition\n |\n = help: init takes them with --weights, \
             beside the net definition\n\n"
        );
        assert_eq!(refused(&folder, &format!("init {file} -o out --seed 1")), expected);
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&fs::read(folder.path("l.caffemodel")).unwrap()).unwrap();
    folder.write("gz", gzip.finish().unwrap());
    folder.write("wide", "\u{feff}name: 'n'".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>());
    folder.write("lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
    folder.write("page", "<!DOCTYPE html>\n<html><body>Not found</body></html>\n");
    for (file, what, help) in [
        ("gz", "compressed with gzip", "gunzip unpacks it"),
        ("wide", "text in UTF-16", "save it in UTF-8"),
        ("lfs", "a Git LFS pointer", "git lfs pull brings the file itself"),
        ("page", "an HTML page", "download the file itself, not the page about it"),
    ] {
        let expected = |wanted: &str| format!("error: {file}: {what}, not {wanted}\n |\n = help: {help}\n\n");
        assert_eq!(refused(&folder, &format!("init {file} -o out --seed 1")), expected("a net definition"));
        assert_eq!(refused(&folder, &format!("compare {file} l.npz")), expected("stored weights"));
        let neither = expected("a net and not stored weights");
        assert_eq!(refused(&folder, &format!("convert {file} out.npz")), neither);
    }
    assert!(!folder.path("out").exists() && !folder.path("out.npz").exists());
}

#[test]
fn cut_files_and_files_of_zeros_are_told_apart() {
    let folder = with_lenet(&["l.caffemodel"]);
    let bytes = fs::read(folder.path("l.caffemodel")).unwrap();
    folder.write("cut", &bytes[..bytes.len() / 2]);
    folder.write("zeros", vec![0; 5000]);
    let cut = "truncated: the file ends within the field of NetParameter that starts at byte";
    let said = refused(&folder, "compare cut l.caffemodel");
    assert!(said.starts_with(&format!("error: cut: not a caffemodel: {cut} ")), "{said}");
    let said = refused(&folder, "init cut -o out --seed 1");
    assert!(said.starts_with(&format!("error: cut: not a net definition: {cut} ")), "{said}");
    let expected = "error: zeros: not a caffemodel: a message ends at byte 0, and nothing after it is read\n\n";
    assert_eq!(refused(&folder, "compare zeros l.caffemodel"), expected);
}

#[test]
fn a_comment_in_another_encoding_does_not_make_a_text_binary() {
    let folder = Folder::new();
    folder.write("latin1", b"# caf\xe9\nname: 'n'\nlayer { name: 'in' type: 'Input' top: 'in' }\n");
    folder.run("convert latin1 net.caffemodel").success();
    folder
        .run("convert net.caffemodel -")
        .success()
        .stdout("name: \"n\"\nlayer {\n  name: \"in\"\n  type: \"Input\"\n  top: \"in\"\n}\n");
    folder.run("init latin1 -o out --shape in=1,2 --seed 1 --quiet").success();
    folder.write("string", b"name: 'caf\xe9'\n");
    folder.run("convert string net2.caffemodel").success();
    assert_eq!(fs::read(folder.path("net2.caffemodel")).unwrap(), b"\x0a\x04caf\xe9");
}

#[test]
fn what_follows_a_text_is_named_with_its_line() {
    let folder = Folder::new();
    for (file, end, help) in [
        ("dos", &b"\x1a"[..], "it is DOS's mark of the end of a file: delete it"),
        ("padded", b"\0\0\0\n", "the text ends here: delete the zero bytes"),
    ] {
        folder.write(file, [&b"name: 'n'\n"[..], end].concat());
        for arguments in ["init {} -o out --seed 1", "convert {} out.caffemodel", "inspect {}", "upgrade {} out"] {
            let said = refused(&folder, &arguments.replace("{}", file));
            assert!(said.contains(&format!("control character 0x{:02x} in the text", end[0])), "{said}");
            assert!(said.contains(&format!("{file}:2:1")) && said.contains(help), "{said}");
        }
    }
}

#[test]
fn texts_that_hold_their_blobs_are_weights() {
    let folder = with_lenet(&["l.caffemodel", "l.prototxt"]);
    folder.run("compare l.caffemodel l.prototxt").code(0).stdout("equal: 8 blobs\n").stderr("");
    folder.run("compare l.prototxt l.caffemodel").code(0).stdout("equal: 8 blobs\n").stderr("");
    let text = fs::read(folder.path("l.prototxt")).unwrap();
    folder.command("compare - l.caffemodel").write_stdin(text).assert().code(0).stdout("equal: 8 blobs\n");
    folder.run(&format!("init {} -o again.caffemodel --seed 2 --weights l.prototxt --quiet", lenet())).success();
    assert_eq!(fs::read(folder.path("again.caffemodel")).unwrap(), fs::read(folder.path("l.caffemodel")).unwrap());
    folder.write("mean", "num: 1 channels: 1 height: 1 width: 2 data: [0.5, 1]");
    folder.run("convert mean mean.binaryproto").success();
    folder.run("compare mean mean.binaryproto").code(0).stdout("equal: 1 blob\n");
    let none = |file: &str| {
        format!(
            "error: {file}: text, not stored weights\n |\n = help: a text net holds weights in the blobs of its layers, \
             and this one has none\n\n"
        )
    };
    assert_eq!(refused(&folder, &format!("compare {} l.caffemodel", lenet())), none(&lenet()));
    folder.write("solver", "net: 'n' base_lr: 1");
    assert_eq!(refused(&folder, "compare solver l.caffemodel"), none("solver"));
    folder.write("broken", "layer { name: 'a' blobs { data: 1 ");
    let said = refused(&folder, "compare broken l.caffemodel");
    assert!(said.contains("broken:1:") && !said.contains("not stored weights"), "{said}");
}

#[test]
fn what_is_no_caffemodel_is_refused_by_its_name() {
    let folder = with_lenet(&["l.caffemodel"]);
    folder.write("pickle.pth", b"\x80\x02}q\0X\x05\0\0\0conv1q\x01K\x01s.");
    let entry = [b"PK\x03\x04".as_slice(), &[0; 22], &[16, 0, 0, 0], b"archive/data.pkl"].concat();
    folder.write("zip.pth", entry);
    folder.write("c3d.binaryproto", b"\x08\x01\x10\x01\x18\x01\x20\x01\x28\x01\x32\x04\0\0\x80\x3f");
    folder.write("unknown", b"\x82\x06\x03abc\x88\x06\x01");
    folder.write("graph", b"\x0a\x06\x0a\x01x\x12\x01y\x0a\x06\x0a\x01z\x12\x01y\x22\0");
    for (file, what) in [
        ("pickle.pth", "a Python pickle, such as PyTorch's older files, not stored weights\n"),
        ("zip.pth", "a PyTorch zip archive, not stored weights\n"),
        ("c3d.binaryproto", "a blob of C3D, which has a length among its sizes, not stored weights\n"),
        ("unknown", "not a caffemodel: it holds no layers: skipped: unknown field number 96"),
        ("graph", "a TensorFlow graph, not stored weights\n"),
    ] {
        for command in
            [format!("init {} -o out --seed 1 --weights {file}", lenet()), format!("compare {file} l.caffemodel")]
        {
            let said = refused(&folder, &command);
            assert!(said.starts_with(&format!("error: {file}: {what}")), "{said}");
        }
        let said = refused(&folder, &format!("convert {file} out.npz"));
        assert!(said.starts_with(&format!("error: {file}: ")), "{said}");
        assert!(refused(&folder, &format!("inspect {file}")).starts_with(&format!("error: {file}: ")));
    }
    assert!(!folder.path("out").exists() && !folder.path("out.npz").exists());
}

#[test]
fn arrays_without_numbers_are_compared_by_their_keys() {
    let field = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field").join(name).display().to_string();
    let folder = Folder::new();
    let run = folder.run(&format!("compare {} {}", field("caffe_blobs.npz"), field("port_blobs.npz"))).code(1);
    let said = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    assert!(said.contains("conv1") && said.contains("prob"), "{said}");
}
