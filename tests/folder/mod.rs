//! Tests of the command line: a folder, and the tool run in it.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// A folder for one test, and the tool run in it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The tool with arguments that are separated by spaces.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::cargo_bin("caffemodel").unwrap();
        command.current_dir(self.0.path()).env("NO_COLOR", "1").env_remove("COLUMNS").args(arguments.split(' '));
        command
    }

    pub fn run(&self, arguments: &str) -> Assert {
        self.command(arguments).assert()
    }

    /// The names of the files, in order.
    pub fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The sample net LeNet.
pub fn lenet() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/lenet.prototxt").display().to_string()
}

/// The SHA-256 of a file in hexadecimal.
pub fn hash(path: &Path) -> String {
    Sha256::digest(fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a finished run has printed to standard error.
pub fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}
