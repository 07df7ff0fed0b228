//! The fields of messages: those of the file, and those of BVLC's for messages that the file lacks.

use std::collections::HashMap;

use super::kinds::{kind_name, values_of};
use super::{FIRST_OWN, MAX_NUMBER, OwnField, OwnSchema, RESERVED};
use crate::proto::idl::{DeclaredField, DeclaredLabel, DeclaredMessage};
use crate::proto::schema::entry::{KindEntry, Label, RowEntry, Text};
use crate::proto::schema::{FieldType, Kind, Schema};

impl OwnSchema<'_> {
    /// Finds fields of a message that have the same name or the same number.
    pub(super) fn check_fields(&mut self, message: &DeclaredMessage) {
        let mut names: HashMap<&str, &DeclaredField> = HashMap::new();
        let mut numbers: HashMap<i64, &DeclaredField> = HashMap::new();
        for field in &message.fields {
            let DeclaredField { name, number, span, number_span, .. } = field;
            if names.insert(name, field).is_some() {
                let fault = self.declarations.fault(*span, format!("{} has two fields {name}", message.name));
                self.findings.push(fault);
            } else if let Some(other) = numbers.insert(*number, field) {
                let clash = format!("{name} and {} of {} have the same number {number}", other.name, message.name);
                self.findings.push(self.declarations.fault(*number_span, clash));
            }
            if !(1..=MAX_NUMBER).contains(number) || RESERVED.contains(number) {
                let why = format!("{number} is not a field number");
                let fault = self.declarations.fault(*number_span, why);
                self.findings.push(fault.help("numbers go from 1 to 536870911, without 19000 to 19999"));
            }
        }
    }

    /// A field of the file; nothing if it is at fault. `loses` says that the message has no room for what is not read.
    pub(super) fn field(
        &mut self,
        message: &DeclaredMessage,
        field: &DeclaredField,
        place: usize,
        loses: bool,
    ) -> Option<OwnField> {
        let kind = self.kind(message, field)?;
        let repeated = field.label == DeclaredLabel::Repeated;
        let known = self.known_field(&message.name, field, kind, repeated);
        if known.is_none() {
            self.check_essential(message, field)?;
            if loses {
                let message = format!("{}.{} cannot be kept: the program has no room for it", message.name, field.name);
                self.findings.push(self.declarations.fault(field.span, message));
                return None;
            }
        }
        let name = self.push(&field.name);
        let default = field.default.as_deref().filter(|_| !repeated).map(|default| self.push(default));
        let row = RowEntry {
            name,
            number: known.map_or(FIRST_OWN + place as u32, FieldType::number),
            label: match field.label {
                DeclaredLabel::Optional => Label::Optional,
                DeclaredLabel::Required => Label::Required,
                DeclaredLabel::Repeated => Label::Repeated,
            },
            kind,
            packed: field.packed,
            default,
            about: Text::default(),
            declared: place as u16,
            read: known.is_some_and(FieldType::is_read),
        };
        Some(OwnField { name: field.name.clone(), saved: u32::try_from(field.number).ok()?, row })
    }

    /// A field of a message that the file lacks.
    pub(super) fn field_of_bvlc(&mut self, field: FieldType, place: usize) -> OwnField {
        let kind = match field.kind() {
            Kind::Message(inner) => KindEntry::Message(self.place(inner.name())),
            Kind::Enum(values) => {
                let declared = self.enums.get(values.name()).map(|own| own.values.clone());
                KindEntry::Enum(self.enum_entry(values.name(), &declared.unwrap_or_else(|| values_of(values))))
            }
            Kind::Int32 => KindEntry::Int32,
            Kind::Int64 => KindEntry::Int64,
            Kind::Uint32 => KindEntry::Uint32,
            Kind::Uint64 => KindEntry::Uint64,
            Kind::Float => KindEntry::Float,
            Kind::Double => KindEntry::Double,
            Kind::Bool => KindEntry::Bool,
            Kind::String => KindEntry::String,
            Kind::Bytes => KindEntry::Bytes,
        };
        let label = match (field.is_repeated(), field.is_required()) {
            (true, _) => Label::Repeated,
            (_, true) => Label::Required,
            _ => Label::Optional,
        };
        let name = self.push(field.name());
        let default = field.declared_default().map(|default| self.push(default));
        let row = RowEntry {
            name,
            number: field.number(),
            label,
            kind,
            packed: field.is_packed(),
            default,
            about: Text::default(),
            declared: place as u16,
            read: field.is_read(),
        };
        OwnField { name: field.name().to_owned(), saved: field.saved_number(), row }
    }

    /// The field of the program's schemas that this one is.
    fn known_field(&self, message: &str, field: &DeclaredField, kind: KindEntry, repeated: bool) -> Option<FieldType> {
        let same = |known: &FieldType| {
            // What is read as one value would lose those before the last.
            self.kind_name(kind) == kind_name(known.kind()) && (known.is_repeated() || !repeated)
        };
        let named = Schema::all().iter().filter_map(|schema| schema.message(message)?.field_named(&field.name));
        let fitting: Vec<FieldType> = named.filter(same).collect();
        fitting.iter().copied().find(|known| known.is_repeated() == repeated).or(fitting.first().copied())
    }

    /// Finds that a field which BVLC has too is of another type, so that what the program reads of it would be lost.
    fn check_essential(&mut self, message: &DeclaredMessage, field: &DeclaredField) -> Option<()> {
        let bvlc = Schema::caffe().message(&message.name).and_then(|own| own.field_named(&field.name));
        let Some(bvlc) = bvlc else { return Some(()) };
        let often = if bvlc.is_repeated() { "repeated" } else { "optional" };
        let own = if field.label == DeclaredLabel::Repeated { "repeated" } else { "optional" };
        let message = format!(
            "{}.{} is {own} {} here, and {often} {} in BVLC's Caffe: nets cannot be read with both",
            message.name,
            field.name,
            field.type_name,
            bvlc.kind().name()
        );
        self.findings.push(self.declarations.fault(field.type_span, message));
        None
    }
}
