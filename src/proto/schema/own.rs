//! A schema that the user brings, as tables like those that the program comes with.
//!
//! A field that any of the program's schemas has, in a message of the same name and of the same type, is that field: it
//! has its number in the union, and the program reads it. All others have numbers of their own; they are kept, encoded,
//! and saved with the numbers of the user's file.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::entry::{EnumEntry, KindEntry, Label, MessageEntry, RowEntry, Text, Union, ValueEntry};
use super::{EnumType, FieldType, Kind, MessageType, Schema};
use crate::error::{Diagnostic, Error, Result};
use crate::proto::idl::{self, Declarations, DeclaredEnum, DeclaredField, DeclaredLabel, DeclaredMessage};
use crate::proto::sniff;
use crate::proto::text::{Source, Span, closest};

/// The first number in the union for a field, or an enum's value, that none of the program's schemas has.
const FIRST_OWN: u32 = 40_000;

/// The largest number of a field.
const MAX_NUMBER: i64 = (1 << 29) - 1;

/// Numbers that protobuf keeps for itself.
const RESERVED: std::ops::RangeInclusive<i64> = 19_000..=19_999;

/// The most messages, fields and enums; BVLC's own come on top.
const MAX_DECLARATIONS: usize = 50_000;

/// The most findings about a schema.
const MAX_FINDINGS: usize = 20;

/// Messages without which there is no net, and what nets are saved with.
const NEEDED: [(&str, &[&str]); 2] = [
    ("NetParameter", &["name", "layer"]),
    ("LayerParameter", &["name", "type", "bottom", "top", "phase", "loss_weight", "param", "blobs"]),
];

impl Schema {
    /// Reads a fork's `caffe.proto`; `name` is what errors call it.
    ///
    /// The schema stays in memory as long as the program runs: make one of each file, not of each net.
    ///
    /// ```
    /// use caffemodel::proto::Schema;
    /// let bvlc = std::fs::read_to_string("proto/caffe.proto")?;
    /// let start = "message LayerParameter {";
    /// let fork = bvlc.replace(start, &format!("{start} optional float glow = 7000;"));
    /// let schema = Schema::from_proto("my.proto", fork)?;
    /// let glow = schema.message("LayerParameter").unwrap().field_named("glow").unwrap();
    /// assert_eq!(glow.saved_number(), 7000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It is no schema in proto2 or has imports, extensions, groups or maps; it lacks the messages of nets and layers; two
    /// fields of a message have the same number; a field of BVLC's has another type. The errors have their places.
    pub fn from_proto(name: &str, text: impl Into<Vec<u8>>) -> Result<&'static Schema> {
        let declarations = idl::read_text(Source::new(name, text.into())).map_err(|error| Error::from(*error))?;
        OwnSchema::build(name, &declarations)
    }

    /// Reads a file that is a fork's `caffe.proto` or a descriptor set, told apart by content.
    ///
    /// # Errors
    /// Those of [`from_proto`](Schema::from_proto).
    pub fn from_file(name: &str, content: &[u8]) -> Result<&'static Schema> {
        if sniff::is_text(content) {
            Schema::from_proto(name, content)
        } else {
            Schema::from_descriptor_set(name, content)
        }
    }

    /// What is otherwise in this schema than the program takes it to be, in a line each: defaults of fields that it
    /// reads, which are taken to be those of BVLC's Caffe or of the first fork that has the field, and values of enums that
    /// no known schema has.
    pub fn differences(&'static self) -> Vec<String> {
        let read = self.messages().flat_map(|message| {
            let fields: Vec<FieldType> = message.fields().filter(|field| field.is_read()).collect();
            fields.into_iter().map(move |field| (message, field))
        });
        let (mut defaults, mut values) = (Vec::new(), BTreeSet::new());
        for (message, field) in read {
            defaults.extend(other_default(message, field));
            values.extend(strange_values(field));
        }
        defaults.into_iter().chain(values).collect()
    }

    /// Reads the descriptor set that `protoc --descriptor_set_out` makes of a fork's `caffe.proto`; otherwise as
    /// [`from_proto`](Schema::from_proto).
    ///
    /// # Errors
    /// Those of [`from_proto`](Schema::from_proto), but without places.
    pub fn from_descriptor_set(name: &str, bytes: &[u8]) -> Result<&'static Schema> {
        let declarations = idl::read_descriptors(bytes).map_err(|error| Error::from(*error).within(name))?;
        OwnSchema::build(name, &declarations).map_err(|error| error.within(name))
    }
}

