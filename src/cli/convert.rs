//! `caffemodel convert`: nets and weights from one format into another.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use indicatif::BinaryBytes;

use super::dialect;
use super::frameworks::{self, FromArgument};
use super::init;
use super::input::{self, Input};
use super::limits;
use super::net::{self, StateArguments};
use super::options;
use super::output::{WRITE_BUFFER_BYTES, cannot_write, format_of, format_parser};
use super::progress::Progress;
use super::report;
use super::table::counted;
use super::target::{self, Target, TargetFile};
use super::translation;
use crate::convert::{self, BvlcNet, BvlcOptions, Convertible, Encoded};
use crate::dialect::Dialect;
use crate::donors::{Donor, Framework, MatchOptions, opaque_shapes};
use crate::formats::{Format, StoredNet};
use crate::proto::Encoding;
use crate::{Error, Plan};

/// What `--dialect` means here.
const DIALECT_HELP: &str = "Dialect of FROM, or bvlc to convert to BVLC's Caffe";
const DIALECT_LONG_HELP: &str = "Dialect of FROM, or bvlc to convert to BVLC's Caffe

With bvlc, the net of a fork becomes one that BVLC's Caffe builds and that computes the same. If that cannot be done, \
nothing is written, and the reasons are listed layer by layer.

With any other name, it is the fork or the release of Caffe that FROM is for, by default detected from the content. See \
'caffemodel dialects' for a list.";

/// Convert nets and weights from one format to another
///
/// The formats are .prototxt, .caffemodel, .binaryproto, HDF5, .npz and .safetensors. Text is converted to binary as by
/// protoc --encode and binary to text as by protoc --decode; nets in old formats are not upgraded. Nothing is lost but
/// the sign of NaN, which text does not have.
#[derive(Debug, Args)]
#[command(mut_arg("dialect", |argument| argument.help(DIALECT_HELP).long_help(DIALECT_LONG_HELP)))]
#[command(after_long_help = "Examples:
  caffemodel convert net.caffemodel net.prototxt
  caffemodel convert --no-weights net.caffemodel deploy.prototxt
  caffemodel convert net.caffemodel net.npz
  caffemodel convert net.npz net.caffemodel --net train.prototxt
  caffemodel convert mean.binaryproto mean.npz
  caffemodel convert --dialect bvlc pspnet.prototxt bvlc.prototxt
  caffemodel convert --dialect bvlc pspnet.caffemodel bvlc.caffemodel
  caffemodel convert --message SolverState iter_1000.solverstate -")]
pub(super) struct ConvertArguments {
    /// File to read; - for standard input
    ///
    /// Its format is detected from the content.
    from: PathBuf,

    /// File to write; - for standard output
    ///
    /// Its extension decides the format: .prototxt, .caffemodel, .binaryproto, .h5 or .hdf5, .npz or .safetensors.
    to: PathBuf,

    /// Output format [default: by the extension of TO]
    ///
    /// It is one of caffemodel, hdf5, npz, safetensors, prototxt and binaryproto. Without an extension that decides, a
    /// message of Caffe's schema that is written to standard output, or that --message names, is converted from text to
    /// binary, or from binary to text.
    #[arg(long = "to", value_parser = format_parser(), hide_possible_values = true)]
    format: Option<Format>,

    /// Message type of FROM, such as SolverState or Datum
    ///
    /// By default a net or blobs are detected, or, in text, a solver.
    #[arg(long, value_name = "MESSAGE", hide_short_help = true)]
    message: Option<String>,

    /// Leave out the weights of a net
    #[arg(long)]
    no_weights: bool,

    /// Load the weights into the layers of this net
    ///
    /// Layers are matched by name. The output holds the layers of the net with their parameters, as init saves them.
    #[arg(long, value_name = "NET", conflicts_with = "no_weights")]
    net: Option<PathBuf>,

    /// Framework of the weights: pytorch or keras
    ///
    /// The arrays are matched with the layers of --net by module name, and converted from the layouts of the framework.
    #[arg(long = "from", value_name = "FRAMEWORK", value_parser = frameworks::from, requires = "net")]
    framework: Option<FromArgument>,

    #[command(flatten)]
    state: StateArguments,

    /// Dialect of FROM, with --dialect bvlc [default: detected]
    #[arg(long, value_name = "NAME", value_parser = dialect::parse, requires = "dialect", hide_short_help = true)]
    from_dialect: Option<&'static Dialect>,

    /// Leave out layers that BVLC's Caffe cannot express
    ///
    /// It is for --dialect bvlc. The layers that read tops of these are left out as well.
    #[arg(long, requires = "dialect", hide_short_help = true)]
    partial: bool,

