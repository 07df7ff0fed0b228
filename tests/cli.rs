//! The command line: what it writes, what it prints, and what it refuses.

#![cfg(feature = "cli")]

mod folder;

use std::fs;

use folder::{Folder, hash, lenet, stderr};

/// Runs `init` on a net that must be refused, and returns what it says.
fn refused(folder: &Folder, net: impl AsRef<[u8]>, options: &str) -> String {
    folder.write("net.prototxt", net);
    let options = if options.is_empty() { String::new() } else { format!(" {options}") };
    let assert = folder.run(&format!("init net.prototxt -o out.caffemodel --seed 1{options}")).code(2);
    assert_eq!(folder.files(), ["net.prototxt"], "nothing is left behind");
    stderr(&assert)
}

/// LeNet as Caffe's generator fills it from seed 1701.
const LENET_1701: &str = "6fc702d6714958ea0b4c238daa72e3130ab45436a1bd358be8de84f158e35f5f";

/// LeNet as the native generator fills it from seed 1701.
const LENET_NATIVE_1701: &str = "c633ec758d3d6c96e696b5328274a10b5361db69aee1b40395cc956b72b5c0ef";

const INPUT: &str = "layer { name: \"data\" type: \"Input\" top: \"data\" input_param { shape { dim: 2 dim: 4 } } }\n";

#[test]
fn lenet_is_stable() {
    let folder = Folder::new();
    folder.run(&format!("init {} -o lenet.caffemodel --seed 1701", lenet())).success().stdout("");
    assert_eq!(hash(&folder.path("lenet.caffemodel")), LENET_1701);
    folder.run(&format!("init {} -o native.caffemodel --seed 1701 --generator native", lenet())).success();
    assert_eq!(hash(&folder.path("native.caffemodel")), LENET_NATIVE_1701);
}

#[test]
fn a_chosen_seed_is_printed_and_gives_the_same_file_again() {
    let folder = Folder::new();
    for generator in ["caffe", "native"] {
        let run = folder.run(&format!("init {} -o a --generator {generator} --force --quiet", lenet())).success();
        let printed = stderr(&run);
        let seed = printed.trim().strip_prefix("seed: ").unwrap_or_else(|| panic!("no seed in {printed:?}"));
        let again = folder.run(&format!("init {} -o b --generator {generator} --force --seed {seed}", lenet()));
        assert!(stderr(&again).contains(&format!(", seed {seed}, ")));
        assert_eq!(hash(&folder.path("a")), hash(&folder.path("b")));
    }
}

#[test]
fn an_existing_file_is_replaced_on_request_only() {
    let folder = Folder::new();
    folder.write("out", "precious");
    let init = format!("init {} -o out --seed 1", lenet());
    folder.run(&init).code(2).stderr("error: out: already exists; --force replaces it\n");
    assert_eq!(fs::read(folder.path("out")).unwrap(), b"precious");
    folder.run(&format!("{init} --force")).success();
    assert_ne!(fs::read(folder.path("out")).unwrap(), b"precious");
    assert_eq!(folder.files(), ["out"]);
}

#[test]
fn the_eras_of_boost_differ_and_the_last_is_the_default() {
    let folder = Folder::new();
    let net = format!(
        "{INPUT}layer {{ name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\" \
         inner_product_param {{ num_output: 9 weight_filler {{ type: \"gaussian\" }} }} }}"
    );
    folder.write("net.prototxt", net);
    let made = |options: &str| {
        folder.run(&format!("init net.prototxt -o out --force --seed 1{options}")).success();
        hash(&folder.path("out"))
    };
    let current = made("");
    assert_eq!(made(" --boost 1.89"), current);
    assert_ne!(made(" --boost 1.54"), current);
    let error = folder.run("init net.prototxt -o x --seed 1 --boost 0.9").code(2);
    assert!(stderr(&error).contains("--boost"));
}

