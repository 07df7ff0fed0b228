//! What the tool tells, standard input and output, and runs that end early.

#![cfg(feature = "cli")]

mod folder;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use folder::{Folder, hash, lenet, stderr};

#[test]
fn a_line_sums_the_run_up_unless_quiet() {
    let folder = Folder::new();
    let init = format!("init {} -o net --seed 1701 --force", lenet());
    let told = stderr(&folder.run(&init).success().stdout(""));
    let (told, time) = told.rsplit_once(", ").unwrap();
    assert_eq!(told, "wrote net: 9 layers, 431,080 parameters, 1.65 MiB, seed 1701");
    assert!(time.ends_with(" s\n") && time[..time.len() - 3].parse::<f64>().is_ok(), "{time}");
    folder.run(&format!("{init} --quiet")).success().stdout("").stderr("");
    folder.run(&format!("-q {init}")).success().stdout("").stderr("");
}

#[test]
fn details_are_told_on_request() {
    let folder = Folder::new();
    let told = stderr(&folder.run(&format!("init {} -o net --seed 1 --verbose", lenet())).success());
    let expected = "\
conv1 (Convolution): (20, 1, 5, 5) xavier, (20) constant
conv2 (Convolution): (50, 20, 5, 5) xavier, (50) constant
ip1 (InnerProduct): (500, 800) xavier, (500) constant
ip2 (InnerProduct): (10, 500) xavier, (10) constant
wrote net: ";
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn a_dry_run_checks_everything_and_writes_nothing() {
    let folder = Folder::new();
    let dry_run = format!("init {} -o net --seed 1 --dry-run", lenet());
    folder.run(&dry_run).success().stdout("").stderr("would write net: 9 layers, 431,080 parameters\n");
    assert!(folder.files().is_empty());
    folder.write("net", "precious");
    let exists = "note: net: already exists; --force would replace it\n";
    let would = "would write net: 9 layers, 431,080 parameters\n";
    folder.run(&dry_run).success().stderr(format!("{exists}{would}"));
    folder.run(&format!("{dry_run} --force")).success().stderr(would);
    folder.run(&format!("{dry_run} --force --provenance no/such/folder/file")).code(2);
    assert_eq!(fs::read(folder.path("net")).unwrap(), b"precious");
}

#[test]
fn a_net_comes_from_standard_input_and_goes_to_standard_output() {
    let folder = Folder::new();
    let net = fs::read(lenet()).unwrap();
    for format in ["caffemodel", "hdf5", "npz", "safetensors"] {
        folder.run(&format!("init {} -o file --seed 5 --format {format} --force", lenet())).success();
        let run = folder.run(&format!("init {} -o - --seed 5 --format {format}", lenet())).success();
        if format == "caffemodel" || format == "hdf5" {
            assert_eq!(run.get_output().stdout, fs::read(folder.path("file")).unwrap(), "{format}");
        }
        assert!(stderr(&run).starts_with("wrote standard output: 9 layers"));
    }
    folder.run(&format!("init {} -o file --seed 5 --force", lenet())).success();
    folder.command("init - -o piped --seed 5").write_stdin(net).assert().success();
    assert_eq!(hash(&folder.path("piped")), hash(&folder.path("file")));
    let broken = folder.command("init - -o other --seed 5").write_stdin("layer { name: 1 }").assert().code(2);
    assert!(stderr(&broken).contains(" --> standard input:1:15\n"), "{}", stderr(&broken));
}

#[test]
fn completions_and_manual_pages_know_the_options() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = folder.run(&format!("completions {shell}")).success();
        assert!(String::from_utf8_lossy(&run.get_output().stdout).contains("dry-run"), "{shell}");
    }
    folder.run("man pages").success();
    let page = fs::read_to_string(folder.path("pages/caffemodel-init.1")).unwrap();
    assert!(page.contains("dry\\-run") && page.contains(".TH caffemodel-init 1"), "{page}");
    assert!(page.contains("\n\\fB\\-\\-level\\fR \\fI<LEVEL>\\fR\nLevel of the net"), "{page}");
    let (_, examples) = page.split_once("\n.SH EXAMPLES\n.EX\n").unwrap();
    assert!(
        examples.starts_with("caffemodel init lenet.prototxt \\-o lenet.caffemodel \\-\\-seed 1701\n"),
        "{examples}"
    );
    assert!(examples.ends_with("\n.EE\n"), "{examples}");
    assert!(folder.path("pages/caffemodel.1").exists());
    folder.run("man pages").code(2).stderr("error: pages/caffemodel.1: already exists; --force replaces it\n");
    folder.run("man pages --force").success();
}

