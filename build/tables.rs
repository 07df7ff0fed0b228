//! The union as constant tables in Rust, whose names and comments are ranges of one text: tables without pointers cost
//! nothing when the program starts.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use prost_types::field_descriptor_proto::{Label, Type};

use crate::typed;
use crate::union::{Enum, Kind, Row, Union, View};

/// The source of a static `UNION` and of one `VIEWS`, and the text.
pub fn write(union: &Union) -> (String, String) {
    let mut tables = Tables { out: String::new(), text: Text::default() };
    let index = Index::new(union);
    tables.line("static UNION: Union = Union { text: TEXT,");
    tables.messages(union);
    tables.rows(union, &index);
    tables.enums(&index);
    tables.line("};");
    tables.line("pub(super) static VIEWS: &[Schema] = &[");
    for view in &union.views {
        tables.view(union, view, &index);
    }
    tables.line("];");
    (tables.out, tables.text.all)
}

/// The places of messages, rows and enums in their tables.
struct Index<'a> {
    messages: HashMap<&'a str, usize>,
    rows: BTreeMap<&'a Row, usize>,
    enums: BTreeMap<&'a Enum, usize>,
}

impl<'a> Index<'a> {
    fn new(union: &'a Union) -> Index<'a> {
        let enums =
            union.rows.keys().filter_map(|row| if let Kind::Enum(values) = &row.kind { Some(values) } else { None });
        let mut enums: BTreeMap<&Enum, usize> = enums.map(|values| (values, 0)).collect();
        enums.values_mut().zip(0..).for_each(|(place, index)| *place = index);
        Index {
            messages: union.messages.keys().zip(0..).map(|(name, index)| (name.as_str(), index)).collect(),
            rows: union.rows.keys().zip(0..).collect(),
            enums,
        }
    }

    fn kind(&self, kind: &Kind) -> String {
        match kind {
            Kind::Message(name) => format!("KindEntry::Message({})", self.messages[name.as_str()]),
            Kind::Enum(values) => format!("KindEntry::Enum({})", self.enums[values]),
            Kind::Scalar(scalar) => format!("KindEntry::{}", scalar_name(*scalar)),
        }
    }
}

fn scalar_name(scalar: Type) -> &'static str {
    match scalar {
        Type::Int32 => "Int32",
        Type::Int64 => "Int64",
        Type::Uint32 => "Uint32",
        Type::Uint64 => "Uint64",
        Type::Float => "Float",
        Type::Double => "Double",
        Type::Bool => "Bool",
        Type::String => "String",
        Type::Bytes => "Bytes",
        other => panic!("a field is a {}, which no schema of Caffe has", other.as_str_name()),
    }
}

/// All names and comments, each once.
#[derive(Default)]
struct Text {
    all: String,
    places: HashMap<String, usize>,
}

impl Text {
    fn range(&mut self, text: &str) -> String {
        let start = *self.places.entry(text.to_owned()).or_insert_with(|| {
            self.all.push_str(text);
            self.all.len() - text.len()
        });
        format!("Text {{ start: {start}, length: {} }}", text.len())
    }
}

struct Tables {
    out: String,
    text: Text,
}

impl Tables {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn messages(&mut self, union: &Union) {
        self.line("messages: &[");
        for (name, about) in &union.messages {
            let keeps = typed::keeps(union, name);
            let (name, about) = (self.text.range(name), self.text.range(about));
            let _ = writeln!(self.out, "MessageEntry {{ name: {name}, about: {about}, keeps: {keeps} }},");
        }
        self.line("],");
    }

    fn rows(&mut self, union: &Union, index: &Index) {
        self.line("rows: &[");
        for (row, origin) in &union.rows {
            let (name, about) = (self.text.range(&row.name), self.text.range(&origin.about));
            let default = match &row.default {
                Some(default) => format!("Some({})", self.text.range(default)),
                None => "None".into(),
            };
            let label = match row.label {
                Label::Optional => "Optional",
                Label::Required => "Required",
                Label::Repeated => "Repeated",
            };
            let _ = writeln!(
                self.out,
                "RowEntry {{ name: {name}, number: {}, label: Label::{label}, kind: {}, packed: {}, default: {default}, \
                 about: {about}, declared: {}, read: {} }},",
                row.number,
                index.kind(&row.kind),
                row.packed,
                origin.declared,
                typed::is_read(row),
            );
        }
        self.line("],");
    }

    fn enums(&mut self, index: &Index) {
        self.line("enums: &[");
        for values in index.enums.keys() {
            let name = self.text.range(&values.name);
            let _ = write!(self.out, "EnumEntry {{ name: {name}, values: &[");
            for (name, saved, number) in &values.values {
                let name = self.text.range(name);
                let _ = write!(self.out, "ValueEntry {{ name: {name}, saved: {saved}, number: {number} }}, ");
            }
            self.line("] },");
        }
        self.line("],");
    }

    /// A schema: its rows message by message, in the order of the union's rows and so of their names.
    fn view(&mut self, union: &Union, view: &View, index: &Index) {
        let (mut ends, mut fields, mut by_saved, mut by_number, mut required) =
            (vec![0], vec![], vec![], vec![], vec![]);
        for message in union.messages.keys() {
            let mut rows: Vec<(usize, i32, &Row)> = (view.messages.get(message).into_iter().flatten())
                .map(|(row, saved)| (index.rows[row], *saved, row))
                .collect();
            rows.sort_by_key(|&(row, ..)| row);
            let order = |key: &dyn Fn(&(usize, i32, &Row)) -> i32| {
                let mut order: Vec<usize> = (0..rows.len()).collect();
                order.sort_by_key(|&place| key(&rows[place]));
                order
            };
            by_saved.extend(order(&|&(_, saved, _)| saved));
            by_number.extend(order(&|&(_, _, row)| row.number));
            if rows.iter().any(|(.., row)| row.label == Label::Required) {
                required.push(ends.len() - 1);
            }
            fields.extend(rows.iter().map(|(row, saved, _)| (*row, *saved)));
            ends.push(fields.len());
        }
        let name = &view.name;
        let _ = writeln!(
            self.out,
            "Schema {{ name: {name:?}, union: &UNION, ends: &{ends:?}, fields: &{fields:?}, by_saved: &{by_saved:?}, by_number: \
             &{by_number:?}, requiring: &{required:?} }},"
        );
    }
}
