//! The program from start to end, side by side with writing as many bytes that are ready: prints both times and their
//! ratio.
//!
//! Every round runs both, one after the other, into files of the same folder that are removed at once. The ready bytes
//! are written as the program does: 256 KiB at a time from one buffer, into space that was set aside. The least time
//! of each is the one that other work on the machine has disturbed least; the median of the rounds' ratios is given
//! beside it.

mod support;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use caffemodel::file::reserve;
use support::nets::{chain, model_text, vgg16_gaussian};

/// As much as the program writes at a time.
const BUFFER_BYTES: usize = 256 * 1024;

fn main() {
    // cargo's own arguments begin with dashes.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let caffe: &[&str] = &[];
    let native = &["--generator", "native"];
    let runs: [(&str, String, &[&str], usize); 8] = [
        ("lenet", model_text("lenet"), caffe, 200),
        ("resnet50", model_text("resnet50"), caffe, 40),
        ("vgg16 xavier", model_text("vgg16"), caffe, 20),
        ("vgg16 gaussian", vgg16_gaussian(), caffe, 20),
        ("vgg16 gaussian, Boost 1.58", vgg16_gaussian(), &["--boost", "1.58"], 10),
        ("vgg16 gaussian, Boost 1.54", vgg16_gaussian(), &["--boost", "1.54"], 10),
        ("vgg16 gaussian, native", vgg16_gaussian(), native, 10),
        ("chain of 20,000 layers", chain(20_000), caffe, 10),
    ];
    println!("| net | MiB | init, ms | writing alone, ms | ratio of the least | median ratio |");
    println!("|---|---|---|---|---|---|");
    for (name, text, arguments, rounds) in runs {
        if name.contains(filter.as_str()) {
            println!("{}", side_by_side(name, &text, arguments, rounds).expect("the folder can be written to"));
        }
    }
}

/// A row of the table.
fn side_by_side(name: &str, text: &str, arguments: &[&str], rounds: usize) -> io::Result<String> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let [net, output] = ["net.prototxt", "net.caffemodel"].map(|file| folder.path().join(file));
    fs::write(&net, text)?;
    let size = init(&net, &output, arguments)?.1;
    let (mut inits, mut writes, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (init, write) = (init(&net, &output, arguments)?.0, write(&output, size)?);
        ratios.push(init.as_secs_f64() / write.as_secs_f64());
        inits.push(init);
        writes.push(write);
    }
    ratios.sort_by(f64::total_cmp);
    let least = |times: &[Duration]| times.iter().min().expect("there are rounds").as_secs_f64() * 1e3;
    let (init, write, median) = (least(&inits), least(&writes), ratios[rounds / 2]);
    let mib = size as f64 / (1 << 20) as f64;
    Ok(format!("| {name} | {mib:.1} | {init:.1} | {write:.1} | {:.2} | {median:.2} |", init / write))
}

/// Runs the program; returns how long that took, and the size of the file.
fn init(net: &Path, output: &Path, arguments: &[&str]) -> io::Result<(Duration, u64)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caffemodel"));
    command.args(["init", "--quiet", "--seed", "1701", "-o"]).args([output, net]).args(arguments);
    let start = Instant::now();
    let status = command.status()?;
    let time = start.elapsed();
    assert!(status.success(), "{command:?} fails");
    let size = fs::metadata(output)?.len();
    fs::remove_file(output)?;
    Ok((time, size))
}

/// Writes as many bytes from a buffer; returns how long that took.
fn write(path: &Path, size: u64) -> io::Result<Duration> {
    let buffer = vec![0x5a; BUFFER_BYTES];
    let start = Instant::now();
    let mut file = File::create(path)?;
    reserve(&file, size)?;
    let mut left = size;
    while left > 0 {
        let now = left.min(BUFFER_BYTES as u64);
        file.write_all(&buffer[..now as usize])?;
        left -= now;
    }
    drop(file);
    let time = start.elapsed();
    fs::remove_file(path)?;
    Ok(time)
}
