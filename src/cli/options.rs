//! What the command line calls the settings that messages of the library advise.

use crate::Error;
use crate::given::Given;
use crate::setting::{Advice, Setting};

/// The option or the command for a setting.
fn name(setting: &Setting) -> String {
    match setting {
        Setting::Limit(name) => format!("--limit {name}=N"),
        Setting::Phase => "--phase".to_owned(),
        Setting::Level => "--level".to_owned(),
        Setting::Stage => "--stage".to_owned(),
        Setting::Schema => "--proto FILE".to_owned(),
        Setting::Shape { top, pattern } => given("--shape", &format!("{top}={pattern}")),
        Setting::Opaque { layer_type } => given("--opaque", layer_type),
        Setting::Blob { layer, index } => given("--blob", &format!("{layer}.{index}=N,C,H,W")),
        Setting::Extensions => "--extensions".to_owned(),
        Setting::WeightFiller => "--weight-filler xavier".to_owned(),
        Setting::BenchmarkPreset => "--preset benchmark".to_owned(),
        Setting::Weights => "--weights".to_owned(),
        Setting::OnMismatch => "--on-mismatch".to_owned(),
        Setting::SkipMismatches => "--on-mismatch skip".to_owned(),
        Setting::Rename(rule) => given("--rename", rule),
        Setting::Framework(name) => given("--from", name),
        Setting::FitRule(rule) => Given { option: "--fit", value: rule }.to_string(),
        Setting::Net => "--net NET.prototxt".to_owned(),
        Setting::NoWeights => "--no-weights".to_owned(),
        Setting::Partial => "--partial".to_owned(),
        Setting::Replace => "--force".to_owned(),
        Setting::StandardOutput => "-".to_owned(),
        Setting::Init => "caffemodel init".to_owned(),
        Setting::InitWithWeights { file } => format!("caffemodel init --weights {file}"),
        Setting::Upgrade => "caffemodel upgrade".to_owned(),
    }
}

fn given(option: &str, value: &str) -> String {
    Given { option, value }.to_string()
}

/// The text of an advice.
pub(super) fn advice(advice: &Advice) -> String {
    advice.text(name)
}

/// The text of an error.
pub(super) fn error(error: &Error) -> String {
    error.text(name)
}
