//! Holds the tables of the dialects against `schema/forks`: for each fork what its caffe.proto has otherwise than
//! BVLC's, and in `MISSING.tsv` what it lacks.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use caffemodel::dialect::{DIALECTS, Dialect};
use caffemodel::proto::schema::{EnumType, FieldType, Kind, MessageType};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema/forks")
}

/// The forks that there is a table for.
fn forks() -> Vec<(&'static Dialect, String)> {
    let table = |dialect: &'static Dialect| {
        let text = std::fs::read_to_string(folder().join(dialect.name).with_extension("tsv"));
        // The end `.1` of a name is no extension.
        let whole = || std::fs::read_to_string(folder().join(format!("{}.tsv", dialect.name)));
        Some((dialect, whole().or(text).ok()?))
    };
    DIALECTS.iter().filter_map(table).collect()
}

/// A line of a table of a fork.
struct Row<'a> {
    kind: &'a str,
    owner: &'a str,
    name: &'a str,
    number: u32,
    rest: [&'a str; 4],
    packed: bool,
}

fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
    table.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let &[kind, owner, name, number, label, ty, type_name, default, options] = columns.as_slice() else {
            panic!("not nine columns: {line:?}");
        };
        let number = number.parse::<i64>().expect("a number") as u32;
        let packed = options.split(',').any(|option| option == "packed");
        Row { kind, owner, name, number, rest: [label, ty, type_name, default], packed }
    })
}

/// What a message of a fork's schema is called here: where nets have layers of the V1 format alone, that is what the
/// fork calls its layers, and not what they become in the current format.
fn called<'a>(dialect: &Dialect, name: &'a str) -> Cow<'a, str> {
    match name.strip_prefix("LayerParameter") {
        Some(rest) if dialect.traits.has_v1_layers() => Cow::Owned(format!("V1LayerParameter{rest}")),
        _ => Cow::Borrowed(name),
    }
}

/// Whether a message, or a field, is there for what becomes of nets of the V1 format alone.
fn is_of_current_format(dialect: &Dialect, owner: &str, name: &str) -> bool {
    dialect.traits.has_v1_layers()
        && (owner == "LayerParameter" || (owner, name) == ("NetParameter", "layer") || is_of_it_alone(owner))
}

/// Whether a message is one that the current format alone has.
fn is_of_it_alone(message: &str) -> bool {
    matches!(message, "Convolution3DParameter" | "ParamSpec" | "Pooling3DParameter" | "VideoDataParameter")
}

fn field(dialect: &Dialect, owner: &str, name: &str) -> Option<FieldType> {
    dialect.schema().message(owner)?.field_named(name)
}

/// A field in words: its number, label, type, the type's name, its default, and whether it is packed.
fn words(field: FieldType) -> String {
    let label = match (field.is_repeated(), field.is_required()) {
        (true, _) => "repeated",
        (_, true) => "required",
        _ => "optional",
    };
    let (ty, type_name) = match field.kind() {
        Kind::Message(message) => ("message", message.name()),
        Kind::Enum(values) => ("enum", values.name()),
        scalar => (scalar.name(), ""),
    };
    let default = field.declared_default().unwrap_or_default();
    format!("{} {label} {ty} {type_name} {default:?} {}", field.saved_number(), field.is_packed())
}

/// The enums that fields of a schema have.
fn enums(dialect: &'static Dialect) -> impl Iterator<Item = EnumType> {
    dialect.schema().messages().flat_map(MessageType::fields).filter_map(|field| match field.kind() {
        Kind::Enum(values) => Some(values),
        _ => None,
    })
}

