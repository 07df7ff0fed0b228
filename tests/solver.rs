//! Solvers as what `init` starts from: the net, the state, the seed and the weights that `caffe train` would take.

#![cfg(feature = "cli")]

mod folder;

use std::fs;
use std::path::{Path, PathBuf};

use caffemodel::net::Solver;
use caffemodel::proto::caffe::Phase;
use folder::{Folder, stderr};

const LAYERS: &str = r#"
layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "i" type: "InnerProduct" bottom: "d" top: "i" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "test" type: "Silence" bottom: "i" include { phase: TEST } }
layer { name: "deep" type: "Silence" bottom: "i" include { min_level: 2 } }
layer { name: "a" type: "Silence" bottom: "i" include { stage: "a" } }
layer { name: "b" type: "Silence" bottom: "i" include { stage: "a" stage: "b" } }
"#;

impl Folder {
    /// What `init` makes of a file, and what it tells.
    fn init(&self, arguments: &str) -> (Vec<u8>, String) {
        let run = self.run(&format!("init {arguments} -o made --force")).success();
        let told = stderr(&run);
        let notes = told.lines().filter(|line| !line.starts_with("wrote ")).map(|line| format!("{line}\n")).collect();
        (fs::read(self.path("made")).unwrap(), notes)
    }

    fn made(&self, arguments: &str) -> Vec<u8> {
        let (made, notes) = self.init(arguments);
        assert_eq!(notes, "", "{arguments}");
        made
    }
}

/// The lines of an error with its place.
fn refused(solver: &str, expected: &str) {
    let folder = Folder::new();
    folder.write("solver.prototxt", solver);
    let run = folder.run("init solver.prototxt -o made --seed 1").code(2);
    assert_eq!(stderr(&run), expected);
    assert_eq!(folder.files(), ["solver.prototxt"], "nothing is left behind");
}

