//! The blobs of an encoded net on the one side, the rest of it on the other.

use crate::proto::schema::{Kind, MessageType};
use prost::encoding::WireType;

use crate::limits::Limits;
use crate::net::Origin;
use crate::proto::descriptor;
use crate::proto::fields::{Field, Fields, push_bytes};
use crate::proto::wire::{Counter, MAX_DEPTH, WireError, fits};

/// How much a net may hold besides its blobs.
const MAX_REST_BYTES: usize = 64 << 20;

/// A blob of a layer, still encoded.
pub(super) struct BlobField<'a> {
    pub(super) layer: Origin,
    /// Whether it stands in the V0 layer within its layer.
    pub(super) in_v0: bool,
    pub(super) body: &'a [u8],
    /// Where its bytes start in the file.
    pub(super) offset: usize,
}

/// A net taken apart.
pub(super) struct Sieve<'a> {
    /// The blobs in file order.
    pub(super) blobs: Vec<BlobField<'a>>,
    /// Whether the net has any V0 layer.
    pub(super) v0: bool,
    /// The net without blobs and without fields that the schema does not know, encoded.
    pub(super) rest: Vec<u8>,
    /// The first field that the schema does not know, and how many there are.
    unknown: Option<(WireError, usize)>,
    /// Where reading ended before the file does.
    pub(super) end: Option<usize>,
    /// Whether the first blob has the schema's kinds of fields: those of C3D are others by the same numbers.
    fits_blobs: bool,
    layer: Origin,
    counts: [usize; 2],
    copied: usize,
    counter: Counter<'a>,
}

/// What becomes of a field.
enum Fate {
    Blob(MessageType),
    Inner(MessageType),
    Copied,
    Unknown,
}

impl<'a> Sieve<'a> {
    /// Takes the encoded net `bytes` apart; `net` is its message in the schema of its dialect.
    ///
    /// # Errors
    /// It is damaged, or holds more than the limits allow.
    pub(super) fn run(bytes: &'a [u8], net: MessageType, limits: &'a Limits) -> Result<Sieve<'a>, WireError> {
        let mut sieve = Sieve {
            blobs: Vec::new(),
            v0: false,
            rest: Vec::new(),
            unknown: None,
            end: None,
            fits_blobs: true,
            layer: Origin { field: "", index: 0 },
            counts: [0; 2],
            copied: 0,
            counter: Counter::new(limits),
        };
        let mut rest = Vec::new();
        for field in Fields::new(bytes, 0, net.name()) {
            match field {
                Err(WireError::Malformed { offset, .. }) if ends_message(&bytes[offset..]) => {
                    sieve.end = Some(offset);
                    break;
                }
                field => sieve.net_field(net, &field?, &mut rest)?,
            }
        }
        sieve.rest = rest;
        Ok(sieve)
    }

    /// Whether the schema knows all of the net, and its blobs are of the kind of the first one.
    pub(super) fn is_whole(&self) -> bool {
        self.unknown.is_none() && self.fits_blobs
    }

    /// What the user should know of, in a line each; `size` is that of the file.
    pub(super) fn notices(&self, size: usize) -> Vec<String> {
        let unknown = self.unknown.as_ref().map(|(first, count)| match count {
            1 => format!("skipped: {first}"),
            _ => format!("skipped: {first}, and {} more", count - 1),
        });
        let end = self.end.map(|end| {
            format!("the net ends at byte {end}, the {} bytes after that are not read, as in Caffe", size - end)
        });
        unknown.into_iter().chain(end).collect()
    }

    fn net_field(&mut self, net: MessageType, field: &Field<'a>, out: &mut Vec<u8>) -> Result<(), WireError> {
        let layers = ["layer", "layers"].into_iter().zip(&mut self.counts);
        let name = net.saved_field(field.number);
        for (layer, count) in layers {
            if name.as_ref().is_some_and(|field| field.name() == layer) {
                self.layer = Origin { field: layer, index: *count };
                *count += 1;
            }
        }
        self.field(net, field, 0, out)
    }

    fn message(
        &mut self,
        bytes: &'a [u8],
        message: MessageType,
        base: usize,
        depth: usize,
    ) -> Result<Vec<u8>, WireError> {
        if depth > MAX_DEPTH {
            return Err(WireError::TooDeep { offset: base });
        }
        let mut out = Vec::new();
        for field in Fields::new(bytes, base, message.name()) {
            self.field(message, &field?, depth, &mut out)?;
        }
        Ok(out)
    }

    fn field(
        &mut self,
        message: MessageType,
        field: &Field<'a>,
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), WireError> {
        match fate(message, field)? {
            Fate::Blob(blob) => {
                if self.blobs.is_empty() {
                    self.fits_blobs = fits_blob(field.body, blob);
                }
                let (layer, in_v0) = (self.layer, message.name() == "V0LayerParameter");
                self.counter.count(descriptor("BlobProto"))?;
                self.blobs.push(BlobField { layer, in_v0, body: field.body, offset: field.body_offset });
            }
            Fate::Inner(inner) => {
                self.counter.count(inner)?;
                self.v0 |= inner.name() == "V0LayerParameter";
                let body = self.message(field.body, inner, field.body_offset, depth + 1)?;
                push_bytes(field.number, &body, out);
            }
            Fate::Copied => {
                self.copied += field.whole.len();
                if self.copied > MAX_REST_BYTES {
                    return Err(WireError::TooMany { what: "bytes besides the blobs", limit: MAX_REST_BYTES as u64 });
                }
                out.extend(field.whole);
            }
            Fate::Unknown => {
                let first = || {
                    let (number, message, offset) = (field.number, message.name().to_owned(), field.offset);
                    (WireError::UnknownField { number, message, offset }, 0)
                };
                self.unknown.get_or_insert_with(first).1 += 1;
            }
        }
        Ok(())
    }
}

/// What becomes of a field of `message`. As in protobuf, one that is not encoded as the schema says counts as unknown.
fn fate(message: MessageType, field: &Field<'_>) -> Result<Fate, WireError> {
    let Some(known) = message.saved_field(field.number) else { return Ok(Fate::Unknown) };
    let (name, offset) = (message.name().to_owned(), field.offset);
    if !fits(known, field.wire_type, field.body) {
        let packed = field.wire_type == WireType::LengthDelimited && known.is_repeated();
        return if packed { Err(WireError::Malformed { message: name, offset }) } else { Ok(Fate::Unknown) };
    }
    match known.kind() {
        Kind::Message(inner) if inner.name() == "BlobProto" => Ok(Fate::Blob(inner)),
        Kind::Message(inner) => Ok(Fate::Inner(inner)),
        _ => Ok(Fate::Copied),
    }
}

/// Whether the fields of an encoded blob that the message knows are of its kinds.
fn fits_blob(body: &[u8], blob: MessageType) -> bool {
    let fields = Fields::new(body, 0, blob.name()).map_while(Result::ok);
    let mut known = fields.filter_map(|field| Some((blob.saved_field(field.number)?, field)));
    known.all(|(known, field)| fits(known, field.wire_type, field.body))
}

/// Whether protobuf takes these bytes for the end of the message that it reads: a zero, or a tag that ends a group.
fn ends_message(mut bytes: &[u8]) -> bool {
    prost::encoding::decode_varint(&mut bytes).is_ok_and(|tag| tag == 0 || tag & 7 == WireType::EndGroup as u64)
}
