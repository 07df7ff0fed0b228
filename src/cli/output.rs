//! Where the net is written: the file, its format, and the provenance beside it.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::output::{AtomicFile, Format, Output, Provenance, Recipe, Recorder};
use crate::random::Streams;
use crate::{Error, Plan};

/// How much is gathered before it is written.
const WRITE_BUFFER_BYTES: usize = 256 * 1024;

#[derive(Debug, Args)]
pub(super) struct OutputArguments {
    /// The file to write: .caffemodel, .h5 or .hdf5, .npz or .safetensors
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// The format of the output; by default the one that its name tells, or else a caffemodel
    #[arg(long, value_name = "caffemodel|hdf5|npz|safetensors")]
    format: Option<Format>,

    /// Write a JSON file that tells how the net came about, with the filler and the SHA-256 of each blob
    #[arg(long, value_name = "FILE")]
    provenance: Option<PathBuf>,

    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

impl OutputArguments {
    /// Initialises the plan into the output. Nothing is left behind unless all of it can be written.
    pub(super) fn write(&self, plan: &Plan, streams: &mut Streams, recipe: Recipe) -> anyhow::Result<()> {
        let format = self.format();
        format.check(plan, &recipe)?;
        let mut file = AtomicFile::create(&self.output, self.force)?;
        let fill = |output: &mut dyn Output, streams: &mut Streams| {
            crate::init::fill(plan, streams, output).map_err(|source| self.cannot_write(source))
        };
        let mut output = self.open(format, plan, &recipe, &mut file)?;
        let Some(path) = &self.provenance else {
            fill(&mut *output, streams)?;
            drop(output);
            return Ok(file.commit()?);
        };
        let mut provenance_file = AtomicFile::create(path, self.force)?;
        let mut recorder = Recorder::new(output);
        fill(&mut recorder, streams)?;
        write_json(&recorder.into_provenance(recipe), path, provenance_file.file())?;
        file.commit()?;
        Ok(provenance_file.commit()?)
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
        file: &'a mut AtomicFile,
    ) -> Result<Box<dyn Output + 'a>, Error> {
        let buffered = BufWriter::with_capacity(WRITE_BUFFER_BYTES, file.file());
        format.writer(plan, recipe, buffered).map_err(|source| self.cannot_write(source))
    }

    fn cannot_write(&self, source: std::io::Error) -> Error {
        Error::io("cannot write", &self.output, source)
    }
}

fn write_json(provenance: &Provenance, path: &Path, file: &mut File) -> Result<(), Error> {
    let mut out = BufWriter::new(file);
    let cannot_write = |source| Error::io("cannot write", path, source);
    serde_json::to_writer_pretty(&mut out, provenance).map_err(|error| cannot_write(error.into()))?;
    std::io::Write::write_all(&mut out, b"\n").map_err(cannot_write)?;
    std::io::Write::flush(&mut out).map_err(cannot_write)
}
