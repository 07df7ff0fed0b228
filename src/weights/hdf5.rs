//! HDF5 as Caffe writes it: a group `/data/<layer>` for each layer, in it a dataset for each blob, named by its number.
//!
//! Layers come by name, as Caffe reads them. Contiguous datasets are read in place; others in windows of some rows.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_pure::{Dataset, Datatype, DatatypeByteOrder, File, FloatingPointLayout, FormatError, Group, Layout, Source};

use super::element::{Element, Kind};
use super::in_place::{InPlace, shape};
use super::keys::number;
use super::map::FileMap;
use super::{NumberType, StoredBlob, StoredLayer, StoredNet, StoredValues};
use crate::Shape;
use crate::error::Result;

const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";

/// How many values a window has at least.
const WINDOW: u64 = 1 << 16;

/// How many values a window may have: rows and chunks that are larger are refused.
const MAX_WINDOW: u64 = 1 << 28;

/// How deep groups may nest.
const MAX_DEPTH: usize = 32;

/// How many layers are read.
const MAX_LAYERS: usize = 100_000;

/// Whether the signature stands at one of its places: byte 0, 512, and every power of two from there on.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    let places = std::iter::successors(Some(512usize), |place| place.checked_mul(2));
    let mut places = std::iter::once(0).chain(places.take_while(|&place| place < bytes.len()));
    places.any(|place| bytes[place..].starts_with(SIGNATURE))
}

/// Opens a file of Caffe's groups and datasets.
///
/// A group within a layer's group is a layer `<layer>/<group>`, as Caffe writes layers with such names.
pub(super) fn open(file: &Arc<FileMap>) -> Result<StoredNet> {
    let damaged = |error: hdf5_pure::Error| file.refuse(format!("damaged HDF5: {error}"));
    let hdf5 = File::from_source(MapSource(Arc::clone(file))).map_err(damaged)?;
    let root = hdf5.root();
    if !root.groups().map_err(damaged)?.iter().any(|name| name == "data") {
        let help =
            "Caffe keeps weights in /data/<layer>/<number>; a .solverstate.h5 holds none, its .caffemodel.h5 does";
        return Err(file.refuse_with("the HDF5 file has no group /data", help));
    }
    let data = root.group("data").map_err(damaged)?;
    if let Some(name) = data.datasets().map_err(damaged)?.first() {
        return Err(file.refuse(format!("/data/{name} is a dataset, not the group of a layer")));
    }
    let mut walk = Walk { file, layers: Vec::new() };
    walk.children(&data, "", 0)?;
    walk.layers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(StoredNet { layers: walk.layers, ..StoredNet::default() })
}

struct Walk<'a> {
    file: &'a Arc<FileMap>,
    layers: Vec<StoredLayer>,
}

impl Walk<'_> {
    /// Enters the groups within `group` as layers whose names start with `prefix`.
    fn children(&mut self, group: &Group, prefix: &str, depth: usize) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(self.file.refuse(format!("/data/{prefix}: nested deeper than {MAX_DEPTH} groups")));
        }
        for name in group.groups().map_err(|error| self.damaged(prefix, &error))? {
            let child = group.group(&name).map_err(|error| self.damaged(prefix, &error))?;
            let name = format!("{prefix}{name}");
            self.layer(&child, name, depth)?;
        }
        Ok(())
    }

    fn layer(&mut self, group: &Group, name: String, depth: usize) -> Result<()> {
        if self.layers.len() == MAX_LAYERS {
            return Err(self.file.refuse(format!("more than {MAX_LAYERS} layers")));
        }
        let mut blobs = Vec::new();
        for (dataset_name, dataset) in group.iter_datasets().map_err(|error| self.damaged(&name, &error))? {
            let index = number(&dataset_name).ok_or_else(|| {
                let message =
                    format!("/data/{name}/{dataset_name}: the name of the dataset is not the number of a blob");
                self.file.refuse_with(message, "Caffe names the datasets of a layer 0, 1, ...")
            })?;
            let at = |message| self.file.refuse(format!("/data/{name}/{dataset_name}: {message}"));
            blobs.push(blob(self.file, dataset, index).map_err(at)?);
        }
        blobs.sort_by_key(|blob: &StoredBlob| blob.index);
        self.layers.push(StoredLayer { name: name.clone(), param: None, blobs });
        self.children(group, &format!("{name}/"), depth + 1)
    }

    fn damaged(&self, path: &str, error: &hdf5_pure::Error) -> crate::Error {
        self.file.refuse(format!("/data/{path}: damaged HDF5: {error}"))
    }
}

fn blob(file: &Arc<FileMap>, dataset: Dataset, index: usize) -> Result<StoredBlob, String> {
    let damaged = |error: hdf5_pure::Error| format!("damaged HDF5: {error}");
    let datatype = dataset.datatype().map_err(damaged)?;
    let element = element(&datatype).ok_or("its type is no number type that is read")?;
    let dims = dataset.shape().map_err(damaged)?;
    let shape = shape(dims.iter().copied())?;
    let values: Arc<dyn StoredValues> = match dataset.layout().map_err(damaged)? {
        Layout::Contiguous { address: Some(address), .. } => {
            let start = usize::try_from(address).map_err(|_| format!("damaged HDF5: values at byte {address}"))?;
            Arc::new(InPlace::new(file, element, start, &shape)?)
        }
        layout => Arc::new(Windows::new(file, dataset, &layout, element, &shape)?),
    };
    Ok(StoredBlob { index, shape, legacy: false, values })
}

