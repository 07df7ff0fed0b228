//! Holds the compiled schema against `schema/bvlc.tsv`, a table of every field and enum value of BVLC Caffe 1.0.

use std::collections::BTreeMap;

use caffemodel::proto::schema::{self, FieldType, MessageType};
use caffemodel::proto::{DESCRIPTOR_SET, FIRST_EXTENSION, Schema};
use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, Value,
};

const TABLE: &str = include_str!("schema/bvlc.tsv");

/// What a schema says of its fields and enum values: a key such as `field BlobShape.dim` and its columns, spelled out.
type Facts = BTreeMap<String, String>;

#[test]
fn the_schema_is_that_of_the_table() {
    let (expected, actual) = (table_facts(), schema_facts());
    assert!(expected.len() > 500, "the table has only {} entries", expected.len());
    let differences = differences(&expected, &actual);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn the_extensions_are_fields_of_fillers_alone() {
    let file = file();
    let fields = file.messages().flat_map(|message| message.fields().collect::<Vec<_>>());
    let own = fields.filter(is_extension).map(|field| local_name(field.full_name()).to_owned());
    let names = ["gain", "groups", "a", "b", "scale", "mode", "distribution", "path", "layer", "blob"];
    assert_eq!(own.collect::<Vec<_>>(), names.map(|name| format!("FillerParameter.{name}")));
}

#[test]
fn the_tables_say_what_the_descriptors_say() {
    let file = file();
    let names: Vec<String> = Schema::caffe().messages().map(|message| message.name().to_owned()).collect();
    let mut expected: Vec<String> = file.messages().map(|message| message.name().to_owned()).collect();
    expected.sort();
    assert_eq!(names, expected);
    for (table, descriptor) in Schema::caffe().messages().map(|table| (table, by_name(&file, table))) {
        let mut fields: Vec<FieldDescriptor> = descriptor.fields().collect();
        fields.sort_by_key(|field| field.path().to_vec());
        assert_eq!(
            table.fields().map(in_tables).collect::<Vec<_>>(),
            fields.iter().map(in_descriptors).collect::<Vec<_>>(),
            "{}",
            table.name()
        );
    }
}

fn by_name(file: &FileDescriptor, message: MessageType) -> MessageDescriptor {
    file.messages().find(|descriptor| descriptor.name() == message.name()).expect("the names are the same")
}

/// A field in words, as the program's tables have it.
fn in_tables(field: FieldType) -> String {
    let values = match field.kind() {
        schema::Kind::Enum(values) => {
            let names = values.value_names().map(|name| (name, values.value_number(name).expect("it has the name")));
            format!("{:?}", names.collect::<Vec<_>>())
        }
        _ => String::new(),
    };
    let (name, number, kind, default) = (field.name(), field.number(), field.kind().name(), field.declared_default());
    let (repeated, required, packed) = (field.is_repeated(), field.is_required(), field.is_packed());
    format!("{name} {number} {kind} {values} {default:?} {repeated} {required} {packed}")
}

/// The same as the descriptors have it.
fn in_descriptors(field: &FieldDescriptor) -> String {
    let (kind, values) = match field.kind() {
        Kind::Enum(values) => {
            let names: Vec<_> = values.values().map(|value| (value.name().to_owned(), value.number())).collect();
            (local_name(values.full_name()).to_owned(), format!("{names:?}"))
        }
        Kind::Message(message) => (message.name().to_owned(), String::new()),
        scalar => (format!("{scalar:?}"), String::new()),
    };
    let (name, number, default) = (field.name(), field.number(), &field.field_descriptor_proto().default_value);
    let (repeated, required) = (field.is_list(), field.cardinality() == Cardinality::Required);
    format!("{name} {number} {kind} {values} {default:?} {repeated} {required} {}", field.is_packed())
}

#[test]
fn differences_are_found_in_both_directions() {
    let facts = |entries: &[(&str, &str)]| entries.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    let table: Facts = facts(&[("field A.x", "number 1"), ("field A.y", "number 2"), ("field A.z", "number 3")]);
    let schema: Facts = facts(&[("field A.w", "number 4"), ("field A.x", "number 1"), ("field A.y", "number 5")]);
    assert_eq!(
        differences(&table, &schema),
        [
            "field A.w: not in the table; the schema has: number 4",
            "field A.y: the table has: number 2; the schema has: number 5",
            "field A.z: not in the schema; the table has: number 3",
        ]
    );
}

fn differences(table: &Facts, schema: &Facts) -> Vec<String> {
    let mut keys: Vec<&String> = table.keys().chain(schema.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .filter_map(|key| match (table.get(key), schema.get(key)) {
            (Some(table), Some(schema)) if table == schema => None,
            (Some(table), Some(schema)) => Some(format!("{key}: the table has: {table}; the schema has: {schema}")),
            (Some(table), None) => Some(format!("{key}: not in the schema; the table has: {table}")),
            (None, schema) => Some(format!("{key}: not in the table; the schema has: {}", schema?)),
        })
        .collect()
}

fn table_facts() -> Facts {
    let mut facts = Facts::new();
    for line in TABLE.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [kind, owner, name, number, label, ty, type_name, default, options] = columns[..] else {
            panic!("not nine columns: {line:?}");
        };
        let (key, fact) = match kind {
            "enum" => {
                facts.entry(format!("enum {owner}")).or_insert_with(|| format!("first value {name}"));
                (format!("enum value {owner}.{name}"), format!("number {number}"))
            }
            "field" => (format!("field {owner}.{name}"), field_fact(number, label, ty, type_name, default, options)),
            _ => panic!("neither a field nor an enum: {line:?}"),
        };
        assert!(facts.insert(key, fact).is_none(), "twice in the table: {line:?}");
    }
    facts
}

fn field_fact(number: &str, label: &str, ty: &str, type_name: &str, default: &str, options: &str) -> String {
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let (type_name, default, options) = (or_none(type_name), or_none(default), or_none(options));
    format!("number {number}, {label}, type {ty}, type name {type_name}, default {default}, options {options}")
}

/// The schema as prost-reflect reads it.
fn file() -> FileDescriptor {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).expect("protoc wrote a descriptor set");
    pool.files().find(|file| file.package_name() == "caffe").expect("the schema is one file")
}

