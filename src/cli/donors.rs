//! The arguments that say which files of weights give values, and the report on what they gave.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use super::input::is_standard;
use super::table::{self, counted};
use super::{limits, report};
use crate::donors::{self, Donor, DonorReport, MatchOptions, MatchReport, OnMismatch, Rename, Selection, Taken};
use crate::given::Given;
use crate::provenance::DonorRecord;
use crate::{Error, Plan, ReadOptions};

/// How many bytes are hashed at a time.
const HASH_BYTES: usize = 1 << 18;

#[derive(Debug, Args)]
#[command(next_help_heading = "Weights")]
pub(super) struct DonorArguments {
    /// Weights to take for the layers of the same name: .caffemodel, .h5, .npz, .safetensors or .binaryproto, told by
    /// content; may be repeated or separated by commas, later ones win; without it those of the solver, if it has any
    #[arg(long, value_name = "FILE")]
    weights: Vec<PathBuf>,

    /// What to do with a layer whose shapes differ: refuse it, leave it initialised, take the leading part of a larger
    /// blob, or put a smaller one into the leading part; refused unless given
    #[arg(long, value_name = "error|skip|slice|pad")]
    on_mismatch: Option<OnMismatchArgument>,

    /// Rename layers of the weights; a * stands for any characters and carries over to the new name; may be repeated
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<Rename>,

    /// Take weights for these layers of the net only; may be repeated
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,

    /// Take no weights for these layers of the net; may be repeated
    #[arg(long, value_name = "GLOB")]
    except: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnMismatchArgument {
    Error,
    Skip,
    Slice,
    Pad,
}

impl DonorArguments {
    /// The donors asked for; `solver` are those of the solver, which `--weights` replaces.
    pub(super) fn or(&self, solver: Vec<PathBuf>) -> crate::Result<Donors> {
        let own: Vec<PathBuf> = self.weights.iter().flat_map(|list| split(list)).collect();
        if own.iter().any(|path| is_standard(path)) {
            let message =
                "--weights -: weights are read in place, from a file; store what comes from standard input in one";
            return Err(Error::Request(message.to_owned()));
        }
        let paths = if own.is_empty() { solver } else { own };
        let chosen = [
            ("on-mismatch", self.on_mismatch.is_some()),
            ("rename", !self.rename.is_empty()),
            ("only", !self.only.is_empty()),
            ("except", !self.except.is_empty()),
        ];
        match chosen.iter().find(|(_, given)| paths.is_empty() && *given) {
            Some((option, _)) => Err(Error::Request(format!("--{option} is about weights: give them with --weights"))),
            None => Ok(Donors { paths, options: self.options()? }),
        }
    }

    /// The options that are given, beside the files of weights.
    pub(super) fn given(&self) -> Vec<String> {
        let given = |option, value: &str| Given { option, value }.to_string();
        let on_mismatch = self.on_mismatch.and_then(|value| value.to_possible_value());
        let on_mismatch = on_mismatch.map(|value| given("--on-mismatch", value.get_name()));
        let renames = self.rename.iter().map(|rename| given("--rename", &rename.to_string()));
        let only = self.only.iter().map(|glob| given("--only", glob));
        let except = self.except.iter().map(|glob| given("--except", glob));
        on_mismatch.into_iter().chain(renames).chain(only).chain(except).collect()
    }

    fn options(&self) -> crate::Result<MatchOptions> {
        let on_mismatch = match self.on_mismatch.unwrap_or(OnMismatchArgument::Error) {
            OnMismatchArgument::Error => OnMismatch::Error,
            OnMismatchArgument::Skip => OnMismatch::Skip,
            OnMismatchArgument::Slice => OnMismatch::Slice,
            OnMismatchArgument::Pad => OnMismatch::Pad,
        };
        let selection = Selection::new(&self.only, &self.except).map_err(|error| Error::Request(error.to_string()))?;
        Ok(MatchOptions { on_mismatch, renames: self.rename.clone(), selection })
    }
}

/// The files of weights to take values from, in order, and how.
pub(super) struct Donors {
    paths: Vec<PathBuf>,
    options: MatchOptions,
}

impl Donors {
    /// Enters the donors' values into the plan; what became of them is printed.
    pub(super) fn apply(&self, plan: &mut Plan) -> crate::Result<()> {
        if self.paths.is_empty() {
            return Ok(());
        }
        let read = ReadOptions { limits: limits::current(), ..ReadOptions::default() };
        // Weights for a fork that is not known here are of that fork, or else of any that is.
        let own = plan.dialect.has_own_schema().then_some(ReadOptions { dialect: Some(plan.dialect), ..read });
        let open = |path: &PathBuf| match own.map(|own| Donor::open_with(path, &own)) {
            Some(Ok(donor)) => Ok(donor),
            _ => Donor::open_with(path, &read),
        };
        let donors = self.paths.iter().map(open).collect::<crate::Result<Vec<_>>>()?;
        for donor in &donors {
            donor.net.notices.iter().for_each(|notice| report::note(&format!("{}: {notice}", donor.name)));
        }
        print(&donors::apply(plan, &donors, &self.options)?);
        Ok(())
    }