/// A field's place in a message, with its row.
struct OwnField {
    name: String,
    saved: u32,
    row: RowEntry,
}

/// The tables of a schema while they are made.
struct OwnSchema<'a> {
    declarations: &'a Declarations,
    messages: BTreeMap<&'a str, &'a DeclaredMessage>,
    enums: BTreeMap<&'a str, &'a DeclaredEnum>,
    /// Messages that the file lacks, as BVLC has them.
    lacking: Vec<MessageType>,
    /// The names of all messages, in order.
    names: Vec<&'a str>,
    text: String,
    rows: Vec<RowEntry>,
    enum_entries: Vec<EnumEntry>,
    /// Their names.
    enum_names: Vec<String>,
    enum_places: HashMap<String, u16>,
    findings: Vec<Diagnostic>,
}

impl<'a> OwnSchema<'a> {
    fn build(name: &str, declarations: &'a Declarations) -> Result<&'static Schema> {
        let messages: BTreeMap<&str, _> = declarations.messages.iter().map(|own| (own.name.as_str(), own)).collect();
        let enums = declarations.enums.iter().map(|own| (own.name.as_str(), own)).collect();
        let lacking: Vec<MessageType> =
            Schema::caffe().messages().filter(|message| !messages.contains_key(message.name())).collect();
        let mut names: Vec<&str> = messages.keys().copied().chain(lacking.iter().map(|own| own.name())).collect();
        names.sort_unstable();
        let fields: usize = declarations.messages.iter().map(|message| message.fields.len()).sum();
        if fields.max(names.len()).max(declarations.enums.len()) > MAX_DECLARATIONS {
            let message = format!("{name}: a schema of more than {MAX_DECLARATIONS} messages, fields or enums");
            return Err(Diagnostic::new(message).into());
        }
        let mut own = OwnSchema {
            declarations,
            messages,
            enums,
            lacking,
            names,
            text: String::new(),
            rows: Vec::new(),
            enum_entries: Vec::new(),
            enum_names: Vec::new(),
            enum_places: HashMap::new(),
            findings: Vec::new(),
        };
        own.check_names();
        let schema = own.tables(name);
        if !own.findings.is_empty() {
            own.findings.truncate(MAX_FINDINGS);
            return Err(Error::Input(own.findings));
        }
        schema.ok_or_else(|| Diagnostic::new(format!("{name}: there are too many fields")).into())
    }

    /// Finds names that are declared twice, and messages that are missing.
    fn check_names(&mut self) {
        let declarations = self.declarations;
        let messages = declarations.messages.iter().map(|own| (&own.name, own.span));
        let mut seen = HashSet::new();
        for (name, span) in messages.chain(declarations.enums.iter().map(|own| (&own.name, own.span))) {
            if !seen.insert(name) {
                self.findings.push(declarations.fault(span, format!("{name} is declared twice")));
            }
        }
        for (needed, fields) in NEEDED {
            let Some(message) = self.messages.get(needed) else {
                let message = format!("there is no message {needed}: this is not the schema of a Caffe");
                let start = Span::default();
                self.findings.push(declarations.fault(start, message));
                continue;
            };
            let has = |name: &str| message.fields.iter().any(|field| field.name == name);
            if let Some(lacking) = fields.iter().find(|name| !has(name)) {
                let message = format!("{needed} has no field {lacking}, which nets are saved with");
                self.findings.push(declarations.fault(self.messages[needed].span, message));
            }
        }
    }

    /// The schema; none if it has more fields than the tables can number.
    fn tables(&mut self, name: &str) -> Option<&'static Schema> {
        let (mut ends, mut fields) = (vec![0], Vec::new());
        let (mut by_saved, mut by_number, mut requiring) = (Vec::new(), Vec::new(), Vec::new());
        let mut messages = Vec::new();
        for message in self.names.clone() {
            let mut own = self.fields(message);
            own.sort_by(|a, b| a.name.cmp(&b.name));
            let order = |key: &dyn Fn(&OwnField) -> u32| {
                let mut order: Vec<u16> = (0..own.len() as u16).collect();
                order.sort_by_key(|&place| key(&own[usize::from(place)]));
                order
            };
            by_saved.extend(order(&|field| field.saved));
            by_number.extend(order(&|field| field.row.number));
            if own.iter().any(|field| field.row.label == Label::Required) {
                requiring.push(messages.len() as u16);
            }
            let entry = MessageEntry { name: self.push(message), about: Text::default(), keeps: keeps(message) };
            messages.push(entry);
            for field in own {
                fields.push((u16::try_from(self.rows.len()).ok()?, field.saved));
                self.rows.push(field.row);
            }
            ends.push(u16::try_from(fields.len()).ok()?);
        }
        if !self.findings.is_empty() {
            return None;
        }
        let union = Union {
            text: std::mem::take(&mut self.text).leak(),
            messages: messages.leak(),
            rows: std::mem::take(&mut self.rows).leak(),
            enums: std::mem::take(&mut self.enum_entries).leak(),
        };
        Some(Box::leak(Box::new(Schema {
            name: name.to_owned().leak(),
            union: Box::leak(Box::new(union)),
            ends: ends.leak(),
            fields: fields.leak(),
            by_saved: by_saved.leak(),
            by_number: by_number.leak(),
            requiring: requiring.leak(),
        })))
    }

