//! Where the net is written: the file, its format, and the provenance beside it.

use std::ffi::OsStr;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use indicatif::BinaryBytes;

use super::input::is_standard;
use super::progress::Progress;
use super::report;
use super::target::{STANDARD, Target, TargetFile, display_name, is_device, is_standard_output};
use crate::file::folder;
use crate::formats::{Format, SavedNet, Unreadable};
use crate::provenance::{Provenance, Recipe, Recorder};
use crate::random::Streams;
use crate::{Error, Plan, init};

/// How much is gathered before it is written.
pub(super) const WRITE_BUFFER_BYTES: usize = 32 * 1024;

/// The heading of the options about the output.
pub(super) const OUTPUT: &str = "Output";

#[derive(Debug, Args)]
#[command(next_help_heading = OUTPUT)]
pub(super) struct OutputArguments {
    /// Output file, or - for stdout [default: NET.caffemodel]
    ///
    /// Its extension decides the format: .caffemodel, .h5 or .hdf5, .npz, .safetensors, .prototxt or .binaryproto. By
    /// default it is NET.caffemodel in the current folder.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Output format
    ///
    /// By default the extension of the output decides.
    #[arg(long, value_parser = format_parser(), hide_short_help = true)]
    format: Option<Format>,

    /// Write a JSON record of how the net was made
    ///
    /// It holds all that is needed to make the net again, and the filler and the SHA-256 of each blob.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    provenance: Option<PathBuf>,

    /// Overwrite existing files
    #[arg(long)]
    force: bool,
}

/// Reads the name of a format; help and completions list them.
pub(super) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let value = |format: Format| match format {
        Format::Hdf5 => PossibleValue::new(format.name()).alias("h5"),
        _ => PossibleValue::new(format.name()),
    };
    PossibleValuesParser::new(Format::written().map(value)).try_map(|name| name.parse::<Format>())
}

impl OutputArguments {
    /// The outputs with their names and the format.
    ///
    /// The default name is that of the net in `file`, which is read from the file at `path`, in the current folder.
    ///
    /// # Errors
    /// The name does not say which format, or there is none: the net comes from standard input and is to be written.
    pub(super) fn outputs(&self, path: &Path, file: &str, is_written: bool) -> anyhow::Result<NamedOutputs<'_>> {
        if let Some(output) = &self.output {
            let format = match self.format {
                None if output.extension().is_some() => format_of(output, Some("--format"))?,
                format => format.unwrap_or(Format::Caffemodel),
            };
            return Ok(NamedOutputs { path: output.clone(), is_named: true, format, arguments: self });
        }
        let format = self.format.unwrap_or(Format::Caffemodel);
        let net = if path.display().to_string() == file { path } else { Path::new(file) };
        let is_named = !is_standard(path);
        let path = match net.file_stem().filter(|_| is_named) {
            Some(stem) => beside(stem, format),
            None if is_written => bail!("the net comes from standard input: name the output with --output"),
            None => STANDARD.into(),
        };
        Ok(NamedOutputs { path, is_named, format, arguments: self })
    }

    /// Whether provenance is asked for.
    pub(super) fn has_provenance(&self) -> bool {
        self.provenance.is_some()
    }
}

/// The outputs of a run.
pub(super) struct NamedOutputs<'a> {
    path: PathBuf,
    /// Whether there is an output at all; if not, its path is of no account.
    is_named: bool,
    format: Format,
    arguments: &'a OutputArguments,
}

impl NamedOutputs<'_> {
    /// Checks that the outputs are neither one file nor one of the files that the net is read from.
    pub(super) fn check_apart(&self, inputs: &[&Path]) -> crate::Result<()> {
        let provenance = self.arguments.provenance.as_ref();
        if let Some(provenance) = provenance.filter(|provenance| same_file(provenance, &self.path)) {
            let name = display_name(provenance);
            return Err(Error::Request(format!("{name}: both the output and its provenance; give each its own name")));
        }
        for output in [Some(&self.path), provenance].into_iter().flatten() {
            let replaced = |input: &&&Path| !is_standard(output) && same_file(output, input);
            if let Some(input) = inputs.iter().find(replaced) {
                let message = format!("{}: is the net definition; give the output another name", input.display());
                return Err(Error::Request(message));
            }
        }
        Ok(())
    }

    /// Initialises the plan into the output, and returns the length of it in bytes. Nothing is left behind unless all
    /// of it can be written.
    pub(super) fn write(&self, plan: &Plan, streams: &mut Streams, recipe: Recipe) -> anyhow::Result<u64> {
        self.format.check(&saved(plan, &recipe))?;
        let OutputArguments { provenance, force, .. } = self.arguments;
        let mut target = Target::create(&self.path, *force)?;
        let mut provenance_target = provenance.as_ref().map(|path| Target::create(path, *force)).transpose()?;
        let (recorded, length) = self.fill(plan, streams, recipe, target.file())?;
        if let (Some(path), Some(target), Some(recorded)) = (provenance, &mut provenance_target, recorded) {
            write_json(&recorded, path, target.file())?;
        }
        target.commit()?;
        provenance_target.map(Target::commit).transpose()?;
        Ok(length)
    }

    /// Checks that the outputs could be started, and does not. That they exist is told.
    pub(super) fn check(&self, plan: &Plan, recipe: &Recipe) -> anyhow::Result<()> {
        self.format.check(&saved(plan, recipe))?;
        let output = Some(&self.path).filter(|_| self.is_named);
        for path in [output, self.arguments.provenance.as_ref()].into_iter().flatten().filter(|path| !is_device(path)) {
            if path.is_file() && !is_standard_output(path) && !self.arguments.force {
                report::note(&format!("{}: already exists; --force would replace it", path.display()));
            }
            Target::create(path, true)?;
        }
        Ok(())
    }

    /// The output as messages name it.
    pub(super) fn name(&self) -> String {
        if self.is_named { display_name(&self.path) } else { format!("a {}", self.format) }
    }

    /// Initialises the plan into the file; returns the length of that, and the provenance if it is asked for.
    fn fill(
        &self,
        plan: &Plan,
        streams: &mut Streams,
        recipe: Recipe,
        mut file: TargetFile<'_>,
    ) -> crate::Result<(Option<Provenance>, u64)> {
        let net = saved(plan, &recipe);
        let least_size = self.format.least_size(&net);
        let cannot_write = |source| cannot_write(&self.path, source, Some(least_size));
        file.reserve(least_size).map_err(cannot_write)?;
        let buffered = BufWriter::with_capacity(WRITE_BUFFER_BYTES, &mut file);
        let mut output = Progress::new(plan, self.format.writer(&net, buffered).map_err(cannot_write)?);
        if self.arguments.provenance.is_none() {
            init::fill(plan, streams, &mut output).map_err(cannot_write)?;
            drop(output);
            return Ok((None, file.length()));
        }
        let mut recorder = Recorder::new(plan, Box::new(output));
        init::fill(plan, streams, &mut recorder).map_err(cannot_write)?;
        let provenance = recorder.into_provenance(recipe);
        Ok((Some(provenance), file.length()))
    }
}

