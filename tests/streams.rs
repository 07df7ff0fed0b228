//! Standard streams that are closed, full, or left by their reader: messages end and the job goes on, and a result that
//! is not taken is an error.

#![cfg(all(feature = "cli", target_os = "linux"))]

mod folder;

use std::fs::{self, File};
use std::io::{self, Read};
use std::process::{Command, Output, Stdio};

use folder::{Folder, lenet};

/// A net that `init` warns of and tells much about.
const NET: &str = r#"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }
"#;

/// Where a stream goes: a pipe that the test reads, a full device, or a pipe whose reader has left.
#[derive(Debug, Clone, Copy)]
enum Destination {
    Captured,
    Full,
    Left,
}

impl From<Destination> for Stdio {
    fn from(sink: Destination) -> Stdio {
        match sink {
            Destination::Captured => Stdio::piped(),
            Destination::Full => File::options().write(true).open("/dev/full").unwrap().into(),
            Destination::Left => io::pipe().unwrap().1.into(),
        }
    }
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("net.prototxt", NET);
    folder
}

fn tool(folder: &Folder, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caffemodel"));
    command.args(arguments.split(' ')).current_dir(folder.path("")).stdin(Stdio::null());
    command
}

fn run(folder: &Folder, arguments: &str, stdout: Destination, stderr: Destination) -> Output {
    tool(folder, arguments).stdout(stdout).stderr(stderr).spawn().unwrap().wait_with_output().unwrap()
}

/// The exit code, and what was printed to standard error.
fn told(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

#[test]
fn messages_that_nobody_takes_do_not_end_the_job() {
    for stderr in [Destination::Full, Destination::Left] {
        let folder = folder();
        let expected =
            run(&folder, "init net.prototxt -o - --seed 1", Destination::Captured, Destination::Captured).stdout;
        for options in ["", " --verbose", " --quiet"] {
            let init = format!("init net.prototxt -o w.caffemodel --seed 1 --force{options}");
            let code = run(&folder, &init, Destination::Captured, stderr).status.code();
            assert_eq!(code, Some(0), "{init} {stderr:?}");
            assert_eq!(fs::read(folder.path("w.caffemodel")).unwrap(), expected, "{init} {stderr:?}");
            fs::remove_file(folder.path("w.caffemodel")).unwrap();
        }
        for failing in ["init absent.prototxt -o out", "init", "--no-such-option"] {
            let code = run(&folder, failing, Destination::Captured, stderr).status.code();
            assert_eq!(code, Some(2), "{failing} {stderr:?}");
        }
    }
}

#[test]
fn messages_and_results_may_share_a_pipe_that_is_left() {
    let folder = folder();
    assert_eq!(
        run(&folder, "init net.prototxt -o w.caffemodel", Destination::Left, Destination::Left).status.code(),
        Some(0)
    );
    let code = |arguments: &str| run(&folder, arguments, Destination::Left, Destination::Left).status.code();
    assert_eq!(code("convert w.caffemodel - --to prototxt"), Some(2));
    assert_eq!(code("init net.prototxt -o -"), Some(2));
    assert_eq!(code("inspect w.caffemodel"), Some(0));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure_and_a_full_disk_is() {
    let folder = folder();
    let full = "error: standard output: cannot write: No space left on device (os error 28)\n";
    let printing =
        ["completions bash", "completions zsh", "--help", "init -h", "--version", "fillers", "layers --json"];
    let inspect = format!("inspect {}", lenet());
    for arguments in printing.into_iter().chain([inspect.as_str()]) {
        let left = run(&folder, arguments, Destination::Left, Destination::Captured);
        assert_eq!(told(&left), (Some(0), String::new()), "{arguments}");
        let refused = run(&folder, arguments, Destination::Full, Destination::Captured);
        assert_eq!(told(&refused), (Some(2), full.to_owned()), "{arguments}");
    }
}

#[test]
fn an_output_that_is_not_taken_whole_is_an_error() {
    let folder = folder();
    let told_of = |output: Output| {
        let (code, text) = told(&output);
        (code, text.lines().last().unwrap_or_default().to_owned())
    };
    let left = "error: standard output: cannot write: Broken pipe (os error 32)";
    let full = "error: standard output: cannot write: No space left on device (os error 28)";
    let init = format!("init {} -o - --seed 1", lenet());
    assert_eq!(told_of(run(&folder, &init, Destination::Left, Destination::Captured)), (Some(2), left.to_owned()));
    assert_eq!(told_of(run(&folder, &init, Destination::Full, Destination::Captured)), (Some(2), full.to_owned()));

    let mut run = tool(&folder, &init).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    run.stdout.take().unwrap().read_exact(&mut [0; 20]).unwrap();
    assert_eq!(told_of(run.wait_with_output().unwrap()), (Some(2), left.to_owned()));
}

#[test]
fn a_closed_standard_output_takes_nothing() {
    let folder = folder();
    let shell = |redirection: &str| {
        let script = format!("exec \"$0\" init \"$1\" -o - --seed 1 {redirection}");
        told(&Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_caffemodel"), &lenet()]).output().unwrap())
    };
    let nowhere = "error: standard output is closed: redirect it, or name a file\n";
    assert_eq!(shell(">&-"), (Some(2), nowhere.to_owned()));
    let (code, text) = shell("> /dev/null");
    assert!(code == Some(0) && text.starts_with("wrote standard output: "), "{text}");
    assert_eq!(folder.files(), ["net.prototxt"]);
}