#[test]
fn every_row_is_in_the_schema_of_its_fork() {
    let forks = forks();
    assert!(forks.len() >= 20, "{} forks", forks.len());
    let mut differences = Vec::new();
    for (dialect, table) in &forks {
        for Row { kind, owner, name, number, rest: [label, ty, type_name, default], packed } in rows(table) {
            let (owner, type_name) = (&*called(dialect, owner), &*called(dialect, type_name));
            let expected = format!("{number} {label} {ty} {type_name} {default:?} {packed}");
            let found = match kind {
                "field" => field(dialect, owner, name).map(words).filter(|found| *found != expected),
                _ => {
                    let saved = |values: EnumType| values.value_number(name).and_then(|number| values.saved(number));
                    let wrong = enums(dialect)
                        .filter(|values| values.name() == owner)
                        .find(|&values| saved(values) != Some(number as i32));
                    wrong.map(|values| format!("{:?}", saved(values)))
                }
            };
            let is_absent = kind == "field" && field(dialect, owner, name).is_none();
            if is_absent || found.is_some() {
                differences.push(format!("{}: {owner}.{name}: {expected}, not {found:?}", dialect.name));
            }
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

/// The messages that files of the dialect can hold: one that no field names is none of the fork's.
fn reachable(dialect: &Dialect) -> BTreeSet<&'static str> {
    let mut found = BTreeSet::new();
    let roots = ["NetParameter", "SolverParameter", "Datum", "SolverState"];
    let mut pending: Vec<_> = roots.iter().filter_map(|name| dialect.schema().message(name)).collect();
    while let Some(message) = pending.pop() {
        if found.insert(message.name()) {
            pending.extend(message.fields().filter_map(|field| field.kind().message()));
        }
    }
    found
}

#[test]
fn what_a_fork_lacks_is_not_in_its_schema() {
    let missing = std::fs::read_to_string(folder().join("MISSING.tsv")).unwrap();
    let missing: BTreeSet<(&str, &str, &str)> = missing
        .lines()
        .skip(1)
        .filter_map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[1] == "field").then_some((columns[0], columns[2], columns[3]))
        })
        .collect();
    let mut differences = Vec::new();
    for (dialect, table) in forks() {
        let reachable = reachable(dialect);
        let there = missing.iter().filter(|(fork, owner, name)| {
            let is_ours = is_of_current_format(dialect, owner, name)
                || (dialect.traits.has_v1_layers() && *owner == "V1LayerParameter");
            *fork == dialect.name && !is_ours && reachable.contains(owner) && field(dialect, owner, name).is_some()
        });
        differences.extend(there.map(|(fork, owner, name)| format!("{fork}: {owner}.{name} is there")));
        let own: BTreeSet<(String, &str)> =
            rows(&table).map(|row| (called(dialect, row.owner).into_owned(), row.name)).collect();
        let document = dialect.document();
        for (messages, table) in [(&document.adds, "adds"), (&document.lacks, "lacks")] {
            for (message, name) in messages.iter().flat_map(|of| of.fields.iter().map(|name| (of.message, *name))) {
                let is_ours = field(Dialect::bvlc(), message, name).is_some_and(|field| field.number() >= 10_000);
                let listed = own.contains(&(message.to_owned(), name))
                    || missing.contains(&(dialect.name, message, name))
                    || is_of_current_format(dialect, message, name);
                if !listed && !is_ours {
                    differences.push(format!("{} {table} {message}.{name}", dialect.name));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

/// Dialects that come before another although `schema/order.txt` has them behind, as nets of a pack would be read in
/// the wrong one.
const EARLIER: &[(&str, &str, &str)] = &[
    ("ssd", "intel", "ssd-net-mobilenet-deploy"),
    ("ssd", "yjxiong", "ssd comes before intel, which comes first"),
    ("ducha-aiki", "synopsys", "ducha-aiki-net-caffenet-bn"),
];

#[test]
fn dialects_stand_in_the_order_that_names_the_homes_of_most_nets() {
    let facts = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema/order.txt")).unwrap();
    let order: Vec<&str> = facts.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(order.len(), 9);
    let place = |name: &str| DIALECTS.iter().position(|dialect| dialect.name == name).expect("a known dialect");
    let pairs = order
        .iter()
        .enumerate()
        .flat_map(|(index, first)| order[index + 1..].iter().map(move |second| (first, second)));
    let turned: Vec<(&str, &str)> =
        pairs.filter(|(first, second)| place(first) > place(second)).map(|(first, second)| (*second, *first)).collect();
    let expected: Vec<(&str, &str)> = EARLIER.iter().map(|(first, second, _)| (*first, *second)).collect();
    assert_eq!(turned, expected);
    // Collections of others' layers know most nets: they come last.
    let last = DIALECTS[DIALECTS.len() - 3..].iter().map(|dialect| dialect.name);
    assert_eq!(last.collect::<Vec<_>>(), ["ducha-aiki", "synopsys", "sophgo"]);
}
