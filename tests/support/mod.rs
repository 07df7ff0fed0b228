//! The golden pack: what Caffe made of small nets (see `tests/golden/README.md`), and the program's own attempt.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use caffemodel::dialect::Dialect;
use caffemodel::donors::{self, Donor, MatchOptions};
use caffemodel::formats::{self, StoredBlob, StoredLayer, StoredNet};
use caffemodel::formats::{Arrays, CaffemodelWriter, Format};
use caffemodel::proto::caffe::Phase;
use caffemodel::random::{CaffeGenerator, Era, SimdPath, Streams};
use caffemodel::{Definition, Net, Plan, PlanOptions, ReadOptions, StateOptions, init};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// How Caffe was run on a net.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    pub case: String,
    net: String,
    seed: u32,
    phase: String,
    level: Option<i32>,
    stages: Vec<String>,
    #[serde(default)]
    weights: Vec<String>,
    /// The dialect that a pack of a fork is of, which the pack is named after.
    dialect: Option<String>,
    pub boost: String,
}

/// A run that Caffe accepted, with what came out.
#[derive(Debug, Clone, Deserialize)]
pub struct Run {
    #[serde(flatten)]
    pub settings: Settings,
    pub run: String,
    file_sha256: String,
    file_size: u64,
    next_rng: u32,
    layer_names: Vec<String>,
    layers: Vec<Layer>,
    h5: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Layer {
    name: String,
    blobs: Vec<Blob>,
}

#[derive(Debug, Clone, Deserialize)]
struct Blob {
    shape: Vec<usize>,
    sha256: String,
    first: Vec<String>,
}

/// A net that Caffe refused, and why.
#[derive(Debug, Clone, Deserialize)]
pub struct Reject {
    #[serde(flatten)]
    pub settings: Settings,
    pub error: String,
    /// Whether the net can be built, and only its HDF5 output fails.
    #[serde(default)]
    h5: bool,
}

impl Reject {
    /// What the program says of it; `None` if it is accepted.
    pub fn error(&self) -> Option<String> {
        let plan = match self.settings.plan() {
            Ok(plan) => plan,
            Err(error) => return Some(error.to_string()),
        };
        let check = |()| Format::Hdf5.check(&plan.saved());
        self.h5.then_some(()).map(check)?.err().map(|error| error.to_string())
    }

    /// Whether a text names the net, a layer, or a file of weights.
    pub fn is_placed(&self, text: &str) -> bool {
        let mut names = self.settings.weights.iter().map(|file| self.settings.folder().join(file));
        text.contains("net.prototxt:")
            || text.contains("layer \"")
            || names.any(|path| text.contains(&path.display().to_string()))
    }
}

/// The lines of one of the pack's files whose cases belong to one of `areas`.
pub fn load<T: DeserializeOwned>(file: &str, areas: &[&str], case: impl Fn(&T) -> &str) -> Vec<T> {
    let text = std::fs::read_to_string(pack().join(file)).expect("the golden pack is in tests/golden");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("the pack's lines are JSON"));
    lines.filter(|item| areas.contains(&area(case(item)))).collect()
}

/// The lines of a file of a fork's pack.
pub fn load_fork<T: DeserializeOwned>(fork: &str, file: &str) -> Vec<T> {
    let text = std::fs::read_to_string(fork_pack(fork).join(file)).expect("the pack is in tests/golden-forks");
    text.lines().map(|line| serde_json::from_str(line).expect("the pack's lines are JSON")).collect()
}

/// The folder of a fork's pack.
pub fn fork_pack(fork: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden-forks").join(fork)
}

/// The area of a case: the first word of its name.
pub fn area(case: &str) -> &str {
    case.trim_start_matches("reject-").split('-').next().unwrap_or(case)
}

/// Whether a table of cases with reasons has this one, by its name or by the beginning of it.
pub fn reason<'a>(table: &[(&str, &'a str)], case: &str) -> Option<&'a str> {
    let fits = |name: &str| name.strip_suffix('*').map_or(name == case, |start| case.starts_with(start));
    table.iter().find(|(name, _)| fits(name)).map(|&(_, reason)| reason)
}

