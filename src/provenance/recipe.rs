//! How a net came about.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::random::Streams;

/// What it takes to make the same net again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Recipe {
    /// The program and its version.
    pub program: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// The net definition as the user named it.
    pub net: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub net_sha256: String,
    /// The dialect of the net, if it is not that of BVLC's Caffe of today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<&'static str>,
    /// The seed.
    pub seed: u64,
    /// The generator: `caffe` or `native`.
    pub generator: &'static str,
    /// The Boost releases that Caffe's numbers are those of; `None` for the native generator.
    pub era: Option<String>,
    /// The options that decided what the net is and where its values come from, beside those above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// The files of weights that gave values, in the order in which they were applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<DonorRecord>,
}

/// A file of weights that gave values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DonorRecord {
    /// What renames call it, where it has a name of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file as the user named it.
    pub file: String,
    /// The SHA-256 of its bytes, in hexadecimal, if it was worth a pass over them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl DonorRecord {
    /// The record of a file of this name and, if known, this SHA-256.
    pub fn new(file: String, sha256: Option<[u8; 32]>) -> DonorRecord {
        DonorRecord { name: None, file, sha256: sha256.map(|sha256| hex(&sha256)) }
    }

    /// With the name that renames call it.
    #[must_use]
    pub fn called(self, name: Option<String>) -> DonorRecord {
        DonorRecord { name, ..self }
    }
}

impl Recipe {
    /// The recipe of a net read from the file `net`, with these random numbers and no weights from elsewhere.
    pub fn new(net: impl Into<String>, net_sha256: &[u8; 32], streams: &Streams, seed: u64) -> Recipe {
        let era = streams.caffe_generator().map(|generator| generator.era().to_string());
        let generator = if era.is_some() { "caffe" } else { "native" };
        Recipe {
            program: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            net: net.into(),
            net_sha256: hex(net_sha256),
            dialect: None,
            seed,
            generator,
            era,
            options: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// The recipe as pairs of strings, the only metadata that `.safetensors` can hold.
    pub fn metadata(&self) -> BTreeMap<&'static str, String> {
        let mut pairs = BTreeMap::from([
            ("program", self.program.to_owned()),
            ("version", self.version.to_owned()),
            ("net", self.net.clone()),
            ("net_sha256", self.net_sha256.clone()),
            ("seed", self.seed.to_string()),
            ("generator", self.generator.to_owned()),
        ]);
        pairs.extend(self.era.clone().map(|era| ("era", era)));
        pairs.extend(self.dialect.map(|dialect| ("dialect", dialect.to_owned())));
        if !self.options.is_empty() {
            pairs.insert("options", self.options.join(" "));
        }
        if !self.weights.is_empty() {
            let files: Vec<&str> = self.weights.iter().map(|donor| donor.file.as_str()).collect();
            pairs.insert("weights", files.join(","));
        }
        pairs
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
