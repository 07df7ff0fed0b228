//! Where the net is written: the file, its format, and the provenance beside it.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::input::is_standard;
use super::progress::Progress;
use super::target::{Target, display_name};
use crate::file::{folder, reserve};
use crate::formats::{Format, Output, SavedNet, Unreadable};
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
    /// Output file; - for standard output
    ///
    /// Its extension decides the format: .caffemodel, .h5 or .hdf5, .npz, .safetensors, .prototxt or .binaryproto.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

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
    /// Checks that the outputs are neither one file nor one of the files that the net is read from.
    pub(super) fn check_apart(&self, inputs: &[&Path]) -> crate::Result<()> {
        if let Some(provenance) = self.provenance.as_ref().filter(|provenance| same_file(provenance, &self.output)) {
            let name = display_name(provenance);
            return Err(Error::Request(format!("{name}: both the output and its provenance; give each a name")));
        }
        for output in [Some(&self.output), self.provenance.as_ref()].into_iter().flatten() {
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
        let format = self.format();
        format.check(&saved(plan, &recipe))?;
        let mut target = Target::create(&self.output, self.force)?;
        let mut provenance_target =
            self.provenance.as_ref().map(|path| Target::create(path, self.force)).transpose()?;
        let provenance = self.fill(format, plan, streams, recipe, target.file())?;
        if let (Some(path), Some(target), Some(provenance)) = (&self.provenance, &mut provenance_target, provenance) {
            write_json(&provenance, path, target.file())?;
        }
        let length = target.file().metadata().map_err(|source| self.cannot_write(source))?.len();
        target.commit()?;
        provenance_target.map(Target::commit).transpose()?;
        Ok(length)
    }

    /// Checks that the output could be started, and does not.
    pub(super) fn check(&self, plan: &Plan, recipe: &Recipe) -> anyhow::Result<()> {
        self.format().check(&saved(plan, recipe))?;
        for path in [Some(&self.output), self.provenance.as_ref()].into_iter().flatten() {
            Target::create(path, self.force)?;
        }
        Ok(())
    }

    /// Whether provenance is asked for.
    pub(super) fn has_provenance(&self) -> bool {
        self.provenance.is_some()
    }

    /// The output as the user named it.
    pub(super) fn name(&self) -> String {
        display_name(&self.output)
    }

    /// Initialises the plan into the file; the provenance is recorded only if it is asked for.
    fn fill(
        &self,
        format: Format,
        plan: &Plan,
        streams: &mut Streams,
        recipe: Recipe,
        file: &mut File,
    ) -> crate::Result<Option<Provenance>> {
        let cannot_write = |source| self.cannot_write(source);
        let mut output = Progress::new(plan, self.open(format, plan, &recipe, file)?);
        if self.provenance.is_none() {
            init::fill(plan, streams, &mut output).map_err(cannot_write)?;
            return Ok(None);
        }
        let mut recorder = Recorder::new(plan, Box::new(output));
        init::fill(plan, streams, &mut recorder).map_err(cannot_write)?;
        Ok(Some(recorder.into_provenance(recipe)))
    }

    /// The format asked for, or the one of the name; a name that tells none is that of a caffemodel.
    fn format(&self) -> Format {
        self.format.or_else(|| Format::of_path(&self.output)).unwrap_or(Format::Caffemodel)
    }

    fn open<'a>(
        &self,
        format: Format,
        plan: &Plan,
        recipe: &Recipe,
        file: &'a mut File,
    ) -> Result<Box<dyn Output + 'a>, Error> {
        let net = saved(plan, recipe);
        reserve(file, format.least_size(&net)).map_err(|source| self.cannot_write(source))?;
        let buffered = BufWriter::with_capacity(WRITE_BUFFER_BYTES, file);
        format.writer(&net, buffered).map_err(|source| self.cannot_write(source))
    }

    fn cannot_write(&self, source: std::io::Error) -> Error {
        cannot_write(&self.output, source)
    }
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

/// The error for an output that cannot be written, or whose values cannot be read.
pub(super) fn cannot_write(path: &Path, source: std::io::Error) -> Error {
    match source.downcast::<Unreadable>() {
        Ok(unreadable) => unreadable.into(),
        Err(source) => Error::io("cannot write", path, source),
    }
}

fn write_json(provenance: &Provenance, path: &Path, file: &mut File) -> Result<(), Error> {
    let mut out = BufWriter::new(file);
    let cannot_write = |source| Error::io("cannot write", path, source);
    serde_json::to_writer_pretty(&mut out, provenance).map_err(|error| cannot_write(error.into()))?;
    std::io::Write::write_all(&mut out, b"\n").map_err(cannot_write)?;
    std::io::Write::flush(&mut out).map_err(cannot_write)
}
