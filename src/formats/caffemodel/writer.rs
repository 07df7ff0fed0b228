//! The caffemodel: a binary `NetParameter`, streamed.
//!
//! Every length is known beforehand, so nothing is buffered. Fields go out in ascending order, as C++ protobuf writes
//! them. The net's name is written even if it is empty, as Caffe does; of a blob, the values stand before the shape,
//! and a scalar has no shape. A dialect of the V1 format has its layers in front of the net's inputs, and the sizes of
//! blobs in front of their values. In a dialect whose layers have types of numbers, the values are bytes behind the
//! shape and their type.

use std::io::{self, Write};

use caffemodel_numeric::number_type::little_halves;
use prost::Message;
use prost::encoding::{WireType, decode_key, encode_key, encode_varint, encoded_len_varint, key_len, skip_field};

use crate::Shape;
use crate::dialect::{Dialect, Traits};
use crate::error::{Error, Result};
use crate::formats::{NumberType, Output, SavedBlob, SavedLayer, SavedNet, le_bytes};
use crate::net::v1_layer;
use crate::proto::blob::blob_shape;
use crate::proto::caffe::{LayerParameter, Type};
use crate::proto::{FieldType, binary, escape, gate};
use crate::sink::Sink;

/// The largest file that protobuf, and so Caffe, can read.
pub const MAX_FILE_BYTES: u64 = i32::MAX as u64;

/// Refuses a net that is too large for protobuf.
pub(super) fn check(net: &SavedNet<'_>) -> Result<()> {
    let size = caffemodel_size(net);
    if size > MAX_FILE_BYTES {
        return Err(Error::Request(format!(
            "the caffemodel would have {size} bytes; protobuf, and so Caffe, reads at most {MAX_FILE_BYTES}: \
             make the net smaller, or write HDF5"
        )));
    }
    Ok(())
}

/// Field numbers of the schema that are written by hand. Those of layers, of their blobs and of old sizes are the
/// dialect's.
pub(in crate::formats) mod field {
    pub const NET_NAME: u32 = 1;
    pub const NET_INPUT: u32 = 3;
    pub const BLOB_DATA: u32 = 5;
    pub const BLOB_SHAPE: u32 = 7;
    pub const BLOB_RAW_DATA_TYPE: u32 = 10;
    pub const BLOB_RAW_DATA: u32 = 12;
}

/// The length in bytes of the caffemodel that a net makes.
pub fn caffemodel_size(net: &SavedNet<'_>) -> u64 {
    let layers = net.layers.iter().map(|layer| match net_inputs(layer) {
        Some(inputs) => inputs.len() as u64,
        None => framed_len(net.dialect.saved_layers().saved_number(), layer_len(layer, net.dialect)),
    });
    let name = framed_len(field::NET_NAME, escape::unescaped(net.name).len() as u64);
    name + layers.sum::<u64>() + net.fields.len() as u64
}

/// The `input` fields of the net, if the layer stands for them; they come first, as the layer does.
pub(in crate::formats) fn net_inputs(layer: &SavedLayer<'_>) -> Option<Vec<u8>> {
    if !layer.is_net_inputs() {
        return None;
    }
    let mut fields = Vec::new();
    for top in &layer.param.top {
        let name = escape::unescaped(top);
        frame(field::NET_INPUT, name.len() as u64, &mut fields);
        fields.extend(&*name);
    }
    Some(fields)
}

/// The length of a layer's message with its blobs.
fn layer_len(layer: &SavedLayer<'_>, dialect: &Dialect) -> u64 {
    encoded(layer.param, dialect).len() as u64 + blobs_len(layer, dialect)
}

fn blobs_len(layer: &SavedLayer<'_>, dialect: &Dialect) -> u64 {
    let number = blobs_number(dialect);
    let blobs = layer.blobs.iter().map(|blob| framed_len(number, BlobFrame::of(blob, dialect).len));
    blobs.sum()
}

