//! The arguments that say which files of weights give values, and the report on what they gave.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sha2::{Digest, Sha256};

use super::frameworks::{self, FromArgument};
use super::input::is_standard;
use super::table::{self, counted};
use super::{limits, report};
use crate::dialect::Dialect;
use crate::donors::{
    self, Donor, DonorReport, FIT_WAYS, FitRule, FittedBlob, Framework, MatchOptions, MatchReport, OnMismatch, Rename,
    RenameError, Selection, Taken,
};
use crate::given::Given;
use crate::provenance::DonorRecord;
use crate::{Error, Net, Plan, PlanOptions, ReadOptions};

/// How many bytes are hashed at a time.
const HASH_BYTES: usize = 1 << 18;

#[derive(Debug, Args)]
#[command(next_help_heading = "Weights")]
pub(super) struct DonorArguments {
    /// Weights to load, by layer name; may be repeated
    ///
    /// The file may be a .caffemodel, .h5, .npz, .safetensors or .binaryproto; the format is detected. Of several
    /// files, given by repeating the option or separated by commas, later ones win. Without this option, the weights
    /// that the solver names are loaded.
    ///
    /// NAME=FILE names the file, so that --rename and --from can be limited to it.
    #[arg(long, value_name = "FILE")]
    weights: Vec<PathBuf>,

    /// Framework that the weights come from: pytorch or keras
    ///
    /// The arrays of an .npz, .safetensors or HDF5 file are matched by module name and converted from the layouts of
    /// the framework. May be repeated: NAME:FRAMEWORK is for the weights called NAME only.
    #[arg(long = "from", value_name = "FRAMEWORK", value_parser = frameworks::from, hide_short_help = true)]
    frameworks: Vec<FromArgument>,

    /// What to do with a layer whose shapes differ
    #[arg(long, value_name = "ACTION", hide_short_help = true)]
    on_mismatch: Option<OnMismatchArgument>,

    /// Fit blobs whose shapes differ; may be repeated
    #[arg(long = "fit", value_name = "GLOB[.BLOB]=HOW", long_help = fit_help())]
    fits: Vec<String>,

    /// Rename layers of the weights; may be repeated
    ///
    /// A * in OLD matches any characters, which replace the * in NEW. The first rename that matches a layer applies.
    /// OLD=NEW,NEW loads the layer into several layers of the net. NAME:OLD=NEW is for the weights called NAME only.
    #[arg(long, value_name = "OLD=NEW", value_parser = rename)]
    rename: Vec<RenameArgument>,

    /// Layers to load weights into; may be repeated
    ///
    /// By default weights are loaded into all layers.
    #[arg(long, value_name = "GLOB", hide_short_help = true)]
    only: Vec<String>,

    /// Layers to load no weights into; may be repeated
    #[arg(long, value_name = "GLOB")]
    except: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnMismatchArgument {
    /// Refuse the weights; the default
    Error,
    /// Leave the layer initialised
    Skip,
    /// Take the leading part of a larger blob
    Slice,
    /// Put a smaller blob into the leading part
    Pad,
}

/// A rename as it is given: whether it begins with the name of a file shows once the files are known.
#[derive(Debug, Clone)]
struct RenameArgument(String);

fn rename(text: &str) -> Result<RenameArgument, RenameError> {
    text.parse::<Rename>().map(|_| RenameArgument(text.to_owned()))
}

impl RenameArgument {
    /// The rename, for one of these files if it begins with its name.
    fn read(&self, weights: &[WeightsFile]) -> crate::Result<Rename> {
        let RenameArgument(text) = self;
        let named = text.split_once(':').filter(|(name, _)| weights.iter().any(|file| file.is_called(name)));
        let rename = named.map_or(text.as_str(), |(_, rename)| rename).parse::<Rename>();
        let rename = rename.map_err(|error| Error::Request(format!("--rename {text}: {error}")))?;
        Ok(match named {
            Some((name, _)) => rename.of_donor(name),
            None => rename,
        })
    }
}

/// A file of weights, and what renames call it.
struct WeightsFile {
    name: Option<String>,
    path: PathBuf,
    /// The framework whose names it has; Caffe's if `None`.
    framework: Option<&'static Framework>,
}

impl WeightsFile {
    /// Reads `NAME=FILE`, unless there is a file of the whole name.
    fn read(path: PathBuf) -> WeightsFile {
        let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
        match path.to_str().and_then(|text| text.split_once('=')) {
            Some((name, file)) if is_name(name) && !file.is_empty() && !path.exists() => {
                WeightsFile { name: Some(name.to_owned()), path: PathBuf::from(file), framework: None }
            }
            _ => WeightsFile { name: None, path, framework: None },
        }
    }