/// The default name of an output: the net's, with the extension of the format.
fn beside(stem: &OsStr, format: Format) -> PathBuf {
    let mut name = stem.to_owned();
    name.push(".");
    name.push(format.entry().extensions[0]);
    name.into()
}

/// The format that the name of an output tells; `option` would choose one, where there is such an option.
///
/// # Errors
/// It tells none.
pub(super) fn format_of(path: &Path, option: Option<&str>) -> crate::Result<Format> {
    Format::of_path(path).filter(|format| Format::written().any(|written| written == *format)).ok_or_else(|| {
        let extensions: Vec<String> =
            Format::written().flat_map(|format| format.entry().extensions).map(|end| format!(".{end}")).collect();
        let (last, others) = extensions.split_last().expect("there are formats");
        let choose = option.map_or_else(String::new, |option| format!(", or choose one with {option}"));
        let name = display_name(path);
        Error::Request(format!(
            "{name}: the name does not say which format; end it in {} or {last}{choose}",
            others.join(", ")
        ))
    })
}

/// The net of a plan, to be saved with its recipe.
fn saved<'a>(plan: &'a Plan, recipe: &Recipe) -> SavedNet<'a> {
    plan.saved().with_metadata(recipe.metadata())
}

/// Whether both paths name one file, which need not exist.
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| {
        let in_folder =
            || Ok::<_, std::io::Error>(folder(path).canonicalize()?.join(path.file_name().unwrap_or_default()));
        path.canonicalize().or_else(|_| in_folder())
    };
    one == other || matches!((whole(one), whole(other)), (Ok(one), Ok(other)) if one == other)
}

/// The error for an output that cannot be written, or whose values cannot be read; `least_size` is how many bytes it
/// takes at least, where that is known.
pub(super) fn cannot_write(path: &Path, source: io::Error, least_size: Option<u64>) -> Error {
    let source = match source.downcast::<Unreadable>() {
        Ok(unreadable) => return unreadable.into(),
        Err(source) => source,
    };
    let is_full = matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge);
    let source = match least_size.filter(|_| is_full) {
        Some(bytes) => io::Error::new(source.kind(), format!("{source}; it takes {} or more", BinaryBytes(bytes))),
        None => source,
    };
    // What goes elsewhere than to a file waits in a temporary one.
    let waits = is_standard_output(path) || is_device(path);
    Error::io("cannot write", if waits { std::env::temp_dir() } else { path.to_owned() }, source)
}

fn write_json(provenance: &Provenance, path: &Path, file: TargetFile<'_>) -> Result<(), Error> {
    let mut out = BufWriter::new(file);
    let cannot_write = |source| cannot_write(path, source, None);
    serde_json::to_writer_pretty(&mut out, provenance).map_err(|error| cannot_write(error.into()))?;
    out.write_all(b"\n").and_then(|()| out.flush()).map_err(cannot_write)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_no_room_what_it_takes_is_told() {
        let error = |kind: ErrorKind, bytes| cannot_write(Path::new("net"), kind.into(), bytes).to_string();
        let full = "net: cannot write: no storage space; it takes 1.50 MiB or more";
        assert_eq!(error(ErrorKind::StorageFull, Some(3 << 19)), full);
        assert_eq!(error(ErrorKind::StorageFull, None), "net: cannot write: no storage space");
        assert_eq!(error(ErrorKind::PermissionDenied, Some(1)), "net: cannot write: permission denied");
        let waits = cannot_write(Path::new(STANDARD), ErrorKind::StorageFull.into(), None).to_string();
        assert!(waits.starts_with(&std::env::temp_dir().display().to_string()), "{waits}");
    }
}