#[test]
fn a_weight_without_a_filler_is_warned_about() {
    let folder = Folder::new();
    let layer = "layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\" \
                 inner_product_param { num_output: 3 } }";
    folder.write("net.prototxt", format!("{INPUT}{layer}"));
    let expected = "\
warning: layer \"ip\" (InnerProduct) has no inner_product_param.weight_filler: its weights are all zero and the layer cannot learn
 --> net.prototxt:2:1
  |
2 | layer { name: \"ip\" type: \"InnerProduct\" bottom: \"data\" top: \"ip\" inner_product_param { num_output: 3 } }
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: give it a filler, such as weight_filler { type: \"xavier\" }, or load trained weights before use

";
    folder.run("init net.prototxt -o out --seed 1 --quiet").success().stderr(expected);
}

#[test]
fn an_error_shows_the_place_and_the_remedy() {
    let layer = "layer { name: \"c\" type: \"InnerProduct\" bottom: \"data\" top: \"c\" inner_product_param { num_outputs: 3 } }";
    let expected = "\
error: unknown field \"num_outputs\" in InnerProductParameter
 --> net.prototxt:2:86
  |
2 | layer { name: \"c\" type: \"InnerProduct\" bottom: \"data\" top: \"c\" inner_product_param { num_outputs: 3 } }
  |                                                                                      ^^^^^^^^^^^
  |
  = help: did you mean \"num_output\"?

";
    assert_eq!(refused(&Folder::new(), format!("{INPUT}{layer}"), ""), expected);
}

#[test]
fn a_binary_caffemodel_is_a_net_definition_too() {
    let folder = Folder::new();
    folder.run(&format!("init {} -o first --seed 7", lenet())).success();
    folder.run("init first -o second --seed 8").success();
    assert_eq!(hash(&folder.path("first")), hash(&folder.path("second")));
    let bytes = fs::read(folder.path("first")).unwrap();
    folder.write("cut", &bytes[..bytes.len() - 9]);
    let error = folder.run("init cut -o out --seed 1").code(2);
    let text = stderr(&error);
    assert!(
        text.starts_with("error: cut: not a net definition: truncated: the file ends within the field of NetParameter"),
        "{text}"
    );
}

#[test]
fn bad_input_is_refused_without_a_trace() {
    let folder = Folder::new();
    let first_line = |net: &str, options: &str| refused(&folder, net, options).lines().next().unwrap().to_owned();
    assert_eq!(
        first_line(&format!("{INPUT}layer {{ name: \"a\" type: \"Relu\" bottom: \"data\" top: \"a\" }}"), ""),
        "error: layer \"a\" (Relu), type: unknown layer type \"Relu\""
    );
    assert_eq!(
        first_line(
            "layer { name: \"p\" type: \"Python\" top: \"p\" python_param { module: \"m\" layer: \"L\" } } \
             layer { name: \"s\" type: \"Scale\" bottom: \"p\" top: \"s\" }",
            "--phase test"
        ),
        "error: layer \"p\" (Python), python_param.layer: the shape of top \"p\" is set by m.L in Python"
    );
    assert!(first_line(&"layer {".repeat(100_000), "").starts_with("error: "));
    assert_eq!(
        first_line("layer { }\n".repeat(100_001).as_str(), ""),
        "error: net.prototxt: not a net definition: more than 100000 layers"
    );
    let wide = "layer { name: \"d\" type: \"Input\" top: \"d\" input_param { shape { dim: 65536 dim: 65536 } } }";
    assert_eq!(
        first_line(wide, ""),
        "error: layer \"d\" (Input), input_param.shape: a blob holds at most 2147483647 elements, 65536 x 65536 are more"
    );
    let large = format!(
        "{INPUT}layer {{ name: \"i\" type: \"InnerProduct\" bottom: \"data\" top: \"i\" inner_product_param {{ num_output: 500000000 }} }}"
    );
    let refused = refused(&folder, large, "");
    assert!(refused.contains("the caffemodel would have 10000000122 bytes"), "{refused}");
    assert!(refused.contains("protobuf, and so Caffe, reads at most 2147483647"), "{refused}");
}

#[test]
fn inputs_without_a_shape_are_given_one() {
    let folder = Folder::new();
    let net = "\
layer { name: \"data\" type: \"Input\" top: \"data\" }
layer { name: \"conv\" type: \"Convolution\" bottom: \"data\" top: \"conv\"
        convolution_param { num_output: 2 kernel_size: 3 } }
";
    let expected = "\
error: layer \"conv\" (Convolution), convolution_param.axis: axis 1 is out of range for the 0-axis shape ()
 --> net.prototxt:3:9
  |
3 |         convolution_param { num_output: 2 kernel_size: 3 } }
  |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: the net gives \"data\" no shape: give it with `--shape data=N,C,H,W`

";
    assert_eq!(refused(&folder, net, ""), expected);
    folder.run("init net.prototxt -o - --seed 1 --shape data=1,3,5,5").success();
    let ignored = refused(&folder, net, "--shape data=1,3,5,5 --shape conv=9,9");
    let message = "layer \"conv\" (Convolution), top: makes \"conv\" in the shape (1, 2, 3, 3), whatever the shape (9, 9) given for it";
    assert!(ignored.starts_with(&format!("error: {message}\n")), "{ignored}");
    assert!(ignored.contains("help: shapes are given for inputs, data and Python layers"), "{ignored}");
}

#[test]
fn what_forks_have_is_told() {
    let folder = Folder::new();
    let unknown = refused(&folder, "layer { type: \"A\" }\nlayer { type: \"B\" name: \"b\" }", "");
    for expected in ["error: layer \"\" (A), type: unknown layer type \"A\"", "\"b\" (B), type: unknown"] {
        assert!(unknown.contains(expected), "{unknown}");
    }
    // Types that a fork knows tell its dialect.
    let told = refused(&folder, "layer { type: \"A\" }\nlayer { type: \"Permute\" name: \"p\" }", "");
    let reason = "since BVLC's Caffe lacks this: unknown layer type \"Permute\" at 2:1";
    assert!(told.starts_with("note: net.prototxt: read in the dialect ") && told.contains(reason), "{told}");
    assert!(!told.contains("(Permute)"), "{told}");
    let field = refused(&folder, "layer { permute_param { order: 1 } }", "--dialect bvlc");
    let expected = "\
error: unknown field \"permute_param\" in LayerParameter
 --> net.prototxt:1:9
  |
1 | layer { permute_param { order: 1 } }
  |         ^^^^^^^^^^^^^
  |
  = help: other dialects of Caffe have it: ssd, refinedet";
    assert!(field.starts_with(expected), "{field}");
}

#[test]
fn fields_that_were_renamed_are_told_and_others_are_not_guessed() {
    let folder = Folder::new();
    let help = |field: &str| {
        let said = refused(&folder, format!("layer {{ name: \"a\" type: \"Convolution\" {field} }}"), "");
        assert!(said.starts_with("error: unknown field "), "{said}");
        said.split_once("= help: ").map(|(_, help)| help.trim().to_owned())
    };
    let help = |field| help(field).unwrap_or_default();
    assert_eq!(help("convolution_param { hole: 2 }"), "write dilation instead");
    assert_eq!(help("blobs_lr: 1"), "write param { lr_mult: ... } for each blob instead");
    let unknown = "no dialect known here has it; if your Caffe does, give its caffe.proto with `--proto FILE`";
    assert_eq!(help("capsule_param { num_output: 3 }"), unknown);
    assert_eq!(help("hypernet_param { dim: 1 }"), unknown);
    assert_eq!(help("convolution_param { num_capsules: 3 }"), unknown);
    assert_eq!(help("convolutionparam { }"), "did you mean \"convolution_param\"?");
}

#[test]
fn names_that_are_not_utf8_keep_their_bytes() {
    let folder = Folder::new();
    let net = b"name: 'caf\xe9' layer { name: '\xca\xfd' type: 'Input' top: 'x\xbe' input_param { shape { dim: [2, 3] } } }
                layer { name: 'ip' type: 'InnerProduct' bottom: 'x\xbe' top: 'ip' inner_product_param { num_output: 2 } }";
    folder.write("net.prototxt", net);
    folder.run("init net.prototxt -o out.caffemodel --seed 1").success();
    folder.run("convert out.caffemodel out.prototxt").success();
    folder.run("convert out.prototxt again.caffemodel").success();
    folder.run("inspect out.caffemodel").success();
    let saved = std::fs::read(folder.path("out.caffemodel")).unwrap();
    assert!(saved.starts_with(b"\x0a\x04caf\xe9\xa2\x06"));
    assert!(saved == std::fs::read(folder.path("again.caffemodel")).unwrap());
    let error = refused(&Folder::new(), b"layer { name: '\xca' type: 'None' }", "");
    assert!(error.contains(r#"layer "\xca" (None)"#), "{error}");
}

#[test]
fn dialects_are_chosen_listed_and_told_apart() {
    let folder = Folder::new();
    folder.write("net.prototxt", INPUT);
    folder.run("init net.prototxt -o out --seed 1 --dialect bvlc-1.0 --provenance out.json").success();
    assert!(std::fs::read_to_string(folder.path("out.json")).unwrap().contains("\"dialect\": \"bvlc-1.0\""));
    let error = stderr(&folder.run("init net.prototxt -o other --dialect sdd").code(2));
    assert!(error.contains("did you mean \"ssd\"? the dialects are bvlc, bvlc-1.0, "), "{error}");
    let printed =
        |arguments: &str| String::from_utf8(folder.run(arguments).success().get_output().stdout.clone()).unwrap();
    // The columns are as wide as what is longest in them.
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let listed = printed("dialects").lines().map(words).find(|line| line.starts_with("ssd "));
    assert_eq!(listed.unwrap(), "ssd SSD, the single shot detector weiliu89/caffe, branch ssd, 4817bf8");
    let ssd = printed("dialects ssd");
    for expected in ["from: weiliu89/caffe", "draw the seed of a reader first", "\n  Permute\n", "permute_param"] {
        assert!(ssd.contains(expected), "{ssd}");
    }
    assert!(printed("layers Permute --dialect ssd").contains("dialects: "));
    // Two forks' fields in one net: the nearest is named, with what even that lacks.
    let mixed = "layer { permute_param { order: 1 } }\nlayer { bn_param { } seg_accuracy_param { } upsample_param { } }\n\
                 layer { norm_param { } multibox_loss_param { } video_data_param { } apl_param { } }";
    let mixed = refused(&Folder::new(), mixed, "");
    assert!(mixed.contains("no dialect knows all of the file; the nearest, ") && mixed.contains(", lacks "), "{mixed}");
}

#[test]
fn what_is_hardly_meant_is_told() {
    let folder = Folder::new();
    folder.write("net.prototxt", INPUT);
    let run = folder.run("init net.prototxt -o out --seed 1 --stage deplyo").success();
    assert!(stderr(&run).starts_with("note: net.prototxt: no layer has a rule for the stage \"deplyo\"\n"));
    folder.write("empty.prototxt", "# nothing\n");
    let run = folder.run("init empty.prototxt -o empty --seed 1 --quiet").success();
    let warning =
        "warning: empty.prototxt: the net has no layers\n |\n = help: is it the right file, and complete?\n\n";
    assert_eq!(stderr(&run), warning);
}

#[test]
fn requests_that_cannot_be_met_are_refused() {
    let folder = Folder::new();
    folder.write("net.prototxt", INPUT);
    let says = |arguments: &str, expected: &str| {
        let error = folder.run(arguments).code(2);
        let text = stderr(&error);
        assert!(text.contains(expected), "{arguments}: {text}");
    };
    says("init absent.prototxt -o out", "absent.prototxt: cannot read: No such file or directory");
    says("init net.prototxt -o no/such/folder/out --seed 1", "no/such/folder/out: there is no folder no/such/folder");
    says("init net.prototxt -o . --seed 1", ".: is a folder; name a file in it");
    says("init net.prototxt -o out --seed 4294967296", "Caffe's generator takes seeds up to 4294967295");
    says("init net.prototxt -o out --shape data=2,-4", "dimension 1 is negative (-4)");
    says("init net.prototxt -o out --shape data", "expected TOP=N,C,H,W");
    let unknown = "a shape is given for \"dat\": no layer of the net makes such a blob (did you mean \"data\"?)";
    says("init net.prototxt -o out --shape dat=1", unknown);
    let native = "--boost applies to Caffe's random numbers: leave it out with --generator native";
    says("init net.prototxt -o out --seed 1 --generator native --boost 1.54", native);
    let weights = "--on-mismatch applies to weights: give them with --weights";
    says("init net.prototxt -o out --seed 1 --on-mismatch pad", weights);
    let both = "out: both the output and its provenance; give each its own name";
    says("init net.prototxt -o out --provenance ./out --force", both);
    says("init net.prototxt -o - --provenance -", "standard output: both the output and its provenance");
    let itself = "net.prototxt: is the net definition; give the output another name";
    says("init net.prototxt -o ./net.prototxt --force", itself);
    says("init net.prototxt -o out --provenance net.prototxt --force", itself);
    assert_eq!(folder.files(), ["net.prototxt"]);
}
