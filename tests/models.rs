//! The sample nets can be built in both phases, and have as many parameters as their table says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use caffemodel::layer::{BnStatistics, Operator};
use caffemodel::proto::caffe::Phase;
use caffemodel::{Definition, Net, Plan, PlanOptions, StateOptions};

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

/// The parameters of each net in the table of `models/README.md`, in phase TRAIN.
fn table() -> BTreeMap<String, u64> {
    let text = fs::read_to_string(models().join("README.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ["));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let name = cells[1].trim_start_matches('[').split(']').next().unwrap().to_owned();
        (name, cells[2].replace(',', "").parse().unwrap())
    };
    rows.map(row).collect()
}

fn plan(path: &Path, phase: Phase) -> Plan {
    let state = StateOptions { phase: Some(phase), ..Default::default() };
    let net = Definition::read(path).and_then(|definition| Net::resolve(definition, &state));
    net.and_then(|net| Plan::new(net, &PlanOptions::default())).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_sample_net_can_be_built_without_warnings_and_is_in_the_table() {
    let mut table = table();
    for entry in fs::read_dir(models()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "prototxt") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let train = plan(&path, Phase::Train);
        assert_eq!(table.remove(name), Some(train.parameters()), "parameters of {name}");
        let test = plan(&path, Phase::Test);
        assert_eq!(train.warnings(), [], "{name}");
        // A fresh net has no statistics to normalise by.
        let normalised = test.layers.iter().any(|layer| match &layer.operator {
            Operator::BatchNorm(norm) => norm.stored_statistics,
            Operator::Bn(norm) => norm.statistics == BnStatistics::Stored,
            _ => false,
        });
        assert_eq!(test.warnings().len(), usize::from(normalised), "{name}");
    }
    assert_eq!(table, BTreeMap::new(), "in the table, but without a file");
}