    /// Overwrite TO if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(arguments: &ConvertArguments) -> anyhow::Result<()> {
    let start = Instant::now();
    arguments.check()?;
    let mut target = Target::create(&arguments.to, arguments.force)?;
    let source = arguments.source()?;
    let format = arguments.format(&source)?;
    let (content, bytes) = arguments.convert(&source, format, &mut target.file())?;
    target.commit()?;
    let (name, seconds) = (target::display_name(&arguments.to), start.elapsed().as_secs_f64());
    if format.encoding() == Some(Encoding::Text) && bytes > limits::current().text_bytes {
        report::note(&format!("{name}: reading a text this long takes --limit text-bytes={bytes}"));
    }
    report::done(&format!("wrote {name}: {content}, {}, {seconds:.2} s", BinaryBytes(bytes)));
    Ok(())
}

/// How much is stored: `8 blobs, 431,080 values`.
fn size(plan: &Plan) -> String {
    let blobs: usize = plan.layers.iter().map(|layer| layer.blobs.len()).sum();
    format!("{}, {}", counted(blobs as u64, "blob"), counted(plan.values(), "value"))
}

/// Whether the source is a message that the format can hold as it is.
fn keeps_message(source: &Convertible, format: Format) -> bool {
    source.message().is_some_and(|message| match format {
        Format::Prototxt => true,
        Format::Caffemodel => !message.name().starts_with("BlobProto"),
        Format::Binaryproto => message.name() != "NetParameter",
        Format::Hdf5 | Format::Npz | Format::Safetensors | Format::Npy => false,
    })
}

/// Writes the weights in a plan that draws nothing to the file at `path`; returns how many bytes that has.
pub(super) fn write_plan(plan: &Plan, format: Format, path: &Path, file: &mut TargetFile<'_>) -> anyhow::Result<u64> {
    let net = plan.saved();
    format.check(&net)?;
    let least_size = format.least_size(&net);
    file.reserve(least_size).map_err(|source| cannot_write(path, source, Some(least_size)))?;
    Ok(write(path, file, Some(least_size), |out| {
        let output = format.writer(&net, out)?;
        convert::write(plan, &mut Progress::new(plan, output))
    })?)
}

/// Has the file at `path` written through a buffer; returns how many bytes it has. It takes `least_size` or more, where
/// that is known.
fn write<'a, 'b>(
    path: &Path,
    file: &'a mut TargetFile<'b>,
    least_size: Option<u64>,
    write: impl FnOnce(&mut BufWriter<&'a mut TargetFile<'b>>) -> io::Result<()>,
) -> crate::Result<u64> {
    let mut out = BufWriter::with_capacity(WRITE_BUFFER_BYTES, file);
    let written = write(&mut out).and_then(|()| out.flush());
    written.map_err(|source| cannot_write(path, source, least_size))?;
    Ok(out.get_ref().length())
}

impl ConvertArguments {
    /// Refuses options that do not go together.
    fn check(&self) -> crate::Result<()> {
        let is_translated = self.state.dialect.is_bvlc();
        let is_idle = if is_translated { self.state.is_of_one_state() } else { !self.state.is_empty() };
        if self.net.is_none() && is_idle {
            let message = "--phase, --level, --stage and --shape apply to a net definition: give it with --net";
            return Err(Error::Request(message.to_owned()));
        }
        if !is_translated && (self.partial || self.from_dialect.is_some()) {
            let message = "--from-dialect and --partial apply to nets that become BVLC's: give --dialect bvlc";
            return Err(Error::Request(message.to_owned()));
        }
        Ok(())
    }

    /// Writes what FROM becomes; returns what that is, and how many bytes it has.
    fn convert(
        &self,
        source: &Convertible,
        format: Format,
        file: &mut TargetFile<'_>,
    ) -> anyhow::Result<(String, u64)> {
        let is_net = source.message().is_some_and(|message| message.name() == "NetParameter");
        if self.state.dialect.is_bvlc() && is_net {
            let net = convert::to_bvlc(source, &self.translation())?;
            if net.is_changed() {
                translation::report(&input::display_name(&self.from), &net);
                return self.write_translated(net, format, file);
            }
        }
        let keeps = keeps_message(source, format) && (self.no_weights || !source.has_foreign_blobs());
        match format.encoding().filter(|_| self.net.is_none() && keeps) {
            Some(encoding) => {
                let encoded = if self.no_weights { source.encoded_without_weights()? } else { source.encoded()? };
                self.write_message(&encoded, encoding, file)
            }
            None if self.no_weights => {
                Err(Error::Request(format!("--no-weights leaves nothing to write as {format}")).into())
            }
            None => {
                let framework = self.framework()?;
                let stored = if framework.is_some() { source.arrays()? } else { source.weights()? };
                self.write_weights(stored, framework, format, file)
            }
        }
    }

    /// How a net is translated. Beside a net definition, layers without weights are of no account.
    fn translation(&self) -> BvlcOptions {
        BvlcOptions {
            partial: self.partial || self.net.is_some(),
            without_weights: self.no_weights,
            plan: self.state.plan(),
            ..Default::default()
        }
    }

