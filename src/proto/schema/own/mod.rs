//! A schema that the user brings, as tables like those that the program comes with.
//!
//! A field that any of the program's schemas has, in a message of the same name and of the same type, is that field: it
//! has its number in the union, and the program reads it. All others have numbers of their own; they are kept, encoded,
//! and saved with the numbers of the user's file.

mod differences;
mod fields;
mod kinds;
mod known;

use std::collections::{BTreeMap, HashMap, HashSet};

use self::known::{is_listed, is_read, keeps};
use super::entry::{EnumEntry, Label, MessageEntry, RowEntry, Text, Union};
use super::{MessageType, Schema};
use crate::error::{Diagnostic, Error, Result};
use crate::proto::idl::{self, Declarations, DeclaredEnum, DeclaredMessage};
use crate::proto::sniff;
use crate::proto::text::{Source, Span};

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
    /// It is no schema in proto2 or has imports, extensions, groups or maps; it lacks the messages of nets and layers;
    /// two fields of a message have the same number; a field of BVLC's has another type. The errors have their places.
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
}
