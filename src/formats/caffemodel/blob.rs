//! A `BlobProto` in place: its shape, and where its values lie.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use caffemodel_numeric::number_type::Element;
use prost::Message;
use prost::encoding::WireType;

use crate::Shape;
use crate::formats::map::FileMap;
use crate::formats::{NumberType, StoredBlob, StoredValues};
use crate::proto::blob::{self, Counts, RawType};
use crate::proto::caffe::BlobProto;
use crate::proto::fields::{Field, Fields};
use crate::proto::reader::Reader;
use crate::proto::schema::MessageType;

const DATA: u32 = 5;
const DIFF: u32 = 6;
const DOUBLE_DATA: u32 = 8;
const DOUBLE_DIFF: u32 = 9;
/// NVIDIA's and OpenCV's.
const RAW_DATA_TYPE: u32 = 10;
const RAW_DATA: u32 = 12;
/// The fields of the shape.
const SIZES: [&str; 6] = ["num", "channels", "length", "height", "width", "shape"];

/// How much the sizes of a blob may take: shapes are short.
const MAX_SIZES_BYTES: usize = 1024;

/// How many pieces the values of a blob may lie in.
const MAX_RUNS: usize = 1 << 20;

/// The blob that `body`, at byte `offset` of the file, encodes; `message` is that of blobs in the schema of the file.
///
/// # Errors
/// It is damaged, or its values are not as many as its shape says.
pub(in crate::formats) fn stored(
    file: &Arc<FileMap>,
    body: &[u8],
    offset: usize,
    index: usize,
    message: MessageType,
) -> Result<StoredBlob, String> {
    let Scan { sizes, data, double_data, raw_data, raw_data_type, diffs, double_diffs } =
        Scan::new(body, offset, message)?;
    let sizes = BlobProto::decode(sizes.as_slice()).map_err(|error| error.to_string())?;
    let legacy = blob::is_legacy(&sizes);
    let raw_data = raw_data.map(|bytes| raw_values(bytes, raw_data_type)).transpose()?;
    let counts = Counts {
        raw_data: raw_data.as_ref().map(|(runs, _)| runs.count()),
        data: data.count(),
        double_data: double_data.count(),
        diff: diffs,
        double_diff: double_diffs,
    };
    let shape = match blob::shape(&sizes).map_err(|error| error.to_string())? {
        shape if shape.axes() == 0 && !legacy && counts.values() == 0 => Shape::unshaped(),
        shape => shape,
    };
    if shape.count() > 0 || counts.values() > 0 {
        counts.check(&shape)?;
    }
    let (runs, element) = match raw_data {
        _ if double_data.count() > 0 => (double_data, NumberType::F64),
        Some(raw) if data.count() == 0 => raw,
        _ => (data, NumberType::F32),
    };
    let values = WireValues { file: Arc::clone(file), runs: runs.list, element: element.little() };
    Ok(StoredBlob { index, shape, legacy, values: Arc::new(values) })
}

/// Values that lie in the file as bytes, in this range, and their type.
fn raw_values(bytes: Range<usize>, raw_data_type: Option<i32>) -> Result<(Runs, NumberType), String> {
    let raw_type = RawType::new(raw_data_type)?;
    let count = raw_type.count(bytes.len())?;
    let run = ValueRun { elements: 0..count, offset: bytes.start, stride: raw_type.width() };
    let number_type = match raw_type {
        RawType::Double => NumberType::F64,
        RawType::Single => NumberType::F32,
        RawType::Half => NumberType::F16,
    };
    Ok((Runs { list: if count > 0 { vec![run] } else { Vec::new() } }, number_type))
}

/// What a walk over an encoded blob finds.
#[derive(Default)]
struct Scan {
    /// The blob without its values, encoded.
    sizes: Vec<u8>,
    data: Runs,
    double_data: Runs,
    /// Where `raw_data` lies.
    raw_data: Option<Range<usize>>,
    raw_data_type: Option<i32>,
    diffs: usize,
    double_diffs: usize,
}