#[test]
fn help_and_lists_are_wrapped() {
    let folder = Folder::new();
    let googlenet = lenet().replace("lenet", "googlenet");
    let inspected = [format!("inspect {}", lenet()), format!("inspect {googlenet}")];
    let listed =
        ["fillers", "fillers bilinear", "layers", "layers Convolution", "layers Python", "dialects", "dialects ssd"];
    let helped = ["--help", "init --help", "compare --help", "init -h", "help convert"];
    for arguments in listed.into_iter().chain(helped).chain(inspected.iter().map(String::as_str)) {
        let run = folder.command(arguments).env("COLUMNS", "80").assert().success();
        let out = String::from_utf8(run.get_output().stdout.clone()).unwrap();
        let wide = out.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{arguments}");
    }
    // Rows are whole in a file or a pipe.
    let rows = folder.run("layers").success();
    let rows = String::from_utf8(rows.get_output().stdout.clone()).unwrap();
    assert!(rows.lines().skip(1).all(|line| !line.starts_with(' ')), "{rows}");
}

#[test]
fn limits_hold_and_can_be_raised() {
    let folder = Folder::new();
    let says = |limit: &str, expected: &str| {
        let run = folder.run(&format!("init {} -o net --seed 1 --force --limit {limit}", lenet()));
        if expected.is_empty() {
            run.success();
        } else {
            let told = stderr(&run.code(2)).replace(&lenet(), "lenet.prototxt");
            assert!(told.starts_with(&format!("error: {expected}")), "{told}");
        }
    };
    says(
        "layers=8",
        "lenet.prototxt: not a net definition: more than 8 layers\n |\n = help: --limit layers=N raises the limit",
    );
    says("layers=11", "");
    says("messages=5", "lenet.prototxt: not a net definition: more than 5 messages\n");
    says("text-bytes=100", "lenet.prototxt: a text of more than 100 bytes\n");
    says(
        "elements=431079",
        "the net draws or holds 431080 values, and the limit is 431079: --limit elements=N raises it\n",
    );
    says("elements=431080", "");
    says("depth=3", "invalid value 'depth=3' for '--limit <NAME=N>': there is no limit \"depth\"; the limits are");
}

/// Starts a run that takes a minute, as it makes a large orthogonal matrix, and sends it a signal on the way.
fn interrupted(folder: &Folder, signal: i32) {
    let vgg16 = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/vgg16.prototxt");
    let mut command = Command::new(env!("CARGO_BIN_EXE_caffemodel"));
    command.arg("init").arg(&vgg16).args(["-o", "net", "--seed", "1", "--force", "--rule", "fc7.weight=orthogonal"]);
    let mut run = command.current_dir(folder.path("")).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let kill = Command::new("kill").arg(format!("-{signal}")).arg(run.id().to_string()).status();
    assert!(kill.unwrap().success());
    assert_eq!(run.wait().unwrap().signal(), Some(signal));
}

#[test]
fn an_interrupted_or_killed_run_leaves_nothing() {
    const SIGINT: i32 = 2;
    const SIGKILL: i32 = 9;
    const SIGTERM: i32 = 15;
    for signal in [SIGINT, SIGTERM, SIGKILL] {
        let folder = Folder::new();
        interrupted(&folder, signal);
        assert!(folder.files().is_empty(), "signal {signal} left {:?}", folder.files());
    }
}

/// A limit on the size of files stands for the full disk: both make the write fail.
#[test]
fn a_full_disk_is_reported_and_leaves_nothing() {
    let folder = Folder::new();
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" init \"$1\" -o net --seed 1";
    let run = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_caffemodel"), &lenet()])
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    let expected = "error: net: cannot write: File too large (os error 27); it takes 1.65 MiB or more\n";
    assert_eq!(String::from_utf8_lossy(&run.stderr), expected);
    assert!(folder.files().is_empty());
}