    fn is_called(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    fn open(&self, options: &ReadOptions) -> crate::Result<Donor> {
        let donor = match self.framework {
            Some(framework) => Donor::open_from(&self.path, framework)?,
            None => Donor::open_with(&self.path, options)?,
        };
        Ok(match &self.name {
            Some(name) => donor.called(name),
            None => donor,
        })
    }
}

/// The long help of `--fit`, from the table of the ways.
fn fit_help() -> String {
    let mut help = "Fit blobs whose shapes differ; may be repeated\n\n\
                    GLOB[.BLOB] is matched as for --rule, and the last match wins. HOW is one of:"
        .to_owned();
    FIT_WAYS.iter().for_each(|way| help += &format!("\n\n{}: {}", way.form, way.about));
    help
}

impl DonorArguments {
    /// The donors asked for; `solver` are those of the solver, which `--weights` replaces.
    pub(super) fn or(&self, solver: Vec<PathBuf>) -> crate::Result<Donors> {
        let own = self.weights.iter().flat_map(|list| split(list));
        let own: Vec<WeightsFile> = own.map(WeightsFile::read).collect();
        if own.iter().any(|file| is_standard(&file.path)) {
            let message = "--weights -: weights are read in place, from a file; save standard input to one first";
            return Err(Error::Request(message.to_owned()));
        }
        let of_solver = |path| WeightsFile { name: None, path, framework: None };
        let mut files = if own.is_empty() { solver.into_iter().map(of_solver).collect() } else { own };
        let chosen = [
            ("from", !self.frameworks.is_empty()),
            ("on-mismatch", self.on_mismatch.is_some()),
            ("fit", !self.fits.is_empty()),
            ("rename", !self.rename.is_empty()),
            ("only", !self.only.is_empty()),
            ("except", !self.except.is_empty()),
        ];
        if let Some((option, _)) = chosen.iter().find(|(_, given)| files.is_empty() && *given) {
            return Err(Error::Request(format!("--{option} applies to weights: give them with --weights")));
        }
        let names: Vec<Option<&str>> = files.iter().map(|file| file.name.as_deref()).collect();
        frameworks::check(&self.frameworks, &names)?;
        for file in &mut files {
            file.framework = frameworks::of_file(&self.frameworks, file.name.as_deref());
        }
        Ok(Donors { options: self.options(&files)?, files })
    }

    /// The options that are given, beside the files of weights.
    pub(super) fn given(&self) -> Vec<String> {
        let given = |option, value: &str| Given { option, value }.to_string();
        let on_mismatch = self.on_mismatch.and_then(|value| value.to_possible_value());
        let on_mismatch = on_mismatch.map(|value| given("--on-mismatch", value.get_name()));
        let frameworks = self.frameworks.iter().map(|from| given("--from", from.text()));
        let fits = self.fits.iter().map(|rule| given("--fit", rule));
        let renames = self.rename.iter().map(|RenameArgument(text)| given("--rename", text));
        let only = self.only.iter().map(|glob| given("--only", glob));
        let except = self.except.iter().map(|glob| given("--except", glob));
        frameworks.chain(on_mismatch).chain(fits).chain(renames).chain(only).chain(except).collect()
    }

    fn options(&self, files: &[WeightsFile]) -> crate::Result<MatchOptions> {
        let on_mismatch = match self.on_mismatch.unwrap_or(OnMismatchArgument::Error) {
            OnMismatchArgument::Error => OnMismatch::Error,
            OnMismatchArgument::Skip => OnMismatch::Skip,
            OnMismatchArgument::Slice => OnMismatch::Slice,
            OnMismatchArgument::Pad => OnMismatch::Pad,
        };
        let selection = Selection::new(&self.only, &self.except).map_err(|error| Error::Request(error.to_string()))?;
        let fits = self.fits.iter().map(|rule| FitRule::parse("--fit", rule)).collect::<crate::Result<_>>()?;
        let renames = self.rename.iter().map(|rename| rename.read(files)).collect::<crate::Result<_>>()?;
        Ok(MatchOptions { on_mismatch, fits, renames, selection })
    }
}

/// The files of weights to take values from, in order, and how.
pub(super) struct Donors {
    files: Vec<WeightsFile>,
    options: MatchOptions,
}

impl Donors {
    /// Opens the files, for a net in this dialect.
    pub(super) fn open(self, dialect: &'static Dialect) -> crate::Result<OpenDonors> {
        let read = ReadOptions { limits: limits::current(), ..ReadOptions::default() };
        // Weights for a fork that is not known here are of that fork, or else of any that is.
        let own = dialect.has_own_schema().then_some(ReadOptions { dialect: Some(dialect), ..read });
        let open = |file: &WeightsFile| match own.map(|own| file.open(&own)) {
            Some(Ok(donor)) => Ok(donor),
            _ => file.open(&read),
        };
        let donors = self.files.iter().map(open).collect::<crate::Result<Vec<_>>>()?;
        Ok(OpenDonors { files: self.files, donors, options: self.options })
    }
}

/// Donors that have been opened.
pub(super) struct OpenDonors {
    files: Vec<WeightsFile>,
    donors: Vec<Donor>,
    options: MatchOptions,
}

impl OpenDonors {
    /// Gives the blobs of layers of unknown types the shapes that the donors have for them; which is printed.
    pub(super) fn tell_shapes(&self, net: &Net, plan: &mut PlanOptions) {
        let told = donors::opaque_shapes(&net.layers, net.dialect, plan, &self.donors, &self.options);
        told.iter().for_each(|line| report::note(line));
    }