impl Scan {
    fn new(body: &[u8], offset: usize, message: MessageType) -> Result<Scan, String> {
        let mut scan = Scan::default();
        for field in Fields::new(body, offset, "BlobProto") {
            let field = field.map_err(|flaw| flaw.to_string())?;
            let known = message.saved_field(field.number);
            let is = |name: &str, number| known.map_or(field.number == number, |known| known.name() == name);
            match known.map_or(field.number, |known| known.number()) {
                DATA if field.wire_type == WireType::Varint => {
                    return Err("is a blob of C3D, which has a length among its sizes; Caffe cannot read it".into());
                }
                DATA => scan.data.extend(&field, 4)?,
                DOUBLE_DATA => scan.double_data.extend(&field, 8)?,
                _ if is("raw_data", RAW_DATA) && field.wire_type == WireType::LengthDelimited => {
                    scan.raw_data = Some(field.body_offset..field.body_offset + field.body.len());
                }
                _ if is("raw_data_type", RAW_DATA_TYPE) && field.wire_type == WireType::Varint => {
                    scan.raw_data_type = Reader::new(field.body).varint().map(|number| number as i32);
                }
                DIFF => scan.diffs += count(&field, 4)?,
                DOUBLE_DIFF => scan.double_diffs += count(&field, 8)?,
                number if known.is_some_and(|known| SIZES.contains(&known.name())) => {
                    if scan.sizes.len() + field.whole.len() > MAX_SIZES_BYTES {
                        return Err(format!("the shape takes more than {MAX_SIZES_BYTES} bytes"));
                    }
                    field.push_as(number, &mut scan.sizes);
                }
                _ => {}
            }
        }
        Ok(scan)
    }
}

/// How many values of `width` bytes a field holds, packed or single.
fn count(field: &Field<'_>, width: usize) -> Result<usize, String> {
    let single = if width == 4 { WireType::ThirtyTwoBit } else { WireType::SixtyFourBit };
    match field.wire_type {
        WireType::LengthDelimited if field.body.len().is_multiple_of(width) => Ok(field.body.len() / width),
        wire_type if wire_type == single => Ok(1),
        _ => Err(format!("damaged in BlobProto at byte {}", field.offset)),
    }
}

/// Values that lie in the file at equal distances.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ValueRun {
    /// The numbers of its values.
    elements: Range<usize>,
    /// Where the first one is.
    offset: usize,
    /// How far from the start of one value to that of the next.
    stride: usize,
}

/// All values of a field, in order.
#[derive(Default)]
struct Runs {
    list: Vec<ValueRun>,
}

impl Runs {
    fn count(&self) -> usize {
        self.list.last().map_or(0, |run| run.elements.end)
    }

    /// Appends a field, packed or single; single ones that follow each other make one run.
    fn extend(&mut self, field: &Field<'_>, width: usize) -> Result<(), String> {
        let (count, start) = (count(field, width)?, self.count());
        let pieces = self.list.len();
        let offset = field.body_offset;
        let single = field.wire_type != WireType::LengthDelimited;
        let stride = if single { field.whole.len() } else { width };
        match self.list.last_mut() {
            Some(run) if single && run.stride == stride && run.offset + run.elements.len() * stride == offset => {
                run.elements.end += 1;
            }
            _ if count == 0 => {}
            _ if pieces == MAX_RUNS => return Err(format!("its values lie in more than {MAX_RUNS} pieces")),
            _ => self.list.push(ValueRun { elements: start..start + count, offset, stride }),
        }
        Ok(())
    }
}

/// Values in place in a file.
struct WireValues {
    file: Arc<FileMap>,
    runs: Vec<ValueRun>,
    element: Element,
}

impl StoredValues for WireValues {
    fn read(&self, mut offset: usize, mut out: &mut [f32]) -> io::Result<()> {
        let first = self.runs.partition_point(|run| run.elements.end <= offset);
        let mut runs = self.runs[first..].iter();
        while !out.is_empty() {
            let run = runs.next().ok_or(io::ErrorKind::UnexpectedEof)?;
            let (now, later) = out.split_at_mut(out.len().min(run.elements.end - offset));
            let start = run.offset + (offset - run.elements.start) * run.stride;
            self.file.decode(self.element, start, run.stride, now)?;
            offset += now.len();
            out = later;
        }
        Ok(())
    }

    fn number_type(&self) -> NumberType {
        self.element.kind
    }

    fn reads_anywhere(&self) -> bool {
        true
    }
}