/// The number of the field of a layer that its blobs are saved in.
fn blobs_number(dialect: &Dialect) -> u32 {
    dialect.saved_layer_message().field_named("blobs").map_or(0, FieldType::saved_number)
}

/// A layer without its blobs as a dialect saves it.
fn encoded(param: &LayerParameter, dialect: &Dialect) -> Vec<u8> {
    if dialect.traits.has_v1_layers() {
        let mut out = Vec::new();
        let layer = v1_layer(param, dialect);
        binary::write(&mut out, dialect.saved_layer_message(), &layer).expect("the message is of the dialect");
        return out;
    }
    let bytes = param.encode_to_vec();
    let message = dialect.layer_message();
    let unfolded = gate::unfolded(&bytes, message);
    if dialect.is_bvlc() {
        return unfolded.into_owned();
    }
    let mut out = Vec::with_capacity(unfolded.len());
    binary::write(&mut out, message, &unfolded).expect("the message is of the dialect");
    out
}

/// The length of a length-delimited field with `len` bytes in it.
fn framed_len(number: u32, len: u64) -> u64 {
    (key_len(number) + encoded_len_varint(len)) as u64 + len
}

/// Appends what stands before the `len` bytes of a length-delimited field.
pub(in crate::formats) fn frame(number: u32, len: u64, out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(len, out);
}

/// A layer's message without its blobs, cut where they belong.
pub(in crate::formats) struct LayerFrame {
    pub(in crate::formats) head: Vec<u8>,
    pub(in crate::formats) tail: Vec<u8>,
    len: u64,
}

impl LayerFrame {
    pub(in crate::formats) fn new(layer: &SavedLayer<'_>, dialect: &Dialect) -> LayerFrame {
        let mut head = encoded(layer.param, dialect);
        let len = head.len() as u64 + blobs_len(layer, dialect);
        let tail = head.split_off(blobs_offset(&head, blobs_number(dialect)));
        LayerFrame { head, tail, len }
    }
}

/// Where the `blobs` field, of this number, belongs among the fields of an encoded layer without blobs.
fn blobs_offset(layer: &[u8], blobs: u32) -> usize {
    let mut rest = layer;
    while !rest.is_empty() {
        let offset = layer.len() - rest.len();
        match decode_key(&mut rest) {
            Ok((number, wire_type)) if number < blobs => {
                if skip_field(wire_type, number, &mut rest, prost::encoding::DecodeContext::default()).is_err() {
                    return offset;
                }
            }
            _ => return offset,
        }
    }
    layer.len()
}

/// What stands before and after a blob's values.
pub(in crate::formats) struct BlobFrame {
    pub(in crate::formats) head: Vec<u8>,
    pub(in crate::formats) tail: Vec<u8>,
    pub(in crate::formats) len: u64,
}

impl BlobFrame {
    pub(in crate::formats) fn new(shape: &Shape) -> BlobFrame {
        let data_len = shape.count() as u64 * 4;
        let mut head = Vec::new();
        if data_len > 0 {
            frame(field::BLOB_DATA, data_len, &mut head);
        }
        let mut tail = Vec::new();
        push_shape(shape, &mut tail);
        let len = (head.len() + tail.len()) as u64 + data_len;
        BlobFrame { head, tail, len }
    }

    /// That of a blob as the dialect saves it.
    fn of(blob: &SavedBlob<'_>, dialect: &Dialect) -> BlobFrame {
        match dialect.traits {
            Traits { layers_have_types: true, .. } => BlobFrame::raw(blob),
            Traits { legacy_blobs: true, .. } => BlobFrame::legacy(blob.shape, dialect),
            _ => BlobFrame::new(blob.shape),
        }
    }

