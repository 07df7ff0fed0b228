//! The arguments that say which net is built, and in which state.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::dialect::DialectArgument;
use super::input::Input;
use super::numbers::whole;
use super::table::counted;
use super::{limits, options, report};
use crate::given::Given;
use crate::net::{FileKind, Solver};
use crate::proto::caffe;
use crate::{Definition, Net, PlanOptions, ReadOptions, Shape, StateOptions};

#[derive(Debug, Args)]
pub(super) struct NetArguments {
    /// Net definition or solver, text or binary; - for standard input
    net: PathBuf,

    #[command(flatten)]
    pub(super) state: StateArguments,
}

/// The state that a net is built in.
#[derive(Debug, Args)]
pub(super) struct StateArguments {
    #[command(flatten)]
    pub(super) dialect: DialectArgument,

    /// Phase of the net
    ///
    /// By default that of the state that the net gives, or else train.
    #[arg(long, ignore_case = true)]
    phase: Option<PhaseArgument>,

    /// Level of the net, for include and exclude rules
    #[arg(long, allow_negative_numbers = true, value_parser = parse_level, hide_short_help = true)]
    level: Option<i32>,

    /// Stage of the net; may be repeated
    ///
    /// The include and exclude rules of layers are about the phase, the level and the stages.
    #[arg(long = "stage", value_name = "STAGE")]
    stages: Vec<String>,

    /// Shape of an input or data top; may be repeated
    ///
    /// It is for tops whose shape the net does not give, and for data layers, in place of reading their source.
    ///
    /// For layers that read pictures, such as Data and ImageData, it is the shape of the stored pictures, which the
    /// layer crops and resizes by its own fields: C,H,W, or N,C,H,W to change the batch size too. For all other tops it
    /// is the whole shape. Input layers are saved with the given shape.
    #[arg(long = "shape", value_name = "TOP=N,C,H,W", value_parser = parse_shape)]
    shapes: Vec<(String, Shape)>,

    /// Accept layers of this unknown type; may be repeated
    ///
    /// They are saved as they are, and their tops have the shapes of their bottoms; --shape gives the shape of a top
    /// that has another.
    #[arg(long = "opaque", value_name = "TYPE", hide_short_help = true)]
    opaque: Vec<String>,

    /// Shape of a blob of a layer of unknown type; may be repeated
    ///
    /// INDEX counts the blobs of the layer from 0. They are filled with zeros, unless --rule LAYER.INDEX=SPEC gives
    /// them a filler.
    #[arg(long = "blob", value_name = "LAYER.INDEX=N,C,H,W", value_parser = parse_blob, hide_short_help = true)]
    blobs: Vec<((String, usize), Shape)>,

    /// Allow fillers that Caffe does not have
    ///
    /// See 'caffemodel fillers' for a list.
    #[arg(long, hide_short_help = true)]
    extensions: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PhaseArgument {
    Train,
    Test,
}

/// A net to initialise, with what its solver says if it is that of one.
pub(super) struct Loaded {
    pub(super) definition: Definition,
    /// The seed that the solver gives.
    pub(super) seed: Option<u32>,
    /// The files of weights that the solver names.
    pub(super) weights: Vec<PathBuf>,
}

impl NetArguments {
    /// The file of the net, or of its solver.
    pub(super) fn path(&self) -> &Path {
        &self.net
    }

    /// Reads the net definition, or the solver and its net; what the user should know of them is printed.
    pub(super) fn load(&self) -> crate::Result<Loaded> {
        load(&self.net, &self.state.dialect.options()?)
    }
}

/// Reads a net definition, or a solver and its net; what the user should know of them is printed.
pub(super) fn load(path: &Path, options: &ReadOptions) -> crate::Result<Loaded> {
    load_input(Input::read(path)?, options)
}

/// As [`load`], of an input that has been read.
pub(super) fn load_input(input: Input, options: &ReadOptions) -> crate::Result<Loaded> {
    let Input { name, bytes, folder } = input;
    let loaded = match FileKind::of(&bytes) {
        FileKind::Net => {
            let definition = Definition { folder, ..Definition::from_bytes_with(&name, bytes, options)? };
            Loaded { definition, seed: None, weights: Vec::new() }
        }
        FileKind::Solver => {
            let Solver { definition, seed, weights, notices } =
                Solver::from_bytes_with(&name, bytes, &folder, options)?;
            report_notices(&name, &notices.iter().map(options::advice).collect::<Vec<_>>());
            Loaded { definition, seed, weights }
        }
    };
    report_notices(&loaded.definition.file, &loaded.definition.notices);
    Ok(loaded)
}

/// Prints what was changed on reading a file.
pub(super) fn report_notices(file: &str, notices: &[String]) {
    notices.iter().for_each(|notice| report::note(&format!("{file}: {notice}")));
}

impl StateArguments {
    /// Whether none of them is given.
    pub(super) fn is_empty(&self) -> bool {
        let says_shapes = !self.shapes.is_empty() || !self.opaque.is_empty() || !self.blobs.is_empty();
        !self.is_of_one_state() && !says_shapes && !self.extensions
    }

