//! Settings that messages advise: the library calls them by the names of its API, the command line by its options.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// A setting of the caller's that would change what the library finds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// A limit of this name, one of those that [`LimitChange`](crate::limits::LimitChange) reads.
    Limit(&'static str),
    /// The phase that the net is built in.
    Phase,
    /// The level that the net is built in.
    Level,
    /// A stage that the net is built in.
    Stage,
    /// The schema of a fork that is not known here.
    Schema,
    /// The shape of a top.
    Shape {
        /// The top.
        top: String,
        /// What the shape looks like, such as `N,C,H,W`, or its sizes.
        pattern: Cow<'static, str>,
    },
    /// That the layers of a type that is not known have tops like their bottoms.
    Opaque {
        /// The type.
        layer_type: String,
    },
    /// The shape of a blob of a layer whose type is not known.
    Blob {
        /// The layer.
        layer: String,
        /// The blob's index.
        index: usize,
    },
    /// Whether a net may use fillers that Caffe does not have.
    Extensions,
    /// A filler for all weights without one.
    WeightFiller,
    /// The preset for plausible forward passes.
    BenchmarkPreset,
    /// Weights for the layers of a net definition.
    Weights,
    /// What becomes of a layer whose shapes differ from those of the weights.
    OnMismatch,
    /// That such a layer is passed over.
    SkipMismatches,
    /// New names for layers of the weights: a rule, such as `model.*=*`.
    Rename(String),
    /// The framework, by its name, whose names and layouts the weights have.
    Framework(&'static str),
    /// How such a layer's blobs are fitted: a rule, such as `fc6=reshape`.
    FitRule(String),
    /// The net definition whose layers weights are put into.
    Net,
    /// That the weights of a net are left out.
    NoWeights,
    /// That layers are left out which BVLC's Caffe cannot express.
    Partial,
    /// That an existing file is replaced.
    Replace,
    /// Output that goes to no file.
    StandardOutput,
    /// Initialising a net definition.
    Init,
    /// Initialising a net definition, with weights from a file.
    InitWithWeights {
        /// The file.
        file: String,
    },
    /// Rewriting a file of an old format.
    Upgrade,
}

/// The name that the setting has in the library's API.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Limit(name) => write!(f, "Limits::{}", name.replace('-', "_")),
            Setting::Phase => f.write_str("StateOptions::phase"),
            Setting::Level => f.write_str("StateOptions::level"),
            Setting::Stage => f.write_str("StateOptions::stages"),
            Setting::Schema => f.write_str("ReadOptions::in_schema"),
            Setting::Shape { top, pattern } => write!(f, "PlanOptions::shapes: {top}={pattern}"),
            Setting::Opaque { layer_type } => write!(f, "PlanOptions::opaque: {layer_type}"),
            Setting::Blob { layer, index } => write!(f, "PlanOptions::blobs: {layer}.{index}=N,C,H,W"),
            Setting::Extensions => f.write_str("FillerRegistry::with_extensions"),
            Setting::WeightFiller => f.write_str("Rule::missing_weights"),
            Setting::BenchmarkPreset => f.write_str("Preset::Benchmark"),
            Setting::Weights | Setting::InitWithWeights { .. } => f.write_str("donors::apply"),
            Setting::OnMismatch => f.write_str("MatchOptions::on_mismatch"),
            Setting::SkipMismatches => f.write_str("OnMismatch::Skip"),
            Setting::Rename(rule) => write!(f, "MatchOptions::renames: {rule}"),
            Setting::Framework(name) => write!(f, "Donor::from_framework: {name}"),
            Setting::FitRule(rule) => write!(f, "MatchOptions::fits: {rule}"),
            Setting::Net => f.write_str("convert::fit"),
            Setting::NoWeights => f.write_str("convert::Convertible::encoded_without_weights"),
            Setting::Partial => f.write_str("BvlcOptions::partial"),
            Setting::Replace => f.write_str("AtomicFile::create with replace"),
            Setting::StandardOutput => f.write_str("std::io::stdout"),
            Setting::Init => f.write_str("init::fill"),
            Setting::Upgrade => f.write_str("net::UpgradedFile"),
        }
    }
}

/// A text that may name [`Setting`]s: what is wrong, or what to do about it.
///
/// [`Display`](fmt::Display) names the settings as the library does, [`Advice::text`] as the caller likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    parts: Vec<AdvicePart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum AdvicePart {
    Text(String),
    Setting(Setting),
}

impl Advice {
    /// A text that names a setting between two parts.
    #[cold]
    pub fn naming(before: impl Into<String>, setting: Setting, after: impl Into<String>) -> Advice {
        Advice::from(before.into()).and_naming(setting, after)
    }

    /// The same with more text at its end.
    #[must_use]
    pub fn followed_by(mut self, more: &str) -> Advice {
        match self.parts.last_mut() {
            Some(AdvicePart::Text(last)) => last.push_str(more),
            _ => self.parts.push(AdvicePart::Text(more.to_owned())),
        }
        self
    }

    /// The same with another setting at its end, and a text after that.
    #[must_use]
    pub fn and_naming(mut self, setting: Setting, after: impl Into<String>) -> Advice {
        self.parts.extend([AdvicePart::Setting(setting), AdvicePart::Text(after.into())]);
        self
    }

    /// The first setting that it names.
    pub fn setting(&self) -> Option<&Setting> {
        self.settings().next()
    }

    /// The settings that it names, in order.
    pub fn settings(&self) -> impl Iterator<Item = &Setting> {
        self.parts.iter().filter_map(|part| match part {
            AdvicePart::Text(_) => None,
            AdvicePart::Setting(setting) => Some(setting),
        })
    }

    /// The text, with each setting as `name` calls it.
    pub fn text(&self, name: impl Fn(&Setting) -> String) -> String {
        let text = |part: &AdvicePart| match part {
            AdvicePart::Text(text) => text.clone(),
            AdvicePart::Setting(setting) => name(setting),
        };
        self.parts.iter().map(text).collect()
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Setting::to_string))
    }
}

impl From<String> for Advice {
    fn from(text: String) -> Advice {
        Advice { parts: vec![AdvicePart::Text(text)] }
    }
}

impl From<&str> for Advice {
    fn from(text: &str) -> Advice {
        text.to_owned().into()
    }
}

impl PartialEq<str> for Advice {
    fn eq(&self, text: &str) -> bool {
        self.text(Setting::to_string) == text
    }
}

impl PartialEq<&str> for Advice {
    fn eq(&self, text: &&str) -> bool {
        self == *text
    }
}

impl PartialEq<String> for Advice {
    fn eq(&self, text: &String) -> bool {
        self == text.as_str()
    }
}

/// As its text.
impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_names_the_setting_its_own_way() {
        let advice = Advice::naming("raise the limit with ", Setting::Limit("text-bytes"), ", or shorten it");
        assert_eq!(advice, "raise the limit with Limits::text_bytes, or shorten it");
        let text = advice.text(|setting| match setting {
            Setting::Limit(name) => format!("--limit {name}=N"),
            _ => String::new(),
        });
        assert_eq!(text, "raise the limit with --limit text-bytes=N, or shorten it");
        assert_eq!(Advice::from("remove it").text(|_| unreachable!()), "remove it");
        let both = advice.and_naming(Setting::Level, " too");
        assert_eq!(both, "raise the limit with Limits::text_bytes, or shorten itStateOptions::level too");
        assert_eq!(both.settings().count(), 2);
    }
}
