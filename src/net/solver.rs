//! Solvers: the net that `caffe train` would build of one, before the first iteration.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::load::{self, DecodedFile};
use super::locate::{Locator, Origin};
use super::upgrade::solver::upgrade_type;
use super::{Definition, FileKind, ReadOptions};
use crate::data::Sources;
use crate::dialect::Dialect;
use crate::error::{Diagnostic, Result};
use crate::proto::caffe::{NetParameter, NetState, Phase, SolverParameter};
use crate::setting::{Advice, Setting};

/// The fields that name the net to train.
const NETS: &str = "net, net_param, train_net, train_net_param";

/// What a solver says about the net it trains, its seed and its weights.
///
/// NamedFiles that the solver names are looked for from the current folder, as Caffe does, or else, with a notice, in
/// the solver's folder: first under the whole path, then under the file's name alone.
///
/// ```
/// use std::path::Path;
/// use caffemodel::net::Solver;
/// let text = r#"
///     train_net_param { layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 } } } }
///     random_seed: 1701
/// "#;
/// let solver = Solver::from_bytes("solver.prototxt", text, Path::new(""))?;
/// assert_eq!(solver.seed, Some(1701));
/// assert_eq!(solver.definition.layers.len(), 1);
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Solver {
    /// The net to train, in the state of training.
    pub definition: Definition,
    /// The seed of Caffe's generator, unless the solver leaves it to chance.
    pub seed: Option<u32>,
    /// The files of weights to copy into the net, in order.
    pub weights: Vec<PathBuf>,
    /// What the user should know of the solver, in a line each.
    pub notices: Vec<Advice>,
}

impl Solver {
    /// Reads a solver, and the net that it trains.
    ///
    /// # Errors
    /// A file cannot be read or does not parse, or the solver does not name one net to train.
    pub fn read(path: impl AsRef<Path>) -> Result<Solver> {
        let path = path.as_ref();
        let folder = path.parent().unwrap_or(Path::new(""));
        Solver::from_bytes(&path.display().to_string(), load::read_file(path)?, folder)
    }

    /// Reads a solver from memory, and the net that it trains; `name` is what errors call it, `folder` is where the
    /// files are that are not found from the current folder.
    ///
    /// # Errors
    /// As [`Solver::read`].
    pub fn from_bytes(name: &str, bytes: impl AsRef<[u8]>, folder: &Path) -> Result<Solver> {
        Solver::from_bytes_with(name, bytes, folder, &ReadOptions::default())
    }

    /// As [`Solver::from_bytes`], with options. A net in a file of its own is read in the dialect of the solver, unless
    /// it tells another one itself.
    ///
    /// # Errors
    /// As [`Solver::read`].
    pub fn from_bytes_with(
        name: &str,
        bytes: impl AsRef<[u8]>,
        folder: &Path,
        options: &ReadOptions,
    ) -> Result<Solver> {
        let DecodedFile { message: mut solver, locator, dialect, notice } =
            load::decode::<SolverParameter>(name, bytes.as_ref(), FileKind::Solver, options)?;
        let mut notices: Vec<Advice> =
            notice.into_iter().chain(upgrade_type(&mut solver, &locator)?).map(Advice::from).collect();
        let seed = seed(&solver, &mut notices);
        let mut files = NamedFiles { folder, sources: Sources::beside(folder), notices: Vec::new(), locator: &locator };
        let weights =
            solver.weights.iter().flat_map(|list| list.split(',')).map(|file| files.find(file.trim())).collect();
        let mut definition = match net_to_train(&mut solver, &locator)? {
            Train::File { field, path } => files.read_net(field, &path, dialect, options)?,
            Train::Within { field, net } => Definition {
                file: name.to_owned(),
                folder: folder.to_owned(),
                sha256: Sha256::digest(bytes.as_ref()).into(),
                ..within(*net, dialect, locator.within(field, 0))?
            },
        };
        let state = train_state(std::mem::take(&mut definition.state), solver.train_state.take().unwrap_or_default());
        notices.extend(files.notices.into_iter().map(Advice::from));
        definition.state = at_level_0(state, &mut notices);
        Ok(Solver { definition, seed, weights, notices })
    }
}

