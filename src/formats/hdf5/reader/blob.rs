//! The blob that a dataset is: contiguous ones are read in place; others in windows of some rows.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_pure::{ChunkIndex, Dataset, Datatype, DatatypeByteOrder, Error, FloatingPointLayout, FormatError, Layout};

use crate::Shape;
use crate::formats::element::{Element, Kind};
use crate::formats::in_place::{InPlace, shape};
use crate::formats::map::FileMap;
use crate::formats::{Flaw, NumberType, StoredBlob, StoredValues};

/// The filters that hdf5-pure undoes: deflate, shuffle, fletcher32, scaleoffset and lzf.
const FILTERS: [u16; 5] = [1, 2, 3, 6, 32000];

/// How many values a window has at least.
const WINDOW: u64 = 1 << 16;

/// How many values a window may have: rows and chunks that are larger are refused.
const MAX_WINDOW: u64 = 1 << 28;

/// The blob of this number.
///
/// # Errors
/// It is damaged, or of a type or a layout that is not read: the text completes "/data/conv1/0: ...".
pub(super) fn blob(file: &Arc<FileMap>, dataset: Dataset, index: usize) -> Result<StoredBlob, Flaw> {
    let damaged = |error: hdf5_pure::Error| format!("damaged HDF5: {error}");
    let datatype = dataset.datatype().map_err(damaged)?;
    let element = element(&datatype).ok_or_else(|| "its type is no number type that is read".to_owned())?;
    let layout = layout(&dataset)?;
    let dims = dataset.shape().map_err(damaged)?;
    let shape = shape(dims.iter().copied())?;
    let values: Arc<dyn StoredValues> = match layout {
        Layout::Contiguous { address: Some(address), .. } => {
            let start = usize::try_from(address).map_err(|_| format!("damaged HDF5: values at byte {address}"))?;
            Arc::new(InPlace::new(file, element, start, &shape)?)
        }
        layout => Arc::new(Windows::new(file, dataset, &layout, element, &shape)?),
    };
    Ok(StoredBlob { index, shape, legacy: false, values })
}

/// How the values are stored.
///
/// # Errors
/// It is a way that is not read.
fn layout(dataset: &Dataset) -> Result<Layout, Flaw> {
    let not_supported =
        |what: String, help| Err(Flaw { message: format!("{what}, which is not supported"), help: Some(help) });
    let layout = match dataset.layout() {
        Ok(layout) => layout,
        Err(Error::Format(FormatError::InvalidLayoutVersion(version))) => {
            let what = format!("its layout is of version {version}");
            return not_supported(what, "h5repack --high=v110 stores it for older programs");
        }
        Err(error) => return Err(format!("damaged HDF5: {error}").into()),
    };
    let filters = dataset.filter_pipeline();
    let mut applied = (filters.iter().enumerate())
        .filter(|(index, filter)| !FILTERS.contains(&filter.id) && is_applied(dataset, *index));
    if let Some((_, filter)) = applied.next() {
        let name = match filter.id {
            4 => "szip".to_owned(),
            5 => "nbit".to_owned(),
            id => format!("of number {id}"),
        };
        return not_supported(format!("its values went through the filter {name}"), "h5repack -f NONE removes filters");
    }
    match layout {
        Layout::Chunked { index: ChunkIndex::BTreeV2, .. } => {
            let what = "its chunks are in a version 2 B-tree, as more than one axis is unlimited";
            not_supported(what.to_owned(), "h5repack -l CONTI stores it in one piece")
        }
        Layout::Virtual => {
            not_supported("it is made of other datasets".to_owned(), "h5repack -l CONTI stores its values")
        }
        layout => Ok(layout),
    }
}

/// Whether any chunk went through the filter of this number.
fn is_applied(dataset: &Dataset, index: usize) -> bool {
    let passed_over = |mask: u32| mask.checked_shr(index as u32).is_some_and(|mask| mask & 1 == 1);
    dataset.chunks().map_or(true, |chunks| chunks.iter().any(|chunk| !passed_over(chunk.filter_mask)))
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
