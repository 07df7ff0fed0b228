//! The types of fields: what a name means where it stands, and the entries of enums.

use super::known::known_values;
use super::{FIRST_OWN, MAX_FINDINGS, OwnSchema};
use crate::proto::idl::{DeclaredField, DeclaredMessage};
use crate::proto::schema::entry::{EnumEntry, KindEntry, ValueEntry};
use crate::proto::schema::{EnumType, FieldType, Kind, MessageType, Schema};
use crate::proto::text::closest;

impl OwnSchema<'_> {
    /// The type of a field; nothing if there is no such type, which is noted.
    pub(super) fn kind(&mut self, message: &DeclaredMessage, field: &DeclaredField) -> Option<KindEntry> {
        let found = match field.type_name.as_str() {
            "int32" => Some(KindEntry::Int32),
            "int64" => Some(KindEntry::Int64),
            "uint32" => Some(KindEntry::Uint32),
            "uint64" => Some(KindEntry::Uint64),
            "float" => Some(KindEntry::Float),
            "double" => Some(KindEntry::Double),
            "bool" => Some(KindEntry::Bool),
            "string" => Some(KindEntry::String),
            "bytes" => Some(KindEntry::Bytes),
            "sint32" | "sint64" | "fixed32" | "fixed64" | "sfixed32" | "sfixed64" | "group" => {
                let message = format!("the type {} is not supported: no schema of Caffe has it", field.type_name);
                self.findings.push(self.declarations.fault(field.type_span, message));
                return None;
            }
            _ => self.named_kind(&message.name, &field.type_name),
        };
        if found.is_none() {
            if self.findings.len() >= MAX_FINDINGS {
                return None;
            }
            let near = closest(&field.type_name, self.messages.keys().chain(self.enums.keys()).copied());
            let mut fault = self.declarations.fault(field.type_span, format!("there is no type {}", field.type_name));
            fault.help = near.map(|near| format!("did you mean {near}?").into());
            self.findings.push(fault);
        }
        found
    }

    /// The message or the enum that a name means within a message: that of the innermost scope.
    fn named_kind(&mut self, scope: &str, name: &str) -> Option<KindEntry> {
        let name = local_name(name);
        let mut scope = Some(scope);
        while let Some(around) = scope {
            let full = if around.is_empty() { name.clone() } else { format!("{around}.{name}") };
            if self.messages.contains_key(full.as_str()) {
                return Some(KindEntry::Message(self.place(&full)));
            }
            if let Some(&declared) = self.enums.get(full.as_str()) {
                return Some(KindEntry::Enum(self.enum_entry(&full, &declared.values)));
            }
            scope = (!around.is_empty()).then(|| around.rsplit_once('.').map_or("", |(outer, _)| outer));
        }
        self.kind_of_bvlc(&name)
    }

    /// The message or the enum of BVLC's that a name means which the file does not declare.
    fn kind_of_bvlc(&mut self, name: &str) -> Option<KindEntry> {
        if self.lacking.iter().any(|message| message.name() == name) {
            return Some(KindEntry::Message(self.place(name)));
        }
        if let Some(&place) = self.enum_places.get(name) {
            return Some(KindEntry::Enum(place));
        }
        let fields = Schema::caffe().messages().flat_map(MessageType::fields_by_name);
        let values = fields.map(FieldType::kind).find_map(|kind| match kind {
            Kind::Enum(values) if values.name() == name => Some(values),
            _ => None,
        })?;
        Some(KindEntry::Enum(self.enum_entry(name, &values_of(values))))
    }

    /// The place of an enum's entry, which is made if it is not there.
    pub(super) fn enum_entry(&mut self, name: &str, values: &[(String, i32)]) -> u16 {
        if let Some(&place) = self.enum_places.get(name) {
            return place;
        }
        let known = known_values(name);
        let mut own = FIRST_OWN as i32;
        let entries: Vec<ValueEntry> = values
            .iter()
            .map(|(value, saved)| {
                let number = known.get(value.as_str()).copied().unwrap_or_else(|| {
                    own += 1;
                    if known.values().any(|taken| taken == saved) { own } else { *saved }
                });
                ValueEntry { name: self.push(value), saved: *saved, number }
            })
            .collect();
        let name_text = self.push(name);
        let place = self.enum_entries.len() as u16;
        self.enum_entries.push(EnumEntry { name: name_text, values: entries.leak() });
        self.enum_names.push(name.to_owned());
        self.enum_places.insert(name.to_owned(), place);
        place
    }

    /// The name of a type of the tables, told apart by what it is.
    pub(super) fn kind_name(&self, kind: KindEntry) -> String {
        match kind {
            KindEntry::Message(index) => format!("message {}", self.names[usize::from(index)]),
            KindEntry::Enum(index) => format!("enum {}", self.enum_names[usize::from(index)]),
            scalar => kind_name(scalar.resolve(Schema::caffe())),
        }
    }

    /// The place of a message that there is.
    pub(super) fn place(&self, message: &str) -> u16 {
        self.names.binary_search(&message).unwrap_or_default() as u16
    }
}

/// The name of a type, told apart by what it is.
pub(super) fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::Message(message) => format!("message {}", message.name()),
        Kind::Enum(values) => format!("enum {}", values.name()),
        scalar => scalar.name().to_owned(),
    }
}

/// The values of an enum with their numbers in files.
pub(super) fn values_of(values: EnumType) -> Vec<(String, i32)> {
    let value = |name: &'static str| Some((name.to_owned(), values.saved(values.value_number(name)?)?));
    values.value_names().filter_map(value).collect()
}

/// A type's name without packages, which begin with a small letter.
fn local_name(name: &str) -> String {
    let parts = name.split('.').skip_while(|part| part.starts_with(|c: char| c.is_ascii_lowercase()));
    let local = parts.collect::<Vec<_>>().join(".");
    if local.is_empty() { name.to_owned() } else { local }
}