    /// That of a blob of four or five axes, whose sizes are fields of their own.
    fn legacy(shape: &Shape, dialect: &Dialect) -> BlobFrame {
        let blob = dialect.blob_message();
        let number = |name: &str| blob.field_named(name).map(FieldType::saved_number);
        let mut head = Vec::new();
        for (name, &size) in size_names(shape).iter().zip(shape.dims()) {
            encode_key(number(name).unwrap_or_default(), WireType::Varint, &mut head);
            encode_varint(size as u64, &mut head);
        }
        let data_len = shape.count() as u64 * 4;
        if data_len > 0 {
            frame(number("data").unwrap_or(field::BLOB_DATA), data_len, &mut head);
        }
        BlobFrame { len: head.len() as u64 + data_len, head, tail: Vec::new() }
    }

    /// That of a blob whose values are bytes.
    fn raw(blob: &SavedBlob<'_>) -> BlobFrame {
        let (raw_type, width) = match blob.number_type {
            NumberType::F16 => (Type::Float16, 2),
            _ => (Type::Float, 4),
        };
        let data_len = blob.shape.count() as u64 * width;
        let mut head = Vec::new();
        push_shape(blob.shape, &mut head);
        encode_key(field::BLOB_RAW_DATA_TYPE, WireType::Varint, &mut head);
        encode_varint(raw_type as u64, &mut head);
        frame(field::BLOB_RAW_DATA, data_len, &mut head);
        let len = head.len() as u64 + data_len;
        BlobFrame { head, tail: Vec::new(), len }
    }
}

/// The names of the old sizes, in the order of the axes.
fn size_names(shape: &Shape) -> &'static [&'static str] {
    match shape.axes() {
        5 => &["num", "channels", "length", "height", "width"],
        _ => &["num", "channels", "height", "width"],
    }
}

/// The old sizes of a blob in a dialect that saves these, by the numbers of the union.
pub(in crate::formats) fn sizes(shape: &Shape, dialect: &Dialect) -> Vec<u8> {
    let blob = dialect.blob_message();
    let mut sizes = Vec::new();
    for (name, &size) in size_names(shape).iter().zip(shape.dims()) {
        encode_key(blob.field_named(name).map_or(0, FieldType::number), WireType::Varint, &mut sizes);
        encode_varint(size as u64, &mut sizes);
    }
    sizes
}

/// Appends the field of a shape, which a scalar has not.
fn push_shape(shape: &Shape, out: &mut Vec<u8>) {
    if shape.axes() > 0 {
        let dims = blob_shape(shape).encode_to_vec();
        frame(field::BLOB_SHAPE, dims.len() as u64, out);
        out.extend(dims);
    }
}

/// Writes a caffemodel, as [`Output`] is told.
///
/// The writer makes small writes; give it a buffered one.
#[derive(Debug)]
pub struct CaffemodelWriter<W> {
    out: W,
    dialect: &'static Dialect,
    /// The fields of the net that come behind the layers, `input` fields among them.
    behind: Vec<u8>,
    layer_tail: Vec<u8>,
    blob_tail: Vec<u8>,
    /// Whether the values of the blob at hand are written as halves.
    halves: bool,
}

impl<W: Write> CaffemodelWriter<W> {
    /// Starts the caffemodel of a net in BVLC's dialect, with its name.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(out: W, name: &str) -> io::Result<CaffemodelWriter<W>> {
        CaffemodelWriter::in_dialect(out, name, Dialect::bvlc())
    }

    /// Starts the caffemodel of a net in this dialect, with its name.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn in_dialect(mut out: W, name: &str, dialect: &'static Dialect) -> io::Result<CaffemodelWriter<W>> {
        let mut head = Vec::new();
        let name = escape::unescaped(name);
        frame(field::NET_NAME, name.len() as u64, &mut head);
        head.extend(&*name);
        out.write_all(&head)?;
        let (behind, layer_tail, blob_tail) = (Vec::new(), Vec::new(), Vec::new());
        Ok(CaffemodelWriter { out, dialect, behind, layer_tail, blob_tail, halves: false })
    }

    /// Adds fields of the net that come behind its layers, encoded by the numbers of the dialect.
    #[must_use]
    pub fn with_fields(mut self, fields: &[u8]) -> CaffemodelWriter<W> {
        self.behind.extend(fields);
        self
    }

    /// Gives back what was written to.
    pub fn into_inner(self) -> W {
        self.out
    }
}

