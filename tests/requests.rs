//! What people type at first: names of outputs, numbers, words in the wrong place, and what they are told.

#![cfg(feature = "cli")]

mod folder;

use std::fs;
use std::process::Command;

use folder::{Folder, hash, lenet, stderr};

const INPUT: &str = "layer { name: \"data\" type: \"Input\" top: \"data\" input_param { shape { dim: 2 dim: 4 } } }\n";

/// A folder with the net `net.prototxt`.
fn with_net() -> Folder {
    let folder = Folder::new();
    folder.write("net.prototxt", INPUT);
    folder
}

/// What a refused command says.
fn refused(folder: &Folder, arguments: &str) -> String {
    stderr(&folder.run(arguments).code(2))
}

/// The refusal of a command line, without what clap adds to each.
fn usage(folder: &Folder, arguments: &str) -> String {
    let text = refused(folder, arguments);
    let end = text.find("\n\nUsage:").or_else(|| text.find("\n\nFor more information"));
    text[..end.unwrap_or(text.len())].to_owned()
}

#[test]
fn names_of_other_formats_are_refused() {
    let folder = with_net();
    let ends = ".caffemodel, .hdf5, .h5, .npz, .safetensors, .prototxt or .binaryproto";
    for end in ["onnx", "pth", "npy", "pb", "json", "txt", "gz", "bin"] {
        let expected = format!(
            "error: a.{end}: the name does not say which format; end it in {ends}, or choose one with --format\n"
        );
        assert_eq!(refused(&folder, &format!("init net.prototxt -o a.{end} --seed 1")), expected);
    }
    folder.run("init net.prototxt -o a.CAFFEMODEL --seed 1").success();
    folder.run("init net.prototxt -o a.bin --format caffemodel --seed 1").success();
    assert_eq!(hash(&folder.path("a.CAFFEMODEL")), hash(&folder.path("a.bin")));
    let text = "the deploy net is text; give it a name that ends in .prototxt";
    assert_eq!(refused(&folder, "deploy net.prototxt -o d.npz"), format!("error: d.npz: {text}\n"));
    let weights = "deploy net.prototxt -o d.prototxt --weights a.bin --weights-output d.onnx";
    let expected = format!("error: d.onnx: the name does not say which format; end it in {ends}\n");
    assert_eq!(refused(&folder, weights), expected);
    let expected = "error: new.npz: a file is not upgraded into npz; name a .prototxt or a .caffemodel\n";
    assert_eq!(refused(&folder, "upgrade net.prototxt new.npz"), expected);
    assert_eq!(folder.files(), ["a.CAFFEMODEL", "a.bin", "net.prototxt"]);
}

#[test]
fn without_a_name_the_output_has_that_of_the_net() {
    let folder = with_net();
    fs::create_dir(folder.path("nets")).unwrap();
    folder.write("nets/tiny.v2.prototxt", INPUT);
    let told = stderr(&folder.run("init nets/tiny.v2.prototxt --seed 1").success());
    assert!(told.starts_with("wrote tiny.v2.caffemodel: 1 layer, 0 parameters, "), "{told}");
    let exists = "error: tiny.v2.caffemodel: already exists; --force replaces it\n";
    assert_eq!(refused(&folder, "init nets/tiny.v2.prototxt --seed 1"), exists);
    folder.run("init nets/tiny.v2.prototxt --seed 1 --format npz").success();
    folder.write("solver.prototxt", "net: \"net.prototxt\" base_lr: 0.1 random_seed: 1");
    let told = stderr(&folder.run("init solver.prototxt").success());
    assert!(told.starts_with("wrote net.caffemodel: "), "{told}");
    let itself = "error: net.caffemodel: is the net definition; give the output another name\n";
    assert_eq!(refused(&folder, "init net.caffemodel --seed 1"), itself);
    let files = ["net.caffemodel", "net.prototxt", "nets", "solver.prototxt", "tiny.v2.caffemodel", "tiny.v2.npz"];
    assert_eq!(folder.files(), files);
    let piped = folder.command("init - --seed 1").write_stdin(INPUT).assert().code(2);
    assert_eq!(stderr(&piped), "error: the net comes from standard input: name the output with --output\n");
}

#[test]
fn a_dry_run_takes_no_output() {
    let folder = with_net();
    folder.run("init net.prototxt --dry-run").success().stderr("would write net.caffemodel: 1 layer, 0 parameters\n");
    let piped = folder.command("init - --dry-run").write_stdin(INPUT).assert().success();
    assert_eq!(stderr(&piped), "would write a caffemodel: 1 layer, 0 parameters\n");
    assert_eq!(
        refused(&folder, "init net.prototxt --dry-run -o new/"),
        "error: new/: there is no such folder; name a file\n"
    );
    assert_eq!(folder.files(), ["net.prototxt"]);
}

