//! `CAFFEMODEL_SIMD` on the command line: it changes the instructions and nothing else.

#![cfg(feature = "cli")]

use std::path::Path;

use assert_cmd::Command;

fn init(output: &Path, simd: &str) -> Command {
    let mut command = Command::cargo_bin("caffemodel").unwrap();
    command.env("CAFFEMODEL_SIMD", simd).current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["init", "--quiet", "models/lenet.prototxt", "--seed", "1701", "-o"]).arg(output);
    command
}

#[test]
fn every_path_gives_the_same_file_and_one_that_is_missing_the_next_below() {
    let folder = tempfile::tempdir().unwrap();
    let made = ["portable", "avx2", "avx512", ""].map(|simd| {
        let output = folder.path().join(format!("net-{simd}.caffemodel"));
        init(&output, simd).assert().success();
        std::fs::read(output).unwrap()
    });
    assert!(made.iter().all(|file| *file == made[0]));
}

#[test]
fn another_value_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("net.caffemodel");
    for (simd, named) in [("sse9", r#""sse9""#), ("AVX2", r#""AVX2""#)] {
        let error = format!("error: CAFFEMODEL_SIMD: {named} is not one of portable, avx2 and avx512\n");
        init(&output, simd).assert().code(2).stderr(error);
    }
    assert!(!output.exists());
}
