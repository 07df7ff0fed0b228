//! The union of Caffe's schema and those of its forks, by name.
//!
//! `proto/dialects/NAME.proto` has the package `caffe.NAME` and says what the fork NAME has otherwise than BVLC: a
//! message adds its fields to BVLC's of the same name or replaces them, an enum replaces BVLC's of the same name, and
//! what a message reserves by name is what the fork lacks. A message that the fork has in common with an earlier one is
//! named with that one's package, as `ssd.PermuteParameter` is. Fields and values that BVLC lacks have numbers of the
//! union's own.

use std::collections::{BTreeMap, HashMap};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto};

use crate::comments::{Comments, Declared, declared};

/// The first number of the union's own, of fields and of enum values.
pub const FIRST_NUMBER: i32 = 20_000;

/// The package of BVLC's schema.
const PACKAGE: &str = ".caffe";

/// What a schema says of a field; forks may say different things of one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub message: String,
    pub name: String,
    pub number: i32,
    pub label: Label,
    pub kind: Kind,
    pub packed: bool,
    pub default: Option<String>,
}

/// What a field's values are; messages and enums by their names without package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Scalar(Type),
    Enum(Enum),
    Message(String),
}

/// An enum as a schema has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Enum {
    pub name: String,
    /// Names, the schema's numbers and the union's.
    pub values: Vec<(String, i32, i32)>,
}

/// Where a row comes from first.
pub struct Origin {
    pub about: String,
    /// Its place in the message.
    pub declared: usize,
}

/// One schema: the rows of each message, with the schema's own numbers.
pub struct View {
    pub name: String,
    pub messages: Messages,
}

/// The rows of messages by the names of these, with the numbers that a schema gives them.
type Messages = BTreeMap<String, Vec<(Row, i32)>>;

impl View {
    /// Adds a message and those of its fields to the `messages` of another schema that lacks them.
    fn lend(&self, name: &str, messages: &mut Messages) {
        if messages.contains_key(name) {
            return;
        }
        let rows = self.messages.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.name));
        messages.insert(name.into(), rows.clone());
        for (row, _) in rows {
            if let Kind::Message(inner) = &row.kind {
                self.lend(inner, messages);
            }
        }
    }
}

/// All schemas together.
pub struct Union {
    pub rows: BTreeMap<Row, Origin>,
    /// What the comments say of the messages.
    pub messages: BTreeMap<String, String>,
    pub views: Vec<View>,
    numbers: HashMap<(String, String), Vec<(KindName, i32)>>,
    values: HashMap<(String, String), i32>,
    /// How many numbers of its own the union has given in each message.
    given: HashMap<String, i32>,
}

/// What has to be alike in all schemas for a field to be the same: its type, the name of that, and whether it is a list
/// of what BVLC has one of.
type KindName = (Type, String, bool);

impl Union {
    /// The union that consists of BVLC's schema.
    pub fn new(file: &FileDescriptorProto) -> Union {
        let mut union = Union {
            rows: BTreeMap::new(),
            messages: BTreeMap::new(),
            views: Vec::new(),
            numbers: HashMap::new(),
            values: HashMap::new(),
            given: HashMap::new(),
        };
        let comments = Comments::new(file);
        let mut view = View { name: "bvlc".into(), messages: BTreeMap::new() };
        let enums = union.enums(file);
        for message in declared(file) {
            let rows = union.message(&enums, &message, &comments);
            view.messages.insert(message.name, rows);
        }
        union.views.push(view);
        union
    }

    /// Adds a fork's schema.
    pub fn add(&mut self, name: &str, file: &FileDescriptorProto) {
        let comments = Comments::new(file);
        let enums = self.enums(file);
        let mut messages = self.views[0].messages.clone();
        for declared in declared(file) {
            let own = self.message(&enums, &declared, &comments);
            let rows = messages.entry(declared.name).or_default();
            let lacks = |name: &String| declared.message.reserved_name.contains(name);
            rows.retain(|(row, _)| !lacks(&row.name) && own.iter().all(|(other, _)| other.name != row.name));
            rows.extend(own);
        }
        self.borrow(file, &mut messages);
        for (row, _) in messages.values_mut().flatten() {
            let Kind::Enum(values) = &row.kind else { continue };
            let Some(replaced) = enums.get(&values.name).filter(|own| *own != values) else { continue };
            let replaced = Row { kind: Kind::Enum(replaced.clone()), ..row.clone() };
            let Origin { about, declared } = &self.rows[row];
            let origin = Origin { about: about.clone(), declared: *declared };
            self.rows.entry(replaced.clone()).or_insert(origin);
            *row = replaced;
        }
        self.views.push(View { name: name.into(), messages });
    }

