//! The schema as constant tables in Rust, and its comments as one text that the tables point into.

use std::collections::HashMap;
use std::fmt::Write;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};

/// The numbers of the fields of `FileDescriptorProto` and `DescriptorProto` that paths to comments consist of.
const MESSAGES_OF_FILE: i32 = 4;
const FIELDS_OF_MESSAGE: i32 = 2;

/// The source of a static `CAFFE`, and the comments.
pub fn write(files: &FileDescriptorSet) -> (String, String) {
    let [file] = files.file.as_slice() else { panic!("the schema is one file that imports nothing") };
    let mut comments = Comments::new(file);
    let (messages, enums) = (messages(file), enums(file));
    let index = Index {
        messages: messages.iter().zip(0..).map(|(&(_, message), index)| (message.name(), index)).collect(),
        enums: enums.iter().zip(0..).map(|((name, _), index)| (name.as_str(), index)).collect(),
    };
    let mut out = String::from("pub(super) static CAFFE: Schema = Schema {\n    messages: &[\n");
    for (declared, message) in messages {
        write_message(&mut out, declared, message, &index, &mut comments);
    }
    out.push_str("    ],\n    enums: &[\n");
    for (name, values) in &enums {
        let values: Vec<(&str, i32)> = values.value.iter().map(|value| (value.name(), value.number())).collect();
        let _ = writeln!(out, "        EnumEntry {{ name: {name:?}, values: &{values:?} }},");
    }
    out.push_str("    ],\n};\n");
    (out, comments.text)
}

/// The messages by name, each with its place in the file.
fn messages(file: &FileDescriptorProto) -> Vec<(i32, &DescriptorProto)> {
    let mut messages: Vec<_> = (0..).zip(&file.message_type).collect();
    messages.sort_by_key(|(_, message)| message.name());
    messages
}

/// The enums, each under its name without the package.
fn enums(file: &FileDescriptorProto) -> Vec<(String, &EnumDescriptorProto)> {
    let own = file.enum_type.iter().map(|values| (values.name().to_owned(), values));
    let nested = file.message_type.iter().flat_map(|message| {
        message.enum_type.iter().map(move |values| (format!("{}.{}", message.name(), values.name()), values))
    });
    own.chain(nested).collect()
}

/// Where the tables have the messages and enums of these names.
struct Index<'a> {
    messages: HashMap<&'a str, u16>,
    enums: HashMap<&'a str, u16>,
}

impl Index<'_> {
    fn kind(&self, field: &FieldDescriptorProto) -> String {
        let name = field.type_name().trim_start_matches(".caffe.");
        match field.r#type() {
            Type::Message => format!("KindEntry::Message({})", self.messages[name]),
            Type::Enum => format!("KindEntry::Enum({})", self.enums[name]),
            Type::Int32 => "KindEntry::Int32".into(),
            Type::Int64 => "KindEntry::Int64".into(),
            Type::Uint32 => "KindEntry::Uint32".into(),
            Type::Uint64 => "KindEntry::Uint64".into(),
            Type::Float => "KindEntry::Float".into(),
            Type::Double => "KindEntry::Double".into(),
            Type::Bool => "KindEntry::Bool".into(),
            Type::String => "KindEntry::String".into(),
            Type::Bytes => "KindEntry::Bytes".into(),
            other => panic!("{} is a {}, which no schema of Caffe has", field.name(), other.as_str_name()),
        }
    }
}

fn write_message(out: &mut String, declared: i32, message: &DescriptorProto, index: &Index, comments: &mut Comments) {
    assert!(message.nested_type.is_empty(), "{} has messages of its own", message.name());
    let path = [MESSAGES_OF_FILE, declared];
    let (name, about) = (message.name(), comments.range(&path));
    let _ = write!(out, "        MessageEntry {{\n            name: {name:?},\n            about: {about},\n");
    out.push_str("            fields: &[\n");
    for (number, field) in (0..).zip(&message.field) {
        let about = comments.range(&[path[0], path[1], FIELDS_OF_MESSAGE, number]);
        let packed = field.options.as_ref().is_some_and(|options| options.packed());
        let label = match field.label() {
            Label::Optional => "Optional",
            Label::Required => "Required",
            Label::Repeated => "Repeated",
        };
        let _ = writeln!(
            out,
            "                FieldEntry {{ name: {:?}, number: {}, label: Label::{label}, kind: {}, packed: {packed}, \
             default: {:?}, about: {about} }},",
            field.name(),
            field.number(),
            index.kind(field),
            field.default_value,
        );
    }
    let sorted = |by: &dyn Fn(&FieldDescriptorProto) -> (i32, String)| {
        let mut order: Vec<usize> = (0..message.field.len()).collect();
        order.sort_by_key(|&index| by(&message.field[index]));
        order
    };
    let by_name = sorted(&|field| (0, field.name().to_owned()));
    let by_number = sorted(&|field| (field.number(), String::new()));
    let required = |&index: &usize| message.field[index].label() == Label::Required;
    let required: Vec<usize> = (0..message.field.len()).filter(required).collect();
    let _ = write!(out, "            ],\n            by_name: &{by_name:?},\n            by_number: &{by_number:?},\n");
    let _ = writeln!(out, "            required: &{required:?},");
    out.push_str("        },\n");
}

/// The comments that stand before messages and fields, one after the other.
struct Comments {
    by_path: HashMap<Vec<i32>, String>,
    text: String,
}

impl Comments {
    fn new(file: &FileDescriptorProto) -> Comments {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let by_path = locations.map(|location| (location.path.clone(), words(location.leading_comments()))).collect();
        Comments { by_path, text: String::new() }
    }

    /// Where the text has the comment of what is at this path, as a range of bytes in Rust.
    fn range(&mut self, path: &[i32]) -> String {
        let start = self.text.len();
        self.text.push_str(self.by_path.get(path).map_or("", String::as_str));
        format!("({start}, {})", self.text.len())
    }
}