/// Runs `check` over the items on all cores; returns what it found, in order.
pub fn on_all_cores<T: Sync>(items: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some((index, item)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, items.get(i)?)))
        {
            if let Some(finding) = check(item) {
                found.lock().expect("no check panics").insert(index, finding);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    found.into_inner().expect("no check panics").into_values().collect()
}

/// The folder of the pack.
pub fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

impl Settings {
    /// Plans the net as Caffe was run on it, in its own folder.
    pub fn plan(&self) -> caffemodel::Result<Plan> {
        self.plan_in(&self.folder())
    }

    /// Plans the net as Caffe was run on it, in a copy of its folder.
    pub fn plan_in(&self, folder: &Path) -> caffemodel::Result<Plan> {
        let dialect = Dialect::get(self.dialect.as_deref().unwrap_or("bvlc"));
        let definition = Definition::read_with(folder.join(&self.net), &ReadOptions::of(dialect))?;
        let phase = if self.phase == "TRAIN" { Phase::Train } else { Phase::Test };
        let state = StateOptions { phase: Some(phase), level: self.level, stages: self.stages.clone() };
        let mut options = PlanOptions::default();
        options.folder = Some(folder.to_owned());
        options.streams = Some(self.streams());
        let mut plan = Plan::new(Net::resolve(definition, &state)?, &options)?;
        let donors = self.weights.iter().map(|file| Donor::open(folder.join(file)));
        donors::apply(&mut plan, &donors.collect::<caffemodel::Result<Vec<_>>>()?, &MatchOptions::default())?;
        Ok(plan)
    }

    fn folder(&self) -> PathBuf {
        let pack = self.dialect.as_deref().map_or_else(pack, fork_pack);
        pack.join("cases").join(&self.case)
    }

    fn streams(&self) -> Streams {
        Streams::caffe(self.seed, self.era())
    }

    fn era(&self) -> Era {
        self.boost.parse().expect("the pack's Boost releases are known")
    }
}

impl Run {
    /// Compares the file, the number of draws and the names of the layers with Caffe's; says what differs first. All
    /// vector instructions that the machine has are tried.
    pub fn compare(&self) -> Result<(), String> {
        let plan = self.settings.plan().map_err(|error| format!("refused: {error}"))?;
        let layers = plan.layers.iter().filter(|layer| !layer.is_net_inputs());
        let names: Vec<&str> = layers.map(|layer| layer.param.name()).collect();
        if names != self.layer_names {
            return Err(format!("layers {names:?}, Caffe has {:?}", self.layer_names));
        }
        for path in SimdPath::ALL.into_iter().filter(|path| path.supported() == *path) {
            self.compare_on(&plan, path).map_err(|difference| format!("{difference} ({path})"))?;
        }
        self.h5.as_ref().map_or(Ok(()), |h5| self.compare_hdf5(&plan, &self.settings.folder().join(h5)))
    }

    fn compare_on(&self, plan: &Plan, path: SimdPath) -> Result<(), String> {
        let mut streams = Streams::Caffe(CaffeGenerator::with_path(self.settings.seed, self.settings.era(), path));
        let writer = CaffemodelWriter::in_dialect(Hasher::default(), &plan.name, plan.dialect);
        let mut writer = writer.map_err(|error| error.to_string())?;
        // One path is as good as another to try the threads that large nets are filled on.
        let threads = usize::from(path == SimdPath::active());
        init::fill_on(threads, plan, &mut streams, &mut writer).map_err(|error| error.to_string())?;
        let Hasher { hash, size } = writer.into_inner();
        let next = streams.for_blob("", 0).next_u32();
        let (hash, planned) = (hex(&hash.finalize()), caffemodel::formats::caffemodel_size(&plan.saved()));
        if planned != size {
            return Err(format!("{size} bytes, {planned} were planned"));
        }
        if (size, hash.as_str()) != (self.file_size, self.file_sha256.as_str()) || next != self.next_rng {
            let blob = self.first_difference(plan).unwrap_or_else(|| "no blob differs".into());
            return Err(format!(
                "{size} bytes, next draw {next}; Caffe has {} bytes, next draw {}; {blob}",
                self.file_size, self.next_rng
            ));
        }
        Ok(())
    }

    /// Compares the HDF5 output with Caffe's: groups, datasets, shapes and values.
    fn compare_hdf5(&self, plan: &Plan, caffe: &Path) -> Result<(), String> {
        let own = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        let writer = Format::Hdf5.writer(&plan.saved(), own.as_file());
        let filled = writer.and_then(|mut writer| init::fill(plan, &mut self.settings.streams(), &mut *writer));
        filled.map_err(|error| error.to_string())?;
        let contents = |path: &Path| stored_blobs(&formats::open(path).map_err(|error| error.to_string())?);
        let (own, caffe) = (contents(own.path())?, contents(caffe)?);
        match own.iter().zip(&caffe).find(|(own, caffe)| own != caffe) {
            Some((own, caffe)) => Err(format!("HDF5 output: {own:?}, Caffe has {caffe:?}")),
            None if own.len() != caffe.len() => {
                Err(format!("HDF5 output: {} layers, Caffe has {}", own.len(), caffe.len()))
            }
            None => Ok(()),
        }
    }

    fn first_difference(&self, plan: &Plan) -> Option<String> {
        let mut arrays = Arrays::default();
        init::fill(plan, &mut self.settings.streams(), &mut arrays).ok()?;
        let with_blobs: Vec<_> = arrays.layers().iter().filter(|(_, blobs)| !blobs.is_empty()).collect();
        if with_blobs.len() != self.layers.len() {
            return Some(format!("{} layers with blobs, Caffe has {}", with_blobs.len(), self.layers.len()));
        }
        for ((name, blobs), expected) in with_blobs.into_iter().zip(&self.layers) {
            if (name, blobs.len()) != (&expected.name, expected.blobs.len()) {
                return Some(format!(
                    "{name:?} has {} blobs, {:?} has {}",
                    blobs.len(),
                    expected.name,
                    expected.blobs.len()
                ));
            }
            for (index, (blob, expected)) in blobs.iter().zip(&expected.blobs).enumerate() {
                if blob.shape() != expected.shape {
                    return Some(format!("layer {name:?}, blob {index}: {:?}, not {:?}", blob.shape(), expected.shape));
                }
                let bytes: Vec<u8> = blob.iter().flat_map(|value| value.to_le_bytes()).collect();
                if hex(&Sha256::digest(&bytes)) != expected.sha256 {
                    let values = blob.iter().map(|value| format!("{:08x}", value.to_bits()));
                    let mut pairs = values.zip(&expected.first).enumerate();
                    let first = pairs.find(|(_, (own, caffe))| own != *caffe);
                    return Some(format!("layer {name:?}, blob {index} differs, at first in {first:?}"));
                }
            }
        }
        None
    }
}

/// The number, the dimensions and the bits of a stored blob.
type StoredBits = (usize, Vec<i32>, Vec<u32>);

/// The layers of stored weights with all of their blobs.
fn stored_blobs(net: &StoredNet) -> Result<Vec<(String, Vec<StoredBits>)>, String> {
    let blob = |blob: &StoredBlob| {
        let values = blob.read().map_err(|error| error.to_string())?;
        Ok((blob.index, blob.shape.dims().to_vec(), values.into_iter().map(f32::to_bits).collect()))
    };
    let layer = |layer: &StoredLayer| {
        Ok((layer.name.clone(), layer.blobs.iter().map(blob).collect::<Result<Vec<_>, String>>()?))
    };
    net.layers.iter().map(layer).collect()
}

/// Hashes what is written and counts the bytes.
#[derive(Default)]
struct Hasher {
    hash: Sha256,
    size: u64,
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