fn schema_facts() -> Facts {
    let file = file();
    let mut facts = Facts::new();
    add_enums(&mut facts, file.enums());
    for message in file.messages() {
        add_message(&mut facts, &message);
    }
    facts
}

/// Whether the field is this program's own.
fn is_extension(field: &FieldDescriptor) -> bool {
    field.number() >= FIRST_EXTENSION
}

/// Adds what is Caffe's in a message.
fn add_message(facts: &mut Facts, message: &MessageDescriptor) {
    let own_enum = |field: FieldDescriptor| field.kind().as_enum().cloned().filter(|_| is_extension(&field));
    let own_enums: Vec<EnumDescriptor> = message.fields().filter_map(own_enum).collect();
    for field in message.fields().filter(|field| !is_extension(field)) {
        let key = format!("field {}.{}", local_name(message.full_name()), field.name());
        facts.insert(key, describe(&field));
    }
    add_enums(facts, message.child_enums().filter(|child| !own_enums.contains(child)));
    for child in message.child_messages() {
        add_message(facts, &child);
    }
}

fn add_enums(facts: &mut Facts, enums: impl Iterator<Item = EnumDescriptor>) {
    for descriptor in enums {
        let owner = local_name(descriptor.full_name());
        // Where a field of an enum type names no default, the value that is declared first is it.
        facts.insert(format!("enum {owner}"), format!("first value {}", descriptor.default_value().name()));
        for value in descriptor.values() {
            facts.insert(format!("enum value {owner}.{}", value.name()), format!("number {}", value.number()));
        }
    }
}

fn describe(field: &FieldDescriptor) -> String {
    let label = match field.cardinality() {
        Cardinality::Optional => "optional",
        Cardinality::Required => "required",
        Cardinality::Repeated => "repeated",
    };
    let (ty, type_name) = match field.kind() {
        Kind::Message(message) => ("message".to_owned(), local_name(message.full_name()).to_owned()),
        Kind::Enum(descriptor) => ("enum".to_owned(), local_name(descriptor.full_name()).to_owned()),
        scalar => (format!("{scalar:?}"), String::new()),
    };
    let default = field.field_descriptor_proto().default_value();
    field_fact(&field.number().to_string(), label, &ty, &type_name, default, &options(field))
}

/// The options that are set: a flag as its name, anything else with its value.
fn options(field: &FieldDescriptor) -> String {
    let options = field.options();
    let set = options.fields().map(|(option, value)| match value {
        Value::Bool(true) => option.name().to_owned(),
        other => format!("{}={other:?}", option.name()),
    });
    set.collect::<Vec<_>>().join(",")
}

/// `full_name` without the package, as the table has it.
fn local_name(full_name: &str) -> &str {
    full_name.strip_prefix("caffe.").unwrap_or(full_name)
}