#[test]
#[cfg(target_os = "linux")]
fn devices_and_pipes_are_outputs() {
    let folder = with_net();
    folder.run(&format!("init {} -o lenet.caffemodel --seed 1", lenet())).success();
    for format in ["caffemodel", "npz"] {
        let told = stderr(&folder.run(&format!("init {} -o /dev/null --seed 1 --format {format}", lenet())).success());
        assert!(told.starts_with("wrote /dev/null: 9 layers, 431,080 parameters, 1.65 MiB, seed 1, "), "{told}");
    }
    folder.run("convert lenet.caffemodel /dev/null --to npz").success();
    folder.run("upgrade net.prototxt /dev/null").success();
    folder.run("init net.prototxt -o /dev/null --dry-run").success();
    for name in ["/dev/stdout", "-"] {
        let run = folder.run(&format!("init {} -o {name} --seed 1", lenet())).success();
        assert!(run.get_output().stdout == fs::read(folder.path("lenet.caffemodel")).unwrap(), "{name}");
    }
    let full = "error: /dev/full: cannot write: No space left on device (os error 28)\n";
    assert_eq!(refused(&folder, "init net.prototxt -o /dev/full --seed 1"), full);
    let script = format!("mkfifo pipe; cat pipe > got & \"$0\" init {} -o pipe --seed 1 && wait", lenet());
    let tool = env!("CARGO_BIN_EXE_caffemodel");
    let shell = Command::new("sh").args(["-c", &script, tool]).current_dir(folder.path("")).output().unwrap();
    assert!(shell.status.success(), "{shell:?}");
    assert_eq!(hash(&folder.path("got")), hash(&folder.path("lenet.caffemodel")));
}

#[test]
fn numbers_are_refused_in_words() {
    let folder = with_net();
    let value = |option: &str| usage(&folder, &format!("init net.prototxt -o z --dry-run {option}"));
    let seeds = "expected a whole number from 0 to 4294967295, or to 18446744073709551615 with --generator native";
    for seed in ["-1", "x", "1e3", "99999999999999999999"] {
        assert_eq!(
            value(&format!("--seed {seed}")),
            format!("error: invalid value '{seed}' for '--seed <SEED>': {seeds}")
        );
    }
    let level =
        "error: invalid value 'x' for '--level <LEVEL>': expected a whole number from -2147483648 to 2147483647";
    assert_eq!(value("--level x"), level);
    let limit = "error: invalid value 'layers=1M' for '--limit <NAME=N>': \"1M\" is not a whole number; write all of its \
                 digits, as in layers=200000";
    assert_eq!(value("--limit layers=1M"), limit);
    let boost = "error: invalid value '2.0' for '--boost <RELEASE>': Boost 2.0.0 is not known: the releases are 1.41.0 to \
                 1.89.0, and later ones of Boost 1 are taken to be like 1.89.0";
    assert_eq!(value("--boost 2.0"), boost);
    let shape = "error: invalid value 'data=8x' for '--shape <TOP=N,C,H,W>': \"\" is not a size; sizes are whole numbers, as \
                 in 8,3,224,224";
    assert_eq!(value("--shape data=8x"), shape);
    let ulp = "error: invalid value '-1' for '--ulp <N>': expected a whole number from 0 to 4294967295";
    assert_eq!(usage(&folder, "compare a b --ulp -1"), ulp);
    let rtol = "error: invalid value '-1' for '--rtol <X>': expected a non-negative number, such as 1e-6";
    assert_eq!(usage(&folder, "compare a b --rtol -1"), rtol);
    folder.run("init net.prototxt -o hex --seed 0x10").success();
    folder.run("init net.prototxt -o decimal --seed 16 -vv -v").success();
    folder.run("init net.prototxt -o quiet --seed 16 -qq").success().stderr("");
    assert_eq!(hash(&folder.path("hex")), hash(&folder.path("decimal")));
}

