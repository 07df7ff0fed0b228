//! The programs of `examples/` do what they say.

use std::process::Command;

/// What an example prints to standard output. `cargo test` builds the examples beside the tests.
fn run(name: &str, arguments: &[&str]) -> String {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.exists(), "{} is not built: run `cargo build --examples`", program.display());
    let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && errors.is_empty(), "{name}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn initialise() {
    assert!(run("initialise", &[]).ends_with("lenet.caffemodel: 9 layers, 431080 parameters\n"));
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("net.h5");
    run("initialise", &["models/cifar10_quick.prototxt", output.to_str().unwrap()]);
    assert!(std::fs::read(output).unwrap().starts_with(b"\x89HDF\r\n"));
}

#[test]
fn own_types() {
    let printed = run("own_types", &[]);
    let shapes: Vec<&str> = printed.lines().filter_map(|line| line.split_once(':').map(|(shape, _)| shape)).collect();
    assert_eq!(shapes, ["thin.0 [4, 64]", "thin.1 [32, 4]"], "{printed}");
    assert!(printed.contains("0.25"), "{printed}");
}

#[test]
fn fine_tune() {
    let expected = "taken: conv1 from conv1\ntaken: conv2 from conv2\ntaken: ip1 from ip1\n\
                    without a place in the net: ip2\ninitialised: ip2_new\n9 layers, 428074 parameters\n";
    assert_eq!(run("fine_tune", &[]), expected);
}

#[test]
fn compare() {
    let printed = run("compare", &[]);
    assert_eq!(printed.lines().count(), 8 + 8 + 1, "{printed}");
    assert!(printed.ends_with("equal bit by bit: false, in distribution: true\n"), "{printed}");
}