    /// The donors as provenance tells them; their hashes take a pass over each file.
    pub(super) fn records(&self, hashed: bool) -> crate::Result<Vec<DonorRecord>> {
        let record = |path: &PathBuf| {
            let sha256 = hashed.then(|| hash(path)).transpose()?;
            Ok(DonorRecord::new(path.display().to_string(), sha256))
        };
        self.paths.iter().map(record).collect()
    }
}

/// Splits a list at its commas, unless there is a file of the whole name.
fn split(list: &Path) -> Vec<PathBuf> {
    match list.to_str() {
        Some(text) if text.contains(',') && !list.exists() => text.split(',').map(PathBuf::from).collect(),
        _ => vec![list.to_owned()],
    }
}

fn hash(path: &Path) -> crate::Result<[u8; 32]> {
    let cannot_read = |source| Error::io("cannot read", path, source);
    let mut file = File::open(path).map_err(cannot_read)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; HASH_BYTES]);
    loop {
        match file.read(&mut piece).map_err(cannot_read)? {
            0 => return Ok(hash.finalize().into()),
            count => hash.update(&piece[..count]),
        }
    }
}

fn print(report: &MatchReport) {
    report.donors.iter().for_each(print_donor);
    if !report.initialised.is_empty() {
        report::done(&format!("initialised: {}", layers(&report.initialised)));
    }
}

fn print_donor(donor: &DonorReport) {
    let some = |count: usize, what: &str| (count > 0).then(|| format!("{} {what}", table::count(count as u64)));
    let in_part = |is: fn(&&Taken) -> bool| donor.taken.iter().filter(is).count();
    let parts = [
        some(in_part(|taken| taken.sliced > 0), "of them sliced"),
        some(in_part(|taken| taken.padded > 0), "of them padded"),
        some(donor.skipped.len(), "do not fit"),
        some(donor.left.len(), "left out"),
        some(donor.excess.len(), "in excess"),
    ];
    let mut line = format!("weights: {}: {} taken", donor.donor, counted(donor.taken.len() as u64, "layer"));
    parts.into_iter().flatten().for_each(|part| line.push_str(&format!(", {part}")));
    report::done(&line);
    if donor.taken.is_empty() {
        let help = "layers are matched by name, to the letter; --rename gives those of the weights other names";
        report::warn(&format!("nothing was taken from {}", donor.donor), help);
    }
    for skipped in &donor.skipped {
        report::note(&format!("{}: layer {:?} does not fit: {}", donor.donor, skipped.layer, skipped.reason));
    }
    for note in &donor.notes {
        report::note(&format!("{}: {note}", donor.donor));
    }
    for flaw in &donor.flaws {
        report::note(&format!("{}: passed over: {flaw}", donor.donor));
    }
    if report::is_verbose() {
        donor.taken.iter().for_each(|taken| report::done(&format!("  taken: {}", describe(taken))));
        let lists = [("left out", &donor.left), ("in excess", &donor.excess)];
        let filled = lists.into_iter().filter(|(_, names)| !names.is_empty());
        filled.for_each(|(what, names)| report::done(&format!("  {what}: {}", names.join(", "))));
    }
}

/// A layer that was taken: `conv1 as conv1_a: 2 blobs, 1 sliced`.
fn describe(taken: &Taken) -> String {
    let Taken { layer, target, whole, sliced, padded } = taken;
    let renamed = if layer == target { String::new() } else { format!(" as {target}") };
    let parts = [(*sliced, "sliced"), (*padded, "padded")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
    let blobs = counted((whole + sliced + padded) as u64, "blob");
    format!("{layer}{renamed}: {blobs}{}", parts.collect::<String>())
}

/// The number of layers, and their names where there are few or details are wanted.
fn layers(names: &[String]) -> String {
    const FEW: usize = 8;
    let count = counted(names.len() as u64, "layer");
    if names.len() <= FEW || report::is_verbose() { format!("{count} ({})", names.join(", ")) } else { count }
}