impl<W: Write> Sink for CaffemodelWriter<W> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        if self.halves {
            return self.out.write_all(&little_halves(values));
        }
        self.out.write_all(&le_bytes(values))
    }
}

impl<W: Write> Output for CaffemodelWriter<W> {
    fn begin_layer(&mut self, layer: &SavedLayer<'_>) -> io::Result<()> {
        self.layer_tail.clear();
        let number = self.dialect.saved_layers().saved_number();
        if let Some(inputs) = net_inputs(layer) {
            if number < field::NET_INPUT {
                self.behind.extend(inputs);
                return Ok(());
            }
            return self.out.write_all(&inputs);
        }
        let LayerFrame { head, tail, len } = LayerFrame::new(layer, self.dialect);
        let mut start = Vec::new();
        frame(number, len, &mut start);
        start.extend(head);
        self.layer_tail = tail;
        self.out.write_all(&start)
    }

    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()> {
        let blob = &layer.blobs[blob];
        let BlobFrame { head, tail, len } = BlobFrame::of(blob, self.dialect);
        self.halves = self.dialect.traits.layers_have_types && blob.number_type == NumberType::F16;
        let mut start = Vec::new();
        frame(blobs_number(self.dialect), len, &mut start);
        start.extend(head);
        self.blob_tail = tail;
        self.out.write_all(&start)
    }

    fn end_blob(&mut self) -> io::Result<()> {
        self.out.write_all(&self.blob_tail)
    }

    fn end_layer(&mut self) -> io::Result<()> {
        self.out.write_all(&self.layer_tail)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(&std::mem::take(&mut self.behind))?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::caffe::{LayerParameter, NetStateRule, Phase};

    #[test]
    fn blobs_belong_behind_the_params_and_before_the_rules() {
        let layer = LayerParameter {
            name: Some("a".into()),
            include: vec![NetStateRule::default()],
            phase: Some(Phase::Test as i32),
            ..Default::default()
        };
        assert_eq!(blobs_offset(&layer.encode_to_vec(), 7), 3);
        assert_eq!(
            blobs_offset(&LayerParameter { name: Some("a".into()), ..Default::default() }.encode_to_vec(), 7),
            3
        );
        assert_eq!(blobs_offset(&[], 7), 0);
    }

    #[test]
    fn a_blob_has_its_values_first_and_a_scalar_no_shape() {
        let blob = BlobFrame::new(&Shape::new([2, 3]).unwrap());
        assert_eq!((blob.head, blob.tail, blob.len), (vec![0x2a, 24], vec![0x3a, 4, 0x0a, 2, 2, 3], 32));
        let scalar = BlobFrame::new(&Shape::scalar());
        assert_eq!((scalar.head, scalar.tail, scalar.len), (vec![0x2a, 4], vec![], 6));
    }

    #[test]
    fn raw_values_stand_behind_their_shape_and_type() {
        let shape = Shape::new([3]).unwrap();
        let raw = |number_type| BlobFrame::raw(&SavedBlob { shape: &shape, shared: false, number_type });
        let floats = raw(NumberType::F32);
        assert_eq!((floats.head, floats.len), (vec![0x3a, 3, 0x0a, 1, 3, 0x50, 1, 0x62, 12], 21));
        let halves = raw(NumberType::F16);
        assert_eq!((halves.head, halves.len), (vec![0x3a, 3, 0x0a, 1, 3, 0x50, 2, 0x62, 6], 15));
    }
}
