//! What a small net costs from start to end: the program's instructions, counted by valgrind, and its least time.
//!
//! Instructions do not depend on what else the machine is doing. The bench fails where they, or the time, are above the
//! budget.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use support::nets::model_text;

const MOST_INSTRUCTIONS: u64 = 5_000_000;
const MOST_TIME: Duration = Duration::from_millis(4);
const ROUNDS: usize = 200;

fn main() -> ExitCode {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the folder can be written to");
    let net = folder.path().join("lenet.prototxt");
    fs::write(&net, model_text("lenet")).expect("the folder can be written to");
    let output = folder.path().join("lenet.caffemodel");
    let time = (0..ROUNDS).map(|_| timed(&net, &output)).min().expect("there are rounds");
    println!("init of LeNet: {:.2} ms, of at most {:.2}", milliseconds(time), milliseconds(MOST_TIME));
    let mut within = time <= MOST_TIME;
    match instructions(&net, &output, folder.path()) {
        Some(count) => {
            println!("init of LeNet: {count} instructions, of at most {MOST_INSTRUCTIONS}");
            within &= count <= MOST_INSTRUCTIONS;
        }
        None => println!("instructions are not counted: there is no valgrind"),
    }
    if within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Runs the program once.
fn timed(net: &Path, output: &Path) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caffemodel"));
    let start = Instant::now();
    let status = command.args(arguments(net, output)).status().expect("the program starts");
    let time = start.elapsed();
    assert!(status.success(), "{command:?} fails");
    time
}

fn arguments<'a>(net: &'a Path, output: &'a Path) -> [&'a Path; 7] {
    let [init, quiet, force, seed, out] = ["init", "--quiet", "--force", "--seed=1701", "-o"].map(Path::new);
    [init, quiet, force, seed, net, out, output]
}

/// The instructions of a run, the loader's included, if valgrind is there to count them.
fn instructions(net: &Path, output: &Path, folder: &Path) -> Option<u64> {
    let counts = folder.join("callgrind.out");
    let mut out_file = std::ffi::OsString::from("--callgrind-out-file=");
    out_file.push(&counts);
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(out_file).arg(env!("CARGO_BIN_EXE_caffemodel")).args(arguments(net, output));
    let ran = command.output().ok()?;
    assert!(ran.status.success(), "{command:?} fails: {}", String::from_utf8_lossy(&ran.stderr));
    let counts = fs::read_to_string(counts).expect("callgrind wrote its counts");
    let total = counts.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
    Some(total.and_then(|total| total.trim().parse().ok()).expect("callgrind sums its counts up"))
}