fn solver(text: &str) -> Solver {
    Solver::from_bytes("solver.prototxt", text, Path::new("")).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_four_ways_to_name_a_net_give_the_same() {
    let folder = Folder::new();
    folder.write("net.prototxt", LAYERS);
    let expected = folder.made("net.prototxt --seed 1701");
    for net in ["net: 'net.prototxt'", "train_net: 'net.prototxt'"] {
        folder.write("solver.prototxt", format!("{net} base_lr: 0.1 random_seed: 1701"));
        assert!(folder.made("solver.prototxt") == expected, "{net}");
    }
    for field in ["net_param", "train_net_param"] {
        folder.write("solver.prototxt", format!("random_seed: 1701\n{field} {{ {LAYERS} }}"));
        assert!(folder.made("solver.prototxt") == expected, "{field}");
    }
}

#[test]
fn the_seed_is_the_option_or_that_of_the_solver_or_chosen() {
    let folder = Folder::new();
    folder.write("net.prototxt", LAYERS);
    folder.write("solver.prototxt", "net: 'net.prototxt' random_seed: 3");
    assert!(folder.made("solver.prototxt") == folder.made("net.prototxt --seed 3"));
    assert!(folder.made("solver.prototxt --seed 4") == folder.made("net.prototxt --seed 4"));
    folder.write("solver.prototxt", "net: 'net.prototxt' random_seed: 4294967301");
    let (made, notes) = folder.init("solver.prototxt");
    assert!(made == folder.made("net.prototxt --seed 5"));
    assert_eq!(notes, "note: solver.prototxt: random_seed 4294967301 is cut to 32 bits, as in Caffe: 5\n");
    for unseeded in ["net: 'net.prototxt'", "net: 'net.prototxt' random_seed: -1"] {
        folder.write("solver.prototxt", unseeded);
        let run = folder.run("init solver.prototxt -o made --force --quiet").success();
        let seed = stderr(&run).trim().strip_prefix("seed: ").expect("a chosen seed is told").to_owned();
        let made = fs::read(folder.path("made")).unwrap();
        assert!(made == folder.made(&format!("solver.prototxt --seed {seed}")));
    }
}

#[test]
fn the_state_is_that_of_training() {
    let folder = Folder::new();
    let state = "state { stage: 'a' phase: TEST }";
    folder.write("net.prototxt", format!("{state} {LAYERS}"));
    folder.write("solver.prototxt", "net: 'net.prototxt' random_seed: 1 train_state { stage: 'b' }");
    assert!(folder.made("solver.prototxt") == folder.made("net.prototxt --seed 1 --stage b"));
    folder.write("solver.prototxt", "net: 'net.prototxt' random_seed: 1 train_state { phase: TRAIN }");
    let train = folder.made("net.prototxt --seed 1 --phase train");
    assert!(folder.made("solver.prototxt") == train);
    assert!(folder.made("solver.prototxt --phase train") == train);
    assert!(folder.made("solver.prototxt --phase test") == folder.made("net.prototxt --seed 1"));
    assert!(folder.made("solver.prototxt --level 2") == folder.made("net.prototxt --seed 1 --phase train --level 2"));
    let both = folder.made("net.prototxt --seed 1 --phase train --stage b");
    assert!(folder.made("solver.prototxt --stage b") == both && both != train);
}

#[test]
fn the_level_is_0_as_for_caffe_train() {
    let folder = Folder::new();
    folder.write("net.prototxt", LAYERS);
    folder.write("solver.prototxt", "net: 'net.prototxt' random_seed: 1 train_state { level: 2 }");
    let (made, notes) = folder.init("solver.prototxt");
    assert!(made == folder.made("net.prototxt --seed 1"));
    let expected =
        "note: solver.prototxt: level 2 is ignored, as in caffe train: the level is 0 unless --level gives one\n";
    assert_eq!(notes, expected);
    let (made, _) = folder.init("solver.prototxt --level 2");
    assert!(made == folder.made("net.prototxt --seed 1 --level 2"));
}

#[test]
fn a_phase_is_train_unless_the_files_say_otherwise() {
    let state = |text: &str| solver(&format!("{text} max_iter: 1")).definition.state;
    let net = state("net_param { }");
    assert_eq!((net.phase, net.level), (Some(Phase::Train as i32), Some(0)));
    assert_eq!(state("net_param { state { phase: TEST } }").phase(), Phase::Test);
    assert_eq!(state("net_param { state { phase: TEST } } train_state { phase: TRAIN }").phase(), Phase::Train);
    let stages = state("net_param { state { stage: 'a' } } train_state { stage: 'b' stage: 'c' }").stage;
    assert_eq!(stages, ["a", "b", "c"]);
}

#[test]
fn a_net_beside_the_solver_is_found_and_announced() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("models/lenet")).unwrap();
    folder.write("models/lenet/net.prototxt", LAYERS);
    let expected = folder.made("models/lenet/net.prototxt --seed 1");
    let init = |net: &str| {
        folder.write("models/lenet/solver.prototxt", format!("net: '{net}' random_seed: 1"));
        folder.init("models/lenet/solver.prototxt")
    };
    let (made, notes) = init("models/lenet/net.prototxt");
    assert!(made == expected);
    assert_eq!(notes, "", "Caffe's place");
    let (made, notes) = init("net.prototxt");
    assert!(made == expected);
    let beside = "note: models/lenet/solver.prototxt: no \"net.prototxt\" in the current folder: reading \
                  models/lenet/net.prototxt\n";
    assert_eq!(notes, beside);
    let (made, notes) = init("examples/mnist/net.prototxt");
    assert!(made == expected);
    let by_name = "note: models/lenet/solver.prototxt: no \"examples/mnist/net.prototxt\": reading \
                   models/lenet/net.prototxt beside the solver\n";
    assert_eq!(notes, by_name);
}

#[test]
fn weights_are_the_files_of_the_lists() {
    let weights = solver("net_param { } weights: 'a.caffemodel, b/c.h5' weights: 'd'").weights;
    assert_eq!(weights, ["a.caffemodel", "b/c.h5", "d"].map(PathBuf::from));
    let folder = Folder::new();
    folder.write("a.caffemodel", "");
    let text = "net_param { } weights: 'models/a.caffemodel'";
    let beside = Solver::from_bytes("solver.prototxt", text, folder.path("").as_path()).unwrap();
    assert_eq!(beside.weights, [folder.path("a.caffemodel")]);
    let notice = format!("no \"models/a.caffemodel\": reading {} beside the solver", beside.weights[0].display());
    assert_eq!(beside.notices, [notice]);
}

#[test]
fn the_net_starts_from_the_weights_of_the_solver_or_of_the_option() {
    let folder = Folder::new();
    folder.write("net.prototxt", LAYERS);
    for seed in [3, 4] {
        folder.run(&format!("init net.prototxt -o {seed}.caffemodel --seed {seed} -q")).success();
    }
    let donor = |seed: i32| fs::read(folder.path(&format!("{seed}.caffemodel"))).unwrap();
    folder.write("solver.prototxt", "net: 'net.prototxt' weights: '3.caffemodel'");
    let (made, told) = folder.init("solver.prototxt --seed 1");
    assert!(made == donor(3), "{told}");
    let (made, _) = folder.init("solver.prototxt --seed 1 --weights 4.caffemodel");
    assert!(made == donor(4));
    let (made, _) = folder.init("solver.prototxt --seed 1 --except *");
    assert!(made == folder.made("net.prototxt --seed 1"));
    folder.write("solver.prototxt", "net: 'net.prototxt' weights: '3.caffemodel, absent.caffemodel'");
    let error = "error: absent.caffemodel: cannot read: No such file or directory (os error 2)\n";
    folder.run("init solver.prototxt -o absent --seed 1").code(2).stderr(error);
    let error = "error: --except applies to weights: give them with --weights\n";
    folder.run("init net.prototxt -o absent --seed 1 --except i").code(2).stderr(error);
}