#[test]
fn words_in_the_wrong_place_are_put_right() {
    let folder = with_net();
    let tip = |arguments: &str| {
        let text = usage(&folder, arguments);
        text.split_once("\n\n  tip: ").map(|(_, tip)| tip.to_owned())
    };
    let tip = |arguments: &str| tip(arguments).unwrap_or_default();
    let refusal = usage(&folder, "net.prototxt");
    let expected =
        "error: unrecognized subcommand 'net.prototxt'\n\n  tip: to initialise a net: caffemodel init net.prototxt";
    assert_eq!(refusal, expected);
    assert_eq!(tip("absent/NET.PROTOTXT -o x"), "to initialise a net: caffemodel init absent/NET.PROTOTXT");
    assert_eq!(tip("net.caffemodel"), "to look at weights: caffemodel inspect net.caffemodel");
    folder.write("notes", "");
    assert_eq!(tip("notes"), "to look at a file: caffemodel inspect notes");
    assert_eq!(tip("int net.prototxt"), "a similar subcommand exists: 'init'");
    assert_eq!(tip("version"), "'caffemodel --version' prints the version");
    let seed = "'--seed' stands behind its subcommand: caffemodel init --seed ...";
    assert_eq!(tip("--seed 1 init net.prototxt"), seed);
    assert_eq!(tip("-o x init net.prototxt"), "'-o' stands behind its subcommand: caffemodel init -o ...");
    assert_eq!(tip("init net.prototxt x.caffemodel"), "to write to it: --output x.caffemodel");
    let behind = |name: &str| format!("the output stands behind the input: caffemodel {name} FROM TO");
    assert_eq!(tip("convert net.caffemodel -o net.npz"), behind("convert"));
    assert_eq!(tip("upgrade net.prototxt --output new.prototxt"), behind("upgrade"));
}

#[test]
fn manual_pages_are_told() {
    let folder = Folder::new();
    let told = stderr(&folder.run("man pages").success());
    assert!(told.starts_with("wrote 12 manual pages into pages: caffemodel.1, caffemodel-init.1, "), "{told}");
    folder.run("man -q").success().stderr("");
    let mut files = folder.files();
    files.retain(|file| file != "pages");
    assert_eq!(files.len(), 12);
}

#[test]
fn a_batch_that_one_input_keeps_is_told() {
    let folder = Folder::new();
    let expected = "\
error: layer \"loss\" (SoftmaxWithLoss), bottom: the bottoms differ in their first dimension: (8, 2) and (64)
 --> net.prototxt:5:39
  |
5 | layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' }
  |                                              ^^^^^^^^^^^^
  |
  = help: \"label\" keeps the shape (64): give it one with the same batch, `--shape label=8`

";
    let net = "\
layer { name: 'data' type: 'Input' top: 'data' input_param { shape { dim: 64 dim: 4 } } }
layer { name: 'label' type: 'Input' top: 'label' input_param { shape { dim: 64 } } }
layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'
        inner_product_param { num_output: 2 weight_filler { type: 'xavier' } } }
layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' }
";
    folder.write("net.prototxt", net);
    assert_eq!(refused(&folder, "init net.prototxt --dry-run --shape data=8,4"), expected.replace(":5:39", ":5:46"));
    folder.run("init net.prototxt --dry-run --shape data=8,4 --shape label=8").success();
}

#[test]
fn a_repeated_unknown_field_is_told_with_its_places() {
    let folder = Folder::new();
    folder.write("net.prototxt", "layer { glow: 1 }\nlayer { glow: 2\n  glow: 3 }\n");
    let expected = "\
error: unknown field \"glow\" in LayerParameter, 3 times: also at 2:9, 3:3
 --> net.prototxt:1:9
  |
1 | layer { glow: 1 }
  |         ^^^^
  |
  = help: no dialect known here has it; if your Caffe does, give its caffe.proto with `--proto FILE`

";
    assert_eq!(refused(&folder, "init net.prototxt"), expected);
}

#[test]
fn arrays_with_the_names_of_a_framework_lead_to_it() {
    let folder = Folder::new();
    let net = |name: &str| {
        format!(
            "{INPUT}layer {{ name: '{name}' type: 'InnerProduct' bottom: 'data' top: 'ip'
                       inner_product_param {{ num_output: 2 bias_term: false weight_filler {{ type: 'xavier' }} }} }}"
        )
    };
    folder.write("torch.prototxt", net("ip.weight"));
    folder.run("init torch.prototxt -o torch.safetensors --seed 1").success();
    let mut bytes = fs::read(folder.path("torch.safetensors")).unwrap();
    // PyTorch's keys have no index; the header keeps its length.
    let key = b"\"ip.weight.0\"";
    let place = bytes.windows(key.len()).position(|found| found == key).unwrap();
    bytes[place..place + key.len()].copy_from_slice(b"\"ip.weight\"  ");
    folder.write("state.safetensors", bytes);
    folder.write("net.prototxt", net("ip"));
    let text = refused(&folder, "convert state.safetensors out.caffemodel --net net.prototxt");
    assert!(
        text.starts_with("error: layer \"ip\" (InnerProduct): state.safetensors has no weights for it\n"),
        "{text}"
    );
    let help = "  = help: its arrays have PyTorch names: take them with --from pytorch\n\n";
    assert!(text.ends_with(help), "{text}");
    folder.run("convert state.safetensors out.caffemodel --net net.prototxt --from pytorch").success();
}
