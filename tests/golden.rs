//! Every run of the golden pack gives Caffe's file, byte for byte, and every net that Caffe refused is refused.

#![cfg(all(feature = "datasets", feature = "hdf5"))]

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use caffemodel::random::{SIMD_VARIABLE, SimdPath};
use support::{Reject, Run, area, load, on_all_cores};

const AREAS: &[&str] = &[
    "fillers",
    "learnable",
    "shapes",
    "nets",
    "losses",
    "netrules",
    "netsplit",
    "netloss",
    "netshare",
    "netbn",
    "netsaved",
    "text",
    "real",
    "oldinput",
    "v0",
    "v1",
    "v1field",
    "data",
    "olddata",
    "images",
    "netload",
    "finetune",
    "oldweights",
    "h5out",
];

/// Nets that Caffe refuses and the program accepts, with the reason.
const ACCEPTED: &[(&str, &str)] = &[
    ("reject-learnable-conv-engine", "refused for Caffe's build alone"),
    ("reject-shapes-pool-engine-cudnn", "refused for Caffe's build alone"),
];

/// Runs that Caffe accepts and the program refuses, with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("v0-new-layers-dropped", NEW_LAYERS),
    ("oldweights-v0-mixed-new", NEW_LAYERS),
    ("finetune-empty-file", EMPTY),
    ("oldweights-empty-file", EMPTY),
    ("finetune-text-from-layer", "Caffe takes a text for a file without layers"),
];

const NEW_LAYERS: &str = "Caffe drops the layers of the current format without a word";
const EMPTY: &str = "Caffe takes an empty file for one without layers";

fn listed(table: &[(&str, &str)], case: &str) -> bool {
    table.iter().any(|(name, _)| *name == case)
}

#[test]
fn every_run_gives_caffes_bytes() {
    let runs: Vec<Run> = load("manifest.jsonl", AREAS, |run: &Run| &run.settings.case);
    let failures = on_all_cores(&runs, |run| {
        let case = run.settings.case.as_str();
        match (run.compare(), listed(REFUSED, case)) {
            (Ok(()), false) => None,
            (Ok(()), true) => Some(format!("{case} {}: is in the table of refused runs, but runs", run.run)),
            (Err(difference), true) if difference.starts_with("refused") => None,
            (Err(difference), _) => Some(format!("{case} {}: {difference}", run.run)),
        }
    });
    report(runs.iter().map(|run| run.settings.case.as_str()), &failures);
}

/// A process runs on one path, so each of the others takes a process of its own.
#[test]
fn every_run_gives_caffes_bytes_on_the_slower_paths() {
    let slower = SimdPath::ALL.into_iter().filter(|path| path.supported() == *path && *path < SimdPath::active());
    for path in slower {
        let mut command = Command::new(std::env::current_exe().expect("the test has a file"));
        command.args(["--exact", "every_run_gives_caffes_bytes", "--nocapture"]).env(SIMD_VARIABLE, path.name());
        let output = command.output().expect("the test runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains("1 passed"), "{path}: {printed}");
    }
}

#[test]
fn every_net_that_caffe_refuses_is_refused_with_a_place() {
    let rejects: Vec<Reject> = load("rejects.jsonl", AREAS, |reject: &Reject| &reject.settings.case);
    let failures = on_all_cores(&rejects, |reject| {
        let case = reject.settings.case.as_str();
        match (reject.error(), listed(ACCEPTED, case)) {
            (None, true) => None,
            (None, false) => Some(format!("{case}: accepted, but {}", reject.error)),
            (Some(error), true) => Some(format!("{case}: is in the table of accepted nets, but: {error}")),
            (Some(error), false) => {
                (!reject.is_placed(&error)).then(|| format!("{case}: the error names no place: {error}"))
            }
        }
    });
    report(rejects.iter().map(|reject| reject.settings.case.as_str()), &failures);
}

/// Prints how many agree, by area, and fails on any that do not.
fn report<'a>(cases: impl Iterator<Item = &'a str>, failures: &[String]) {
    let mut areas: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in cases {
        areas.entry(area(case)).or_default().0 += 1;
    }
    for failure in failures {
        areas.entry(area(failure.split([' ', ':']).next().unwrap_or(failure))).or_default().1 += 1;
    }
    for (area, (all, failed)) in &areas {
        println!("{area:>10}: {} of {all} agree", all - failed);
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}