    fn push(&mut self, text: &str) -> Text {
        let start = self.text.len();
        self.text.push_str(text);
        Text { start: start as u32, length: text.len() as u32 }
    }

    fn fields(&mut self, message: &str) -> Vec<OwnField> {
        if let Some(&declared) = self.messages.get(message) {
            self.check_fields(declared);
            let loses = is_read(message) && !keeps(message) && is_listed(message);
            let fields = declared.fields.iter().enumerate();
            return fields.filter_map(|(place, field)| self.field(declared, field, place, loses)).collect();
        }
        let lacking = self.lacking.iter().copied().find(|own| own.name() == message);
        let fields = lacking.into_iter().flat_map(MessageType::fields).enumerate();
        fields.map(|(place, field)| self.field_of_bvlc(field, place)).collect()
    }

    /// Finds fields of a message that have the same name or the same number.
    fn check_fields(&mut self, message: &DeclaredMessage) {
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
                let why = format!("{number} is no number for a field");
                let fault = self.declarations.fault(*number_span, why);
                self.findings.push(fault.help("numbers go from 1 to 536870911, without 19000 to 19999"));
            }
        }
    }

    /// A field of the file; nothing if it is at fault. `loses` says that the message has no room for what is not read.
    fn field(
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

    /// The type of a field; nothing if there is no such type, which is noted.
    fn kind(&mut self, message: &DeclaredMessage, field: &DeclaredField) -> Option<KindEntry> {
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
    fn enum_entry(&mut self, name: &str, values: &[(String, i32)]) -> u16 {
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

    fn kind_name(&self, kind: KindEntry) -> String {
        match kind {
            KindEntry::Message(index) => format!("message {}", self.names[usize::from(index)]),
            KindEntry::Enum(index) => format!("enum {}", self.enum_names[usize::from(index)]),
            scalar => kind_name(scalar.resolve(Schema::caffe())),
        }
    }

    /// The place of a message that there is.
    fn place(&self, message: &str) -> u16 {
        self.names.binary_search(&message).unwrap_or_default() as u16
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

    fn field_of_bvlc(&mut self, field: FieldType, place: usize) -> OwnField {
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
}

/// What to say of a field whose default is not the one that the program takes it to have.
fn other_default(message: MessageType, field: FieldType) -> Option<String> {
    let mut named = Schema::all().iter().filter_map(|schema| schema.message(message.name())?.field_named(field.name()));
    let known = named.find(|known| known.number() == field.number())?;
    let (own, known) = (default(field), default(known));
    let is_same = own == known || own.parse::<f32>().is_ok_and(|own| known.parse() == Ok(own));
    let place = format!("{}.{}", message.name(), field.name());
    (!is_same).then(|| format!("{place} is {own} where a net does not give it, and is taken to be {known}"))
}

/// What to say of the values of a field that no known schema has.
fn strange_values(field: FieldType) -> Option<String> {
    let Kind::Enum(values) = field.kind() else { return None };
    let known = known_values(values.name());
    let strange: Vec<&str> = values.value_names().filter(|name| !known.contains_key(name)).collect();
    let (enum_name, strange_names) = (values.name(), strange.join(", "));
    (!strange.is_empty())
        .then(|| format!("{strange_names} of {enum_name} is not known: it is saved as it is, and read as the default"))
}

/// The value of a field that is not given.
fn default(field: FieldType) -> String {
    let implied = match field.kind() {
        _ if field.is_repeated() => "",
        Kind::String | Kind::Bytes | Kind::Message(_) => "",
        Kind::Bool => "false",
        Kind::Enum(values) => values.value_names().next().unwrap_or_default(),
        _ => "0",
    };
    field.declared_default().filter(|_| !field.is_repeated()).unwrap_or(implied).to_owned()
}

/// The name of a type, told apart by what it is.
fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::Message(message) => format!("message {}", message.name()),
        Kind::Enum(values) => format!("enum {}", values.name()),
        scalar => scalar.name().to_owned(),
    }
}

/// The values of an enum with their numbers in files.
fn values_of(values: EnumType) -> Vec<(String, i32)> {
    let value = |name: &'static str| Some((name.to_owned(), values.saved(values.value_number(name)?)?));
    values.value_names().filter_map(value).collect()
}

/// The numbers in the union of the values of an enum of this name, in any of the program's schemas.
fn known_values(name: &str) -> BTreeMap<&'static str, i32> {
    let mut values = BTreeMap::new();
    for entry in Schema::caffe().union.enums {
        if entry.name.get(Schema::caffe().union) == name {
            values.extend(entry.values.iter().map(|value| (value.name.get(Schema::caffe().union), value.number)));
        }
    }
    values
}

/// Whether the program's message of this name has a field for what is not read of it.
fn keeps(message: &str) -> bool {
    let known = Schema::all().iter().find_map(|schema| schema.message(message));
    known.is_some_and(MessageType::keeps)
}

/// Whether any of the program's schemas has a message of this name.
fn is_read(message: &str) -> bool {
    Schema::all().iter().any(|schema| schema.message(message).is_some())
}

/// Whether the program reads lists of this message.
fn is_listed(message: &str) -> bool {
    let lists = |field: FieldType| {
        field.is_repeated() && field.is_read() && field.kind().message().is_some_and(|inner| inner.name() == message)
    };
    Schema::all().iter().flat_map(Schema::messages).any(|owner| owner.fields_by_name().any(lists))
}

/// A type's name without packages, which begin with a small letter.
fn local_name(name: &str) -> String {
    let parts = name.split('.').skip_while(|part| part.starts_with(|c: char| c.is_ascii_lowercase()));
    let local = parts.collect::<Vec<_>>().join(".");
    if local.is_empty() { name.to_owned() } else { local }
}