/// The number type of a dataset.
fn element(datatype: &Datatype) -> Option<Element> {
    let (kind, order) = match datatype {
        Datatype::FloatingPoint { byte_order, layout, .. } => (float(*layout)?, byte_order),
        Datatype::FixedPoint { size, byte_order, layout } => {
            if layout.bit_offset != 0 || size.checked_mul(8) != Some(layout.bit_precision.into()) {
                return None;
            }
            let kind = match (size, layout.signed) {
                (1, true) => Kind::I8,
                (2, true) => Kind::I16,
                (4, true) => Kind::I32,
                (8, true) => Kind::I64,
                (1, false) => Kind::U8,
                (2, false) => Kind::U16,
                (4, false) => Kind::U32,
                (8, false) => Kind::U64,
                _ => return None,
            };
            (kind, byte_order)
        }
        _ => return None,
    };
    match order {
        DatatypeByteOrder::LittleEndian => Some(kind.little()),
        DatatypeByteOrder::BigEndian => Some(Element { kind, big_endian: true }),
        DatatypeByteOrder::Vax => None,
    }
}

fn float(layout: FloatingPointLayout) -> Option<Kind> {
    let half = FloatingPointLayout {
        bit_offset: 0,
        bit_precision: 16,
        exponent_location: 10,
        exponent_size: 5,
        mantissa_location: 0,
        mantissa_size: 10,
        exponent_bias: 15,
    };
    [
        (FloatingPointLayout::IEEE754_BINARY32, Kind::F32),
        (FloatingPointLayout::IEEE754_BINARY64, Kind::F64),
        (half, Kind::F16),
    ]
    .into_iter()
    .find_map(|(known, kind)| (known == layout).then_some(kind))
}

/// A mapped file as hdf5-pure reads it.
struct MapSource(Arc<FileMap>);

impl Source for MapSource {
    fn len(&self) -> u64 {
        self.0.bytes().len() as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<(), FormatError> {
        let bytes = self.0.bytes();
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let found = bytes[start..]
            .get(..out.len())
            .ok_or(FormatError::UnexpectedEof { expected: out.len(), available: bytes.len() - start })?;
        out.copy_from_slice(found);
        self.0.note_read(out.len());
        Ok(())
    }
}

/// The values of a dataset that does not lie in one piece, decoded some rows at a time.
struct Windows {
    file: Arc<FileMap>,
    dataset: Dataset,
    element: Element,
    count: usize,
    /// How many values a row has.
    row: usize,
    /// How many rows a window has.
    rows: usize,
    /// The values that were decoded last, with their numbers.
    window: Mutex<(Range<usize>, Vec<f32>)>,
}

impl Windows {
    fn new(
        file: &Arc<FileMap>,
        dataset: Dataset,
        layout: &Layout,
        element: Element,
        shape: &Shape,
    ) -> Result<Windows, String> {
        let chunk_rows = match layout {
            Layout::Chunked { chunk_shape, .. } => chunk_shape.first().copied().unwrap_or(1),
            Layout::Compact { .. } | Layout::Contiguous { .. } => 1,
            _ => return Err("its layout in the file is not read".to_owned()),
        };
        let row = shape.count_from(1).max(1) as u64;
        let all_rows = shape.dims().first().map_or(1, |&dim| dim as u64);
        let rows = WINDOW.div_ceil(row).next_multiple_of(chunk_rows.max(1)).min(all_rows.max(1));
        if rows.saturating_mul(row) > MAX_WINDOW {
            return Err(format!("its chunks of {rows} rows of {row} values are too large"));
        }
        let (row, rows) = (row as usize, rows as usize);
        let (file, count) = (Arc::clone(file), shape.count());
        Ok(Windows { file, dataset, element, count, row, rows, window: Mutex::new((0..0, Vec::new())) })
    }

    /// Decodes the window around a value.
    fn load(&self, offset: usize) -> io::Result<(Range<usize>, Vec<f32>)> {
        let first = offset / self.row / self.rows * self.rows;
        let start = first * self.row;
        let end = (start + self.rows * self.row).min(self.count);
        let damaged = |error: &dyn std::fmt::Display| self.file.unreadable(format!("damaged HDF5: {error}"));
        let raw = self.dataset.read_raw_rows(first as u64, self.rows as u64).map_err(|error| damaged(&error))?;
        if raw.len() != (end - start) * self.element.width() {
            return Err(damaged(&"a dataset is shorter than its shape says"));
        }
        let mut values = vec![0.0; end - start];
        self.element.decode(&raw, self.element.width(), &mut values);
        Ok((start..end, values))
    }
}

impl StoredValues for Windows {
    fn read(&self, mut offset: usize, mut out: &mut [f32]) -> io::Result<()> {
        let end = offset.checked_add(out.len()).filter(|&end| end <= self.count).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        while !out.is_empty() {
            if !window.0.contains(&offset) {
                *window = self.load(offset)?;
            }
            let (now, later) = out.split_at_mut(out.len().min(window.0.end - offset));
            now.copy_from_slice(&window.1[offset - window.0.start..][..now.len()]);
            offset += now.len();
            out = later;
        }
        if end == self.count {
            *window = (0..0, Vec::new());
        }
        Ok(())
    }

    fn number_type(&self) -> NumberType {
        self.element.kind
    }
}