    /// Adds the messages that a fork's fields name with the packages of others, and what these consist of.
    fn borrow(&self, file: &FileDescriptorProto, messages: &mut Messages) {
        let prefix = format!(".{}.", file.package());
        let declared = declared(file);
        let fields = declared.iter().flat_map(|declared| &declared.message.field);
        for name in fields.map(|field| field.type_name()).filter(|name| !name.starts_with(&prefix)) {
            let local = local_name(name);
            let Some((package, _)) = name.strip_suffix(&local).and_then(|packages| packages.rsplit_once('.')) else {
                continue;
            };
            let Some(lender) = self.views.iter().skip(1).find(|view| package == package_of(&view.name)) else {
                assert!(package == PACKAGE || package.is_empty(), "{name} is of no earlier dialect than {prefix}");
                continue;
            };
            let is_own = declared.iter().any(|declared| declared.name == local);
            assert!(!is_own, "{prefix} has a {local} of its own besides {name}");
            // It may be one of BVLC's that the other changes.
            messages.remove(&local);
            lender.lend(&local, messages);
        }
    }

    fn message(
        &mut self,
        enums: &HashMap<String, Enum>,
        declared: &Declared<'_>,
        comments: &Comments,
    ) -> Vec<(Row, i32)> {
        let about = self.messages.entry(declared.name.clone()).or_default();
        if about.is_empty() {
            *about = comments.message(declared);
        }
        let rows = declared.message.field.iter().enumerate().map(|(place, field)| {
            let row = self.row(enums, &declared.name, field);
            let origin = Origin { about: comments.field(declared, place), declared: place };
            self.rows.entry(row.clone()).or_insert(origin);
            (row, field.number())
        });
        rows.collect()
    }

    fn row(&mut self, enums: &HashMap<String, Enum>, message: &str, field: &FieldDescriptorProto) -> Row {
        let kind = match field.r#type() {
            Type::Message => Kind::Message(local_name(field.type_name())),
            Type::Enum => Kind::Enum(self.enum_of(enums, field.type_name())),
            scalar => Kind::Scalar(scalar),
        };
        Row {
            message: message.into(),
            name: field.name().into(),
            number: self.number(message, field),
            label: field.label(),
            kind,
            packed: field.options.as_ref().is_some_and(|options| options.packed()),
            default: field.default_value.clone(),
        }
    }

    /// The union's number of a field: one for all fields of a message that agree in name and type.
    fn number(&mut self, message: &str, field: &FieldDescriptorProto) -> i32 {
        let is_first = self.views.is_empty();
        let of_bvlc = self.views.first().and_then(|bvlc| bvlc.messages.get(message)).into_iter().flatten();
        let is_single = |(row, _): &(Row, i32)| row.name == field.name() && row.label != Label::Repeated;
        let is_widened = field.label() == Label::Repeated && of_bvlc.into_iter().any(is_single);
        let known = self.numbers.entry((message.into(), field.name().into())).or_default();
        let kind = (field.r#type(), local_name(field.type_name()), is_widened);
        if let Some((_, number)) = known.iter().find(|(other, _)| *other == kind) {
            return *number;
        }
        let number = if is_first {
            field.number()
        } else {
            let given = self.given.entry(message.into()).or_default();
            *given += 1;
            FIRST_NUMBER + *given
        };
        known.push((kind, number));
        number
    }

    /// The enums of a file by their names without package.
    fn enums(&mut self, file: &FileDescriptorProto) -> HashMap<String, Enum> {
        let top = file.enum_type.iter().map(|values| (values.name().to_owned(), values));
        let messages = declared(file);
        let nested = messages.iter().flat_map(|Declared { name, message, .. }| {
            message.enum_type.iter().map(move |values| (format!("{name}.{}", values.name()), values))
        });
        top.chain(nested).map(|(name, values)| (name.clone(), self.enum_values(name, values))).collect()
    }

    fn enum_values(&mut self, name: String, declared: &EnumDescriptorProto) -> Enum {
        let mut values = Vec::new();
        for value in &declared.value {
            let taken = |number: i32| self.values.iter().any(|((owner, _), other)| *owner == name && *other == number);
            let key = (name.clone(), value.name().to_owned());
            let number = self.values.get(&key).copied().unwrap_or_else(|| {
                let free = (FIRST_NUMBER..).find(|&number| !taken(number)).expect("there are enough numbers");
                if taken(value.number()) { free } else { value.number() }
            });
            self.values.insert(key, number);
            values.push((value.name().to_owned(), value.number(), number));
        }
        Enum { name, values }
    }

    /// The enum that a field's type names: the file's own, or BVLC's.
    fn enum_of(&self, enums: &HashMap<String, Enum>, type_name: &str) -> Enum {
        let name = local_name(type_name);
        let of_bvlc = || {
            self.rows.keys().find_map(|row| match &row.kind {
                Kind::Enum(values) if values.name == name => Some(values.clone()),
                _ => None,
            })
        };
        enums.get(&name).cloned().or_else(of_bvlc).unwrap_or_else(|| panic!("there is no enum {name}"))
    }
}

/// The package of a dialect's schema.
fn package_of(dialect: &str) -> String {
    format!("{PACKAGE}.{}", dialect.replace(['-', '.'], "_"))
}

/// A type's name without the packages, which begin with a small letter: `.caffe.ssd.NormalizeParameter`.
fn local_name(name: &str) -> String {
    let parts = name.split('.').skip_while(|part| !part.starts_with(|c: char| c.is_ascii_uppercase()));
    parts.collect::<Vec<_>>().join(".")
}
