//! The fields of a layer that BVLC's schema lacks.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::proto::fields::{Field, Fields, push_bytes};
use crate::proto::gate;
use crate::proto::reader::Reader;
use crate::proto::schema::{FieldType, Kind, MessageType, Schema};

/// Fields that a fork has and BVLC's schema has not, or values of enums of which that holds, by their paths below the
/// layer, such as `bn_param.eps`. Translations take out those that they have dealt with.
#[derive(Debug, Clone, Default)]
pub(super) struct ForkFields {
    fields: Vec<ForkField>,
}

#[derive(Debug, Clone)]
struct ForkField {
    path: String,
    kind: Kind,
    /// The value as it is encoded, several ones where the field is given several times.
    values: Vec<Vec<u8>>,
}

impl ForkFields {
    /// Parts an encoded message of a fork, by the numbers of the union: returns what BVLC's schema has of it, and the
    /// rest.
    pub(super) fn part(bytes: &[u8], message: MessageType) -> (Vec<u8>, ForkFields) {
        let mut rest = ForkFields::default();
        let known = rest.part_message(bytes, message, message.of(Schema::caffe()), "");
        (known, rest)
    }

    fn part_message(&mut self, bytes: &[u8], own: MessageType, bvlc: Option<MessageType>, path: &str) -> Vec<u8> {
        let mut known = Vec::with_capacity(bytes.len());
        for field in Fields::new(bytes, 0, own.name()).map_while(Result::ok) {
            let Some(of_fork) = own.field(field.number) else {
                // Upgrades give layers fields that their dialect does not have.
                known.extend(field.whole);
                continue;
            };
            let path = if path.is_empty() { of_fork.name().to_owned() } else { format!("{path}.{}", of_fork.name()) };
            match bvlc.and_then(|bvlc| bvlc.field(field.number)) {
                Some(of_bvlc) => self.part_field(&field, of_fork, of_bvlc, path, &mut known),
                None => self.take_whole(&field, of_fork, path),
            }
        }
        known
    }

    /// Parts a field that both schemas have.
    fn part_field(
        &mut self,
        field: &Field<'_>,
        of_fork: FieldType,
        of_bvlc: FieldType,
        path: String,
        known: &mut Vec<u8>,
    ) {
        match (of_fork.kind(), of_bvlc.kind()) {
            (Kind::Message(own), Kind::Message(bvlc)) => {
                let inner = self.part_message(field.body, own, Some(bvlc), &path);
                if inner.is_empty() && !field.body.is_empty() {
                    return;
                }
                push_bytes(field.number, &inner, known);
            }
            (Kind::Enum(_), Kind::Enum(values)) => {
                let mut numbers = Reader::new(field.body);
                while let Some(number) = numbers.varint() {
                    let mut encoded = Vec::new();
                    encode_varint(number, &mut encoded);
                    if values.value_name(number as i32).is_some() {
                        encode_key(field.number, WireType::Varint, known);
                        known.extend(encoded);
                    } else {
                        self.push(path.clone(), of_fork.kind(), encoded);
                    }
                }
            }
            _ => known.extend(field.whole),
        }
    }

    /// Takes a field that BVLC's schema lacks. Of a message that it lacks, each field stands for itself.
    fn take_whole(&mut self, field: &Field<'_>, of_fork: FieldType, path: String) {
        let Kind::Message(own) = of_fork.kind() else {
            return self.push(path, of_fork.kind(), field.body.to_vec());
        };
        let bvlc = own.of(Schema::caffe());
        let known = self.part_message(field.body, own, bvlc, &path);
        if bvlc.is_some() {
            self.push(path, of_fork.kind(), known);
        }
    }

    fn push(&mut self, path: String, kind: Kind, value: Vec<u8>) {
        match self.fields.iter_mut().find(|field| field.path == path) {
            Some(field) => field.values.push(value),
            None => self.fields.push(ForkField { path, kind, values: vec![value] }),
        }
    }

