//! The blob that a dataset is: contiguous ones are read in place; others in windows of some rows.

use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use caffemodel_numeric::number_type::Element;
use hdf5_reader::error::{ByteOrder, Error};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::dataspace::{DataspaceMessage, DataspaceType};
use hdf5_reader::messages::datatype::Datatype;
use hdf5_reader::messages::layout::DataLayout;
use hdf5_reader::object_header::ObjectHeader;
use hdf5_reader::{Dataset, H5Type, SliceInfo, SliceInfoElem};

use super::number;
use crate::Shape;
use crate::formats::in_place::{InPlace, shape};
use crate::formats::map::FileMap;
use crate::formats::{Flaw, NumberType, StoredBlob, StoredValues};
use crate::hdf5::{self, LinkError, LinkTree, ObjectPath};

/// How many values a window has at least.
const WINDOW: u64 = 1 << 16;

/// How many values a window may have: rows and chunks that are larger are refused.
const MAX_WINDOW: u64 = 1 << 27;

/// The address that stands for none, in the widths that addresses have.
const UNDEFINED: [u64; 3] = [u16::MAX as u64, u32::MAX as u64, u64::MAX];

/// The blob of this number: the dataset at a place, which has this header.
///
/// # Errors
/// It is damaged, or of a type or a layout that is not read: the text completes "/data/conv1/0: ...".
pub(super) fn blob(
    file: &Arc<FileMap>,
    tree: &LinkTree,
    place: &ObjectPath,
    header: &ObjectHeader,
    index: usize,
) -> Result<StoredBlob, Flaw> {
    let damaged = |error: LinkError| Flaw::from(&error);
    let dataset = tree.dataset(place).map_err(damaged)?;
    let datatype = dataset.raw_datatype().map_err(|error| damaged(error.into()))?;
    let element = number::element(&datatype).ok_or_else(|| "its number type is not supported".to_owned())?;
    check_filters(header)?;
    let shape = shape(dims(header)?.iter().copied())?;
    let layout = hdf5::layout(header).map_err(damaged)?;
    let values: Arc<dyn StoredValues> = match *layout {
        DataLayout::Contiguous { address, size } if !UNDEFINED.contains(&address) && size > 0 => {
            let start = address.checked_add(tree.base()).and_then(|start| usize::try_from(start).ok());
            let start = start.ok_or_else(|| format!("damaged HDF5: values at byte {address}"))?;
            Arc::new(InPlace::new(file, element, start, &shape)?)
        }
        _ => Arc::new(Windows::new(file, dataset, layout, element, &shape)?),
    };
    Ok(StoredBlob { index, shape, legacy: false, values })
}

/// Checks that the values are in the file, and that filters which they went through can be undone.
fn check_filters(header: &ObjectHeader) -> Result<(), Flaw> {
    let not_supported =
        |what: String, help| Err(Flaw { message: format!("{what}, which is not supported"), help: Some(help) });
    for message in &header.messages {
        match message {
            HdfMessage::ExternalFiles(_) => {
                let help = "copy the dataset into a file that holds its own values";
                return not_supported("its values are in other files".to_owned(), help);
            }
            HdfMessage::FilterPipeline(pipeline) => {
                if let Some(other) = pipeline.filters.iter().find(|filter| !hdf5::FILTERS.contains(&filter.id)) {
                    let what = format!("its values went through filter {}", other.id);
                    return not_supported(what, "h5repack -f NONE removes filters");
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The dimensions of a dataset.
fn dims(header: &ObjectHeader) -> Result<&[u64], Flaw> {
    let space = header.messages.iter().find_map(|message| match message {
        HdfMessage::Dataspace(space) => Some(space),
        _ => None,
    });
    match space {
        Some(DataspaceMessage { dataspace_type: DataspaceType::Null, .. }) => Err("holds no values".to_owned().into()),
        Some(space) => Ok(&space.dims),
        None => Err("damaged HDF5: a dataset without a shape".to_owned().into()),
    }
}

/// How many bytes a value has at most.
const WIDEST: usize = 8;

/// The bytes of a value, and zeros behind them: one type for all widths, as the reader is compiled for each.
#[derive(Clone)]
struct Raw([u8; WIDEST]);

impl Raw {
    fn new(bytes: &[u8]) -> Raw {
        let mut value = [0; WIDEST];
        value[..bytes.len()].copy_from_slice(bytes);
        Raw(value)
    }
}

impl H5Type for Raw {
    fn hdf5_type() -> Datatype {
        Datatype::FixedPoint { size: WIDEST as u8, signed: false, byte_order: ByteOrder::LittleEndian }
    }

    fn from_bytes(bytes: &[u8], datatype: &Datatype) -> Result<Self, Error> {
        let value = bytes.get(..Self::element_size(datatype));
        value.map(Raw::new).ok_or_else(|| Error::InvalidData("a value is cut off".to_owned()))
    }

    fn element_size(datatype: &Datatype) -> usize {
        match *datatype {
            Datatype::FixedPoint { size, .. } | Datatype::FloatingPoint { size, .. } => usize::from(size),
            _ => WIDEST,
        }
    }

    fn decode_vec(raw: &[u8], datatype: &Datatype, count: usize) -> Option<Result<Vec<Self>, Error>> {
        let width = Self::element_size(datatype);
        let values = raw.get(..width.checked_mul(count)?)?;
        Some(Ok(values.chunks_exact(width).map(Raw::new).collect()))
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
        layout: &DataLayout,
        element: Element,
        shape: &Shape,
    ) -> Result<Windows, String> {
        let chunk_rows = match layout {
            DataLayout::Chunked { dims, .. } => dims.first().map_or(1, |&rows| u64::from(rows)),
            DataLayout::Compact { .. } | DataLayout::Contiguous { .. } => 1,
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
        let first = offset / self.row / self.rows;
        let start = first * self.rows * self.row;
        let end = (start + self.rows * self.row).min(self.count);
        let first = (first * self.rows) as u64;
        let mut window = SliceInfo::all(self.dataset.ndim());
        if let Some(rows) = window.selections.first_mut() {
            let end = (first + self.rows as u64).min(self.dataset.shape()[0]);
            *rows = SliceInfoElem::Slice { start: first, end, step: 1 };
        }
        let raw = self.dataset.read_slice::<Raw>(&window);
        let raw = raw.map_err(|error| self.file.unreadable(LinkError::from(error).to_string()))?;
        if raw.len() != end - start {
            return Err(self.file.unreadable("damaged HDF5: a dataset is shorter than its shape"));
        }
        let raw: Vec<[u8; WIDEST]> = raw.into_iter().map(|Raw(value)| value).collect();
        let mut values = vec![0.0; end - start];
        self.element.decode(raw.as_flattened(), WIDEST, &mut values);
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