/// The net that a solver trains.
enum Train {
    File { field: &'static str, path: String },
    Within { field: &'static str, net: Box<NetParameter> },
}

/// Takes the net out of the solver.
///
/// # Errors
/// There is none, or more than one.
fn net_to_train(solver: &mut SolverParameter, locator: &Locator) -> Result<Train> {
    let file = |field: &'static str, path: Option<String>| path.map(|path| Train::File { field, path });
    let within =
        |field: &'static str, net: Option<NetParameter>| net.map(|net| Train::Within { field, net: net.into() });
    let given = [
        file("net", solver.net.take()),
        within("net_param", solver.net_param.take()),
        file("train_net", solver.train_net.take()),
        within("train_net_param", solver.train_net_param.take()),
    ];
    let mut given = given.into_iter().flatten();
    let Some(first) = given.next() else {
        let message = "the solver names no net to train".to_owned();
        return Err(Diagnostic {
            message,
            location: locator.start(),
            help: Some(format!("give one of {NETS}").into()),
        }
        .into());
    };
    if let Some(second) = given.next() {
        let message = format!("{} and {} are both given", first.field(), second.field());
        let help = format!("name the net to train in one of {NETS}");
        return Err(at(locator, second.field(), message).help(help).into());
    }
    Ok(first)
}

impl Train {
    fn field(&self) -> &'static str {
        match self {
            Train::File { field, .. } | Train::Within { field, .. } => field,
        }
    }
}

/// The net in a field of the solver. Caffe does not upgrade such a net.
///
/// # Errors
/// It has fields of the older formats, which Caffe would pass over.
fn within(net: NetParameter, dialect: &'static Dialect, locator: Locator) -> Result<Definition> {
    let old = [("layers", !net.layers.is_empty()), ("input", !net.input.is_empty())];
    if let Some((field, _)) = old.into_iter().find(|(_, given)| *given) {
        let message = format!("{field}: Caffe does not read the older formats in a solver");
        return Err(at(&locator, field, message)
            .help(Advice::naming("", Setting::Upgrade, " rewrites the solver with its nets"))
            .into());
    }
    Ok(Definition::from_current(net, dialect, locator))
}

/// The files that a solver names.
struct NamedFiles<'a> {
    folder: &'a Path,
    sources: Sources,
    /// What the user should know of their places.
    notices: Vec<String>,
    locator: &'a Locator,
}

impl NamedFiles<'_> {
    /// Reads a net; one that BVLC's Caffe knows as well is in the dialect of the solver.
    fn read_net(
        &mut self,
        field: &'static str,
        path: &str,
        solvers: &'static Dialect,
        options: &ReadOptions,
    ) -> Result<Definition> {
        let found = self.find(path);
        if found.try_exists().unwrap_or(true) {
            let own = Definition::read_with(&found, options)?;
            let solvers = Some(solvers).filter(|solvers| !solvers.is_bvlc() && own.dialect.is_bvlc());
            let again =
                solvers.and_then(|_| Definition::read_with(&found, &ReadOptions { dialect: solvers, ..*options }).ok());
            return Ok(again.unwrap_or(own));
        }
        let message = format!("{field}: there is no file {path:?}");
        let help = "it is looked up from the current folder, as in Caffe, and beside the solver";
        Err(at(self.locator, field, message).help(help).into())
    }

    /// The place of a file; where it is nowhere, the one where Caffe would look.
    fn find(&mut self, path: &str) -> PathBuf {
        let mut notices = Vec::new();
        let found = self.sources.find(path, &mut notices);
        let beside = Path::new(path).file_name().map(|name| self.folder.join(name));
        let found = match beside.filter(|beside| !found.exists() && beside.exists()) {
            Some(beside) => {
                notices.push(format!("no {path:?}: reading {} beside the solver", beside.display()));
                beside
            }
            None => found,
        };
        notices.retain(|notice| !self.notices.contains(notice));
        self.notices.append(&mut notices);
        found
    }
}

fn at(locator: &Locator, field: &'static str, message: String) -> Diagnostic {
    Diagnostic { message, location: locator.locate(Some(Origin { field, index: 0 }), ""), help: None }
}

/// The seed as Caffe takes it: negative for none, cut to 32 bits.
fn seed(solver: &SolverParameter, notices: &mut Vec<Advice>) -> Option<u32> {
    let given = u64::try_from(solver.random_seed()).ok()?;
    let seed = given as u32;
    if u64::from(seed) != given {
        notices.push(format!("random_seed {given} is cut to 32 bits, as in Caffe: {seed}").into());
    }
    Some(seed)
}

/// Phase TRAIN, overridden by the state of the net, and that by the state of the solver; the stages add up.
fn train_state(net: NetState, solver: NetState) -> NetState {
    NetState {
        phase: solver.phase.or(net.phase).or(Some(Phase::Train as i32)),
        level: solver.level.or(net.level),
        stage: net.stage.into_iter().chain(solver.stage).collect(),
    }
}

/// The program `caffe` sets the level to that of its command line, or 0.
fn at_level_0(state: NetState, notices: &mut Vec<Advice>) -> NetState {
    if state.level() != 0 {
        let level = state.level();
        let before = format!("level {level} is ignored, as in caffe train: the level is 0 unless ");
        notices.push(Advice::naming(before, Setting::Level, " gives one"));
    }
    NetState { level: Some(0), ..state }
}
