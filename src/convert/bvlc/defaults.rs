//! Defaults that differ.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::draft::LayerDraft;
use super::faults;
use crate::dialect::Dialect;
use crate::error::{Refusal, Result};
use crate::proto::fields::Fields;
use crate::proto::gate;
use crate::proto::schema::{EnumType, FieldType, Kind, MessageType};

/// Fields where the default is another, but not what is done.
const ALIKE: &[(&str, &str)] = &[
    // How many batches are read ahead.
    ("DataParameter", "prefetch"),
    // VALID, which `normalize: true` means, is what BVLC's Caffe does where nothing is given.
    ("LossParameter", "normalize"),
    // Told with the BatchNorm that it belongs to.
    ("BatchNormParameter", "use_global_stats"),
];

/// What a field is where the net does not give it is written out, if the fork has another default for it.
pub(super) fn write_out(draft: &mut LayerDraft<'_>) -> Result<Option<String>, Refusal> {
    let Some(entry) = faults::entry(draft.param.r#type(), Dialect::bvlc()) else { return Ok(None) };
    let [own, bvlc] = [draft.net.dialect, Dialect::bvlc()].map(Dialect::layer_message);
    let mut bytes = draft.param.encode_to_vec();
    let mut written = Vec::new();
    for name in entry.params {
        let [own, bvlc] = [own, bvlc].map(|layer| layer.field_named(name));
        if let Some((own, bvlc)) = own.zip(bvlc) {
            write_fields(own, bvlc, &mut bytes, &mut written);
        }
    }
    if written.is_empty() {
        return Ok(None);
    }
    let decoded = gate::decoded(&bytes, bvlc);
    draft.param = decoded.map_err(|error| Refusal::new(format!("cannot write out its defaults: {error}")))?;
    Ok(Some(format!("written out, as the default differs: {}", written.join(", "))))
}

/// Appends the fields of a message in a layer whose defaults differ and that are not given.
fn write_fields(own: FieldType, bvlc: FieldType, bytes: &mut Vec<u8>, written: &mut Vec<String>) {
    let (Some(own_message), Some(bvlc_message)) = (own.kind().message(), bvlc.kind().message()) else { return };
    for (field, default) in differing(own_message, bvlc_message) {
        if is_given(bytes, bvlc.number(), field.number()) {
            continue;
        }
        let Some(inner) = encoded(field, default) else { continue };
        encode_key(bvlc.number(), WireType::LengthDelimited, bytes);
        encode_varint(inner.len() as u64, bytes);
        bytes.extend(inner);
        written.push(format!("{}.{}: {default}", bvlc.name(), field.name()));
    }
}

/// BVLC's fields for which the fork has a default that BVLC's Caffe does not have.
fn differing(own: MessageType, bvlc: MessageType) -> impl Iterator<Item = (FieldType, &'static str)> {
    bvlc.fields().filter_map(move |field| {
        let default = own.field_named(field.name()).filter(|own| own.number() == field.number())?.declared_default()?;
        let differs = field.declared_default() != Some(default) && !field.is_repeated();
        let is_told = !ALIKE.contains(&(bvlc.name(), field.name()));
        (differs && is_told).then_some((field, default))
    })
}

/// Whether a message within a layer has a field.
fn is_given(layer: &[u8], message: u32, field: u32) -> bool {
    let messages = Fields::new(layer, 0, "").map_while(Result::ok).filter(|found| found.number == message);
    messages
        .flat_map(|message| Fields::new(message.body, 0, "").map_while(Result::ok))
        .any(|found| found.number == field)
}

/// A field with a value as a schema writes it.
fn encoded(field: FieldType, value: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut varint = |value: u64| {
        encode_key(field.number(), WireType::Varint, &mut out);
        encode_varint(value, &mut out);
    };
    match field.kind() {
        Kind::Bool => varint(value.parse::<bool>().ok()?.into()),
        Kind::Uint32 | Kind::Uint64 => varint(value.parse().ok()?),
        Kind::Int32 | Kind::Int64 => varint(value.parse::<i64>().ok()? as u64),
        Kind::Enum(values) => varint(EnumType::value_number(values, value)? as u64),
        Kind::Float => {
            encode_key(field.number(), WireType::ThirtyTwoBit, &mut out);
            out.extend(value.parse::<f32>().ok()?.to_le_bytes());
        }
        _ => return None,
    }
    Some(out)
}