    /// Whether a phase, a level or a stage is given.
    pub(super) fn is_of_one_state(&self) -> bool {
        self.phase.is_some() || self.level.is_some() || !self.stages.is_empty()
    }

    /// The options that are given, in the order of their help.
    pub(super) fn given(&self) -> Vec<String> {
        let given = |option, value: &str| Given { option, value }.to_string();
        let phase = self.phase.and_then(|phase| phase.to_possible_value());
        let phase = phase.map(|phase| given("--phase", phase.get_name()));
        let level = self.level.map(|level| given("--level", &level.to_string()));
        let stages = self.stages.iter().map(|stage| given("--stage", stage));
        let shapes = self.shapes.iter().map(|(top, shape)| given("--shape", &format!("{top}={}", sizes(shape))));
        let opaque = self.opaque.iter().map(|layer_type| given("--opaque", layer_type));
        let blobs = self.blobs.iter();
        let blobs = blobs.map(|((layer, index), shape)| given("--blob", &format!("{layer}.{index}={}", sizes(shape))));
        let extensions = self.extensions.then(|| "--extensions".to_owned());
        self.dialect
            .given()
            .into_iter()
            .chain(phase)
            .chain(level)
            .chain(stages)
            .chain(shapes)
            .chain(opaque)
            .chain(blobs)
            .chain(extensions)
            .collect()
    }

    /// The net in the state asked for. Stages that no layer's rules name, most likely misspelt, are told of, and a net
    /// without layers.
    pub(super) fn resolve(&self, definition: Definition) -> crate::Result<Net> {
        let named = |stage: &String| {
            let rules =
                definition.layers.iter().flat_map(|layer| layer.param.include.iter().chain(&layer.param.exclude));
            rules.flat_map(|rule| rule.stage.iter().chain(&rule.not_stage)).any(|named| named == stage)
        };
        for stage in &self.stages {
            if !named(stage) {
                report::note(&format!("{}: no layer has a rule for the stage {stage:?}", definition.file));
            }
        }
        let (file, defined) = (definition.file.clone(), definition.layers.len());
        let net = Net::resolve(definition, &self.options())?;
        if net.layers.is_empty() {
            let help = match defined {
                0 => "is it the right file, and complete?".to_owned(),
                _ => {
                    let layers = counted(defined as u64, "layer");
                    format!("its rules leave out {layers}: choose another state with --phase, --level or --stage")
                }
            };
            report::warn(&format!("{file}: the net has no layers"), &[], help);
        }
        Ok(net)
    }

    /// The state to build the net in.
    pub(super) fn options(&self) -> StateOptions {
        let phase = self.phase.map(|phase| match phase {
            PhaseArgument::Train => caffe::Phase::Train,
            PhaseArgument::Test => caffe::Phase::Test,
        });
        StateOptions { phase, level: self.level, stages: self.stages.clone() }
    }

    /// How to plan the net: with the shapes given for tops, and the fillers that it may use.
    pub(super) fn plan(&self) -> PlanOptions {
        let mut options = PlanOptions {
            shapes: self.shapes.iter().cloned().collect(),
            opaque: self.opaque.iter().cloned().collect(),
            blobs: self.blobs.iter().cloned().collect(),
            limits: limits::current(),
            ..Default::default()
        };
        if self.extensions {
            options.fillers = options.fillers.with_extensions();
        }
        options
    }
}

fn parse_level(text: &str) -> Result<i32, String> {
    whole(text, &format!("a whole number from {} to {}", i32::MIN, i32::MAX))
}

/// Reads `TOP=N,C,H,W`; `x` separates sizes as well.
fn parse_shape(text: &str) -> Result<(String, Shape), String> {
    let (top, dims) = text.split_once('=').filter(|(top, _)| !top.is_empty()).ok_or("expected TOP=N,C,H,W")?;
    Ok((top.to_owned(), parse_sizes(dims)?))
}

/// Reads `LAYER.INDEX=N,C,H,W`; the last equals sign ends the layer and its blob.
fn parse_blob(text: &str) -> Result<((String, usize), Shape), String> {
    const EXPECTED: &str = "expected LAYER.INDEX=N,C,H,W";
    let (blob, dims) = text.rsplit_once('=').ok_or(EXPECTED)?;
    let (layer, index) = blob.rsplit_once('.').filter(|(layer, _)| !layer.is_empty()).ok_or(EXPECTED)?;
    let index = index.parse().map_err(|_| format!("{index:?} is not the index of a blob: {EXPECTED}"))?;
    Ok(((layer.to_owned(), index), parse_sizes(dims)?))
}

/// The sizes of a shape as options have them.
fn sizes(shape: &Shape) -> String {
    shape.dims().iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

fn parse_sizes(dims: &str) -> Result<Shape, String> {
    let dim = |dim: &str| {
        dim.trim()
            .parse::<i64>()
            .map_err(|_| format!("{dim:?} is not a size; sizes are whole numbers, as in 8,3,224,224"))
    };
    let dims = dims.split([',', 'x']).map(dim).collect::<Result<Vec<_>, _>>()?;
    Shape::new(dims).map_err(|error| error.to_string())
}