    fn write_translated(
        &self,
        net: BvlcNet,
        format: Format,
        file: &mut TargetFile<'_>,
    ) -> anyhow::Result<(String, u64)> {
        if self.no_weights || !net.has_weights() {
            let encoding = format.encoding().filter(|_| format != Format::Binaryproto);
            let encoding = encoding.ok_or_else(|| {
                let name = input::display_name(&self.from);
                Error::Request(format!("{name}: it has no weights to write as {format}"))
            })?;
            return self.write_message(&net.encoded(), encoding, file);
        }
        let (stored, filled) = net.weights();
        if !filled.is_empty() {
            let names = translation::names(&filled);
            self.notify(&[format!("left to the fillers of the net, whose values are fixed: {names}")]);
        }
        self.write_weights(stored, None, format, file)
    }

    fn source(&self) -> crate::Result<Convertible> {
        let (message, mut options) = (self.message.as_deref(), self.state.dialect.options()?);
        if self.state.dialect.is_bvlc() {
            options.dialect = self.from_dialect;
        }
        if input::is_standard(&self.from) {
            let Input { name, bytes, .. } = Input::read(&self.from)?;
            return Convertible::from_bytes_with(&name, bytes, message, &options);
        }
        Convertible::open_with(&self.from, message, &options)
    }

    /// The format asked for, that of the target's name, or for messages the other encoding.
    fn format(&self, source: &Convertible) -> crate::Result<Format> {
        if let Some(format) = self.format.or_else(|| Format::of_path(&self.to)) {
            return Ok(format);
        }
        let names_nothing = target::is_standard_output(&self.to) || target::is_device(&self.to);
        let other = source.message().filter(|_| self.message.is_some() || names_nothing);
        let other = other.map(|message| match (source.encoding(), message.name()) {
            (Encoding::Binary, _) => Format::Prototxt,
            (Encoding::Text, "NetParameter") => Format::Caffemodel,
            (Encoding::Text, _) => Format::Binaryproto,
        });
        other.map_or_else(|| format_of(&self.to, Some("--to")), Ok)
    }

    /// Writes a message in an encoding; returns what it is, and how many bytes it has.
    fn write_message(
        &self,
        encoded: &Encoded<'_>,
        encoding: Encoding,
        file: &mut TargetFile<'_>,
    ) -> anyhow::Result<(String, u64)> {
        self.notify(&encoded.notices);
        let bytes = write(&self.to, file, None, |out| encoded.write(encoding, out))?;
        let form = match encoding {
            Encoding::Text => "as text",
            Encoding::Binary => "in binary",
        };
        Ok((format!("{} {form}", encoded.message().name()), bytes))
    }

    /// Writes weights, by the names of Caffe or of a framework; returns how many there are, and how many bytes they
    /// take.
    fn write_weights(
        &self,
        stored: StoredNet,
        framework: Option<&'static Framework>,
        format: Format,
        file: &mut TargetFile<'_>,
    ) -> anyhow::Result<(String, u64)> {
        self.notify(&stored.notices);
        if framework.is_none() {
            self.notify(&convert::number_notices(&stored));
        }
        let plan = match &self.net {
            Some(net) => {
                let mut donor = Donor::new(input::display_name(&self.from), stored);
                if let Some(framework) = framework {
                    donor = donor.from_framework(framework);
                }
                self.fit(net, donor)?
            }
            None => {
                let notices = convert::net_notices(&stored, format);
                self.notify(&notices.iter().map(options::advice).collect::<Vec<_>>());
                convert::plan(stored, &limits::current())
                    .map_err(|error| error.within(&input::display_name(&self.from)))?
            }
        };
        let bytes = write_plan(&plan, format, &self.to, file)?;
        Ok((if self.net.is_some() { init::size(&plan) } else { size(&plan) }, bytes))
    }

    /// Plans the net with the stored weights in its layers.
    fn fit(&self, net: &Path, stored: Donor) -> crate::Result<Plan> {
        let definition = net::load(net, &self.state.dialect.options()?)?.definition;
        let (net, mut options) = (self.state.resolve(definition)?, self.state.plan());
        let donors = std::slice::from_ref(&stored);
        let told = opaque_shapes(&net.layers, net.dialect, &mut options, donors, &MatchOptions::default());
        told.iter().for_each(|line| report::note(line));
        let mut plan = Plan::new(net, &options)?;
        plan.notices.iter().for_each(|notice| report::note(notice));
        let framework = stored.framework;
        let report = convert::fit(&mut plan, stored)?;
        self.notify(&report.notes);
        if framework.is_none() {
            let unused = |layer: &String| format!("layer {layer:?} left out: the net has no layer of this name");
            self.notify(&report.excess.iter().map(unused).collect::<Vec<_>>());
        }
        Ok(plan)
    }

    /// The framework whose names the source has.
    fn framework(&self) -> crate::Result<Option<&'static Framework>> {
        let Some(from) = &self.framework else { return Ok(None) };
        let text = from.text();
        from.of_all()
            .map(Some)
            .ok_or_else(|| Error::Request(format!("--from {text}: there is only one file, and it has no name")))
    }

    fn notify(&self, notices: &[String]) {
        let name = input::display_name(&self.from);
        notices.iter().for_each(|notice| report::note(&format!("{name}: {notice}")));
    }
}
