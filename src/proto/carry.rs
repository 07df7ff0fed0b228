//! A message of one type as one of another that has fields of the same names.

use super::fields::{Fields, push_bytes, push_varint};
use super::reader::Reader;
use super::schema::{Kind, MessageType};

/// A field that the other message does not have, or has in another kind: the names that lead to it.
pub(crate) type LostField = String;

/// The fields of an encoded message by the numbers that they have in another message, those within them likewise. Both
/// are by the numbers of the union. Numbers and truth values may be of different kinds, as long as they are whole.
///
/// # Errors
/// The other message lacks a field.
pub(crate) fn carried(bytes: &[u8], from: MessageType, to: MessageType) -> Result<Vec<u8>, LostField> {
    let mut out = Vec::with_capacity(bytes.len());
    for field in Fields::new(bytes, 0, from.name()).map_while(Result::ok) {
        let known = from.field(field.number).ok_or_else(|| format!("field {}", field.number))?;
        let lost = || known.name().to_owned();
        let other = to.field_named(known.name()).ok_or_else(lost)?;
        match (known.kind(), other.kind()) {
            (Kind::Message(inner), Kind::Message(others)) => {
                let body = carried(field.body, inner, others).map_err(|lost| format!("{}.{lost}", known.name()))?;
                push_bytes(other.number(), &body, &mut out);
            }
            (Kind::Enum(values), Kind::Enum(others)) => {
                let numbers = varints(field.body).ok_or_else(lost)?;
                for number in numbers {
                    let name = values.value_name(number as i32);
                    let number = name.and_then(|name| others.value_number(name)).ok_or_else(lost)?;
                    push_varint(other.number(), i64::from(number) as u64, &mut out);
                }
            }
            (kind, others) if kind == others => {
                field.push_as(other.number(), &mut out);
            }
            (kind, others) if is_whole(kind) && is_whole(others) => {
                for number in varints(field.body).ok_or_else(lost)? {
                    let number = if others == Kind::Bool { u64::from(number != 0) } else { number };
                    push_varint(other.number(), number, &mut out);
                }
            }
            _ => return Err(lost()),
        }
    }
    Ok(out)
}

fn is_whole(kind: Kind) -> bool {
    matches!(kind, Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64)
}

/// The numbers that follow one another in a field, packed or single.
fn varints(body: &[u8]) -> Option<Vec<u64>> {
    let mut reader = Reader::new(body);
    let mut numbers = Vec::new();
    while !reader.is_empty() {
        numbers.push(reader.varint()?);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Schema;

    fn message(dialect: &str, name: &str) -> MessageType {
        let schema = Schema::all().iter().find(|schema| schema.name() == dialect).unwrap();
        schema.message(name).unwrap()
    }

    #[test]
    fn fields_keep_their_names() {
        let from = message("c3d-1.0", "ConvolutionParameter");
        let to = message("c3d-1.0", "Convolution3DParameter");
        let number = |message: MessageType, name: &str| message.field_named(name).unwrap().number();
        let mut bytes = Vec::new();
        push_varint(number(from, "kernel_depth"), 3, &mut bytes);
        push_varint(number(from, "stride"), 2, &mut bytes);
        let mut expected = Vec::new();
        push_varint(number(to, "kernel_depth"), 3, &mut expected);
        push_varint(number(to, "stride"), 2, &mut expected);
        assert_eq!(carried(&bytes, from, to).unwrap(), expected);
        assert_eq!(carried(&expected, to, from).unwrap(), bytes);
    }

    #[test]
    fn whole_numbers_may_be_of_other_kinds_and_what_is_lacking_is_lost() {
        let [from, to] = ["c3d-1.0", "c3d-1.1"].map(|dialect| message(dialect, "VideoDataParameter"));
        let field = |name: &str| from.field_named(name).unwrap().number();
        let mut bytes = Vec::new();
        push_varint(field("show_data"), 7, &mut bytes);
        let mut expected = Vec::new();
        push_varint(to.field_named("show_data").unwrap().number(), 1, &mut expected);
        assert_eq!(carried(&bytes, from, to).unwrap(), expected);
        push_varint(field("is_flow"), 1, &mut bytes);
        assert_eq!(carried(&bytes, from, to).unwrap_err(), "is_flow");
    }
}
