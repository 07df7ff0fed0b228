//! Time that grows with the net and not faster, and memory that does not grow with it. The bounds are generous: they
//! tell a walk over all pairs from a walk, and a blob in memory from a piece.

#![cfg(feature = "cli")]

#[allow(dead_code)]
#[path = "../benches/support/nets.rs"]
mod nets;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use caffemodel::formats::{Format, caffemodel_size};
use caffemodel::random::Streams;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions, init};

fn plan(text: &str) -> Plan {
    let definition = Definition::from_bytes("net.prototxt", text).unwrap();
    Plan::new(Net::resolve(definition, &StateOptions::default()).unwrap(), &PlanOptions::default()).unwrap()
}

/// The least time of a few runs, from the text to a file's worth of bytes.
fn time(text: &str) -> Duration {
    let run = || {
        let start = Instant::now();
        let plan = plan(text);
        assert_eq!(plan.warnings(), []);
        let mut output = Format::Caffemodel.writer(&plan.saved(), std::io::Cursor::new(Vec::new())).unwrap();
        init::fill(&plan, &mut Streams::native(1), &mut *output).unwrap();
        start.elapsed()
    };
    (0..3).map(|_| run()).min().unwrap()
}

#[test]
fn many_layers_take_time_in_proportion() {
    let (few, many) = (nets::chain(2_500), nets::chain(20_000));
    // Other work on the machine may disturb one measurement, but hardly five.
    let mut ratios = (0..5).map(|_| time(&many).as_secs_f64() / time(&few).as_secs_f64());
    assert!(ratios.any(|ratio| ratio < 24.0), "8 times as many layers take more than 24 times as long, five times");
}

/// The most memory in KiB that the program takes to initialise a net into a file.
fn peak_memory(text: &str, arguments: &[&str]) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let [net, output] = ["net.prototxt", "net.caffemodel"].map(|file| folder.path().join(file));
    fs::write(&net, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_caffemodel"));
    command.args(["init", "--quiet", "--seed", "1701", "-o"]).args([&output, &net]).args(arguments);
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        // The system keeps the maximum; what is read last before the end is what counts.
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak).max(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(status.success());
    assert_eq!(fs::metadata(&output).unwrap().len(), caffemodel_size(&plan(text).saved()));
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn a_large_net_takes_little_memory() {
    // Without optimisation the program itself is larger, and slower.
    let (text, bound) = if cfg!(debug_assertions) {
        let layer = "inner_product_param { num_output: 4096 weight_filler { type: \"gaussian\" } }";
        (
            format!(
                "{}layer {{ name: \"ip\" type: \"InnerProduct\" bottom: \"x\" top: \"y\" {layer} }}",
                nets::input("x", "dim: 1 dim: 4096")
            ),
            56,
        )
    } else {
        (nets::vgg16_gaussian(), 24)
    };
    for arguments in [&[][..], &["--generator", "native"]] {
        let peak = peak_memory(&text, arguments);
        assert!(peak > 0, "the system does not tell");
        assert!(peak <= bound * 1024, "{peak} KiB for a file of {} bytes", caffemodel_size(&plan(&text).saved()));
    }
}

#[test]
fn resnet152_has_its_parameters() {
    assert_eq!(plan(&nets::resnet152()).parameters(), 60_192_808);
}