    /// Enters the donors' values into the plan; what became of them is printed.
    pub(super) fn apply(&self, plan: &mut Plan) -> crate::Result<()> {
        if self.donors.is_empty() {
            return Ok(());
        }
        for donor in &self.donors {
            donor.net.notices.iter().for_each(|notice| report::note(&format!("{}: {notice}", donor.name)));
        }
        print(&donors::apply(plan, &self.donors, &self.options)?);
        Ok(())
    }

    /// The donors as provenance tells them; their hashes take a pass over each file.
    pub(super) fn records(&self, hashed: bool) -> crate::Result<Vec<DonorRecord>> {
        let record = |WeightsFile { name, path, .. }: &WeightsFile| {
            let sha256 = hashed.then(|| hash(path)).transpose()?;
            Ok(DonorRecord::new(path.display().to_string(), sha256).called(name.clone()))
        };
        self.files.iter().map(record).collect()
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
    report.notes.iter().for_each(|note| report::note(note));
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
        some(in_part(|taken| !taken.fitted.is_empty()), "of them fitted"),
        some(donor.skipped.len(), "do not fit"),
        some(donor.left.len(), "left out"),
        some(donor.excess.len(), "unused"),
    ];
    let mut line = format!("weights: {}: {} taken", donor.donor, counted(donor.taken.len() as u64, "layer"));
    parts.into_iter().flatten().for_each(|part| line.push_str(&format!(", {part}")));
    report::done(&line);
    if donor.taken.is_empty() {
        let help = "layers are matched by their exact names; --rename renames those of the weights".into();
        report::warn(&format!("nothing was taken from {}", donor.donor), &[], donor.lead.clone().unwrap_or(help));
    }
    for skipped in &donor.skipped {
        report::note(&format!("{}: layer {:?} does not fit: {}", donor.donor, skipped.layer, skipped.reason));
    }
    for note in &donor.notes {
        report::note(&format!("{}: {note}", donor.donor));
    }
    for flaw in &donor.flaws {
        report::note(&format!("{}: skipped: {flaw}", donor.donor));
    }
    if report::is_verbose() {
        donor.taken.iter().for_each(print_taken);
        let lists = [("left out", &donor.left), ("unused", &donor.excess)];
        let filled = lists.into_iter().filter(|(_, names)| !names.is_empty());
        filled.for_each(|(what, names)| report::done(&format!("  {what}: {}", names.join(", "))));
    }
}

/// A layer that was taken, and how each of its blobs was fitted that was.
fn print_taken(taken: &Taken) {
    report::done(&format!("  taken: {}", describe(taken)));
    for FittedBlob { index, from, shape, .. } in &taken.fitted {
        report::done(&format!("    blob {index}: {} from {} by {}", shape, from.shape, from.how));
    }
}

/// A layer that was taken: `conv1 as conv1_a: 2 blobs, 1 sliced`.
fn describe(taken: &Taken) -> String {
    let Taken { layer, target, whole, sliced, padded, fitted, .. } = taken;
    let renamed = if layer == target { String::new() } else { format!(" as {target}") };
    let parts = [(*sliced, "sliced"), (*padded, "padded"), (fitted.len(), "fitted")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}"));
    let blobs = counted((whole + sliced + padded + fitted.len()) as u64, "blob");
    format!("{layer}{renamed}: {blobs}{}", parts.collect::<String>())
}

/// The number of layers, and their names where there are few or details are wanted.
fn layers(names: &[String]) -> String {
    const FEW: usize = 8;
    let count = counted(names.len() as u64, "layer");
    if names.len() <= FEW || report::is_verbose() { format!("{count} ({})", names.join(", ")) } else { count }
}