    /// The paths of those that are left.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.path.as_str())
    }

    /// Whether the field is given.
    pub(super) fn has(&self, path: &str) -> bool {
        self.paths().any(|found| found == path)
    }

    fn take(&mut self, path: &str) -> Option<ForkField> {
        let place = self.fields.iter().position(|field| field.path == path)?;
        Some(self.fields.remove(place))
    }

    /// Takes out fields whatever they say; returns those that were there.
    pub(super) fn drop_all(&mut self, mut is_dropped: impl FnMut(&str) -> bool) -> Vec<String> {
        let (dropped, kept) = std::mem::take(&mut self.fields).into_iter().partition(|field| is_dropped(&field.path));
        self.fields = kept;
        dropped.into_iter().map(|field| field.path).collect()
    }

    /// Takes out fields whose values are the defaults that the schema of a layer declares for them; returns which.
    pub(super) fn drop_defaults(&mut self, schema: &'static Schema) -> Vec<String> {
        let is_default = |field: &ForkField| {
            let declared = declared(schema, &field.path).and_then(FieldType::declared_default);
            field.values.iter().all(|value| declared.is_some_and(|text| is_value(field.kind, value, text)))
        };
        let (dropped, kept) = std::mem::take(&mut self.fields).into_iter().partition(is_default);
        self.fields = kept;
        dropped.into_iter().map(|field| field.path).collect()
    }

    /// Takes a field that is given once; of several values the last one counts.
    pub(super) fn bool(&mut self, path: &str) -> Option<bool> {
        Reader::new(self.take(path)?.values.last()?).varint().map(|value| value != 0)
    }

    /// Takes a switch if it has this value, and says whether it had.
    pub(super) fn takes(&mut self, path: &str, value: bool) -> bool {
        let given = self.fields.iter().find(|field| field.path == path).and_then(|field| field.values.last());
        let is_so = given.and_then(|given| Reader::new(given).varint()).is_some_and(|given| (given != 0) == value);
        is_so && self.take(path).is_some()
    }

    /// As [`ForkFields::bool`].
    pub(super) fn u32(&mut self, path: &str) -> Option<u32> {
        Reader::new(self.take(path)?.values.last()?).varint().map(|value| value as u32)
    }

    /// As [`ForkFields::bool`].
    pub(super) fn f32(&mut self, path: &str) -> Option<f32> {
        Reader::new(self.take(path)?.values.last()?).fixed().map(f32::from_le_bytes)
    }

    /// Takes a text, or the name of a value of an enum.
    pub(super) fn name(&mut self, path: &str) -> Option<String> {
        let field = self.take(path)?;
        let value = field.values.last()?;
        match field.kind {
            Kind::Enum(values) => {
                let number = Reader::new(value).varint()? as i32;
                Some(values.value_name(number).map_or_else(|| number.to_string(), str::to_owned))
            }
            _ => Some(String::from_utf8_lossy(value).into_owned()),
        }
    }

    /// Takes a message that BVLC's schema has; fields in it that it lacks stay.
    pub(super) fn message<M: Message + Default>(&mut self, path: &str) -> Option<M> {
        let field = self.take(path)?;
        let Kind::Message(message) = field.kind else { return None };
        gate::decoded(&field.values.concat(), message.of(Schema::caffe())?).ok()
    }
}

/// The field of a layer at the end of a path.
fn declared(schema: &'static Schema, path: &str) -> Option<FieldType> {
    let mut message = schema.message("LayerParameter")?;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let field = message.field_named(name)?;
        if names.peek().is_none() {
            return Some(field);
        }
        message = field.kind().message()?;
    }
    None
}

/// Whether an encoded value is the one that a schema writes so.
fn is_value(kind: Kind, value: &[u8], text: &str) -> bool {
    let mut reader = Reader::new(value);
    match kind {
        Kind::Float => reader.fixed().map(f32::from_le_bytes) == text.parse().ok(),
        Kind::Double => reader.fixed().map(f64::from_le_bytes) == text.parse().ok(),
        Kind::Bool => reader.varint().map(|value| value != 0) == text.parse().ok(),
        Kind::Int32 | Kind::Int64 => reader.varint().map(|value| value as i64) == text.parse().ok(),
        Kind::Uint32 | Kind::Uint64 => reader.varint() == text.parse().ok(),
        Kind::Enum(values) => {
            let number = reader.varint().map(|value| value as i32);
            number.is_some_and(|number| values.value_name(number) == Some(text))
        }
        Kind::String | Kind::Bytes => value == text.as_bytes(),
        Kind::Message(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::proto::caffe::{FillerParameter, LayerParameter};
    use crate::proto::text;

    /// The parts of a layer of a dialect.
    fn parts(dialect: &str, layer: &str) -> (LayerParameter, ForkFields) {
        let message = Dialect::get(dialect).unwrap().schema().message("LayerParameter").unwrap();
        let source = text::Source::new("layer", layer.as_bytes());
        let document = text::parse(&source, message).unwrap();
        let (known, fields) = ForkFields::part(document.bytes(), message);
        (LayerParameter::decode(&*known).unwrap(), fields)
    }

    #[test]
    fn what_bvlc_lacks_is_apart_from_what_it_has() {
        let text =
            "type: 'Convolution' convolution_param { num_output: 3 relu: true negative_slope: 0.5 engine: MKLDNN }";
        let (param, mut fields) = parts("intel", text);
        assert_eq!(param.convolution_param.as_ref().unwrap().num_output, Some(3));
        assert_eq!(param.convolution_param.unwrap().engine, None);
        let paths: Vec<&str> = fields.paths().collect();
        assert_eq!(paths, ["convolution_param.relu", "convolution_param.negative_slope", "convolution_param.engine"]);
        assert_eq!(fields.bool("convolution_param.relu"), Some(true));
        assert_eq!(fields.f32("convolution_param.negative_slope"), Some(0.5));
        assert_eq!(fields.name("convolution_param.engine").as_deref(), Some("MKLDNN"));
        assert_eq!((fields.paths().count(), fields.bool("convolution_param.relu")), (0, None));
    }

    #[test]
    fn messages_that_bvlc_has_are_taken_whole() {
        let (_, mut fields) = parts("pspnet", "bn_param { slope_filler { type: 'constant' value: 2 } frozen: true }");
        let filler: FillerParameter = fields.message("bn_param.slope_filler").unwrap();
        assert_eq!((filler.r#type(), filler.value()), ("constant", 2.0));
        assert_eq!(fields.paths().collect::<Vec<_>>(), ["bn_param.frozen"]);
    }
}