#[test]
fn a_solver_of_the_old_format_is_read() {
    let folder = Folder::new();
    folder.write("net.prototxt", LAYERS);
    folder.write("solver.prototxt", "net: 'net.prototxt' random_seed: 1 solver_type: ADAM");
    let (made, notes) = folder.init("solver.prototxt");
    assert!(made == folder.made("net.prototxt --seed 1"));
    assert_eq!(notes, "note: solver.prototxt: solver_type: ADAM became type: \"Adam\"\n");
    refused(
        "net: 'net.prototxt'\nsolver_type: ADAM\ntype: 'Adam'",
        "\
error: solver_type: type is given as well
 --> solver.prototxt:2:1
  |
2 | solver_type: ADAM
  | ^^^^^^^^^^^^^^^^^
  |
  = help: remove solver_type, the older of the two

",
    );
}

#[test]
fn a_net_of_the_old_format_is_upgraded_in_its_file_and_refused_within_a_solver() {
    let folder = Folder::new();
    let old = "layers { type: DUMMY_DATA top: 'd' dummy_data_param { num: 1 channels: 1 height: 1 width: 1 } }";
    folder.write("net.prototxt", old);
    folder.write("solver.prototxt", "net: 'net.prototxt' random_seed: 1");
    let (_, notes) = folder.init("solver.prototxt");
    assert_eq!(notes, "note: net.prototxt: the net was upgraded from the V1 format\n");
    refused(
        "base_lr: 1\nnet_param {\n  layers { name: 's' type: SILENCE }\n}",
        "\
error: layers: Caffe does not read the older formats in a solver
 --> solver.prototxt:3:3
  |
3 |   layers { name: 's' type: SILENCE }
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: caffemodel upgrade rewrites the solver with its nets

",
    );
}

#[test]
fn a_solver_names_one_net() {
    refused(
        "base_lr: 0.01 # no net",
        "\
error: the solver names no net to train
 --> solver.prototxt:1:1
  |
1 | base_lr: 0.01 # no net
  | ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: give one of net, net_param, train_net, train_net_param

",
    );
    refused(
        "train_net: 'a'\nnet: 'a'",
        "\
error: net and train_net are both given
 --> solver.prototxt:1:1
  |
1 | train_net: 'a'
  | ^^^^^^^^^^^^^^
  |
  = help: name the net to train in one of net, net_param, train_net, train_net_param

",
    );
    refused(
        "base_lr: 1\ntrain_net: 'models/net.prototxt'",
        "\
error: train_net: there is no file \"models/net.prototxt\"
 --> solver.prototxt:2:1
  |
2 | train_net: 'models/net.prototxt'
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it is looked up from the current folder, as in Caffe, and beside the solver

",
    );
}

#[test]
fn errors_stand_in_the_file_and_the_message_they_belong_to() {
    refused(
        "net: 'net.prototxt'\nbase_lrs: 0.01\nrandom_seed: 1",
        "\
error: unknown field \"base_lrs\" in SolverParameter
 --> solver.prototxt:2:1
  |
2 | base_lrs: 0.01
  | ^^^^^^^^
  |
  = help: did you mean \"base_lr\"?

",
    );
    refused(
        "net_param {\n  layer { name: 'x' type: 'Relu' bottom: 'y' }\n}\nmax_iter: 1",
        "\
error: layer \"x\" (Relu), bottom: no earlier layer makes the blob \"y\"
 --> solver.prototxt:2:34
  |
2 |   layer { name: 'x' type: 'Relu' bottom: 'y' }
  |                                  ^^^^^^^^^^^
  |
  = help: the layer that makes it may be left out in this phase

",
    );
    let folder = Folder::new();
    folder.write("net.prototxt", "layer { nam: 'x' }");
    folder.write("solver.prototxt", "net: 'net.prototxt'");
    let error = stderr(&folder.run("init solver.prototxt -o made").code(2));
    assert!(error.starts_with("error: unknown field \"nam\" in LayerParameter\n --> net.prototxt:1:9\n"), "{error}");
}
