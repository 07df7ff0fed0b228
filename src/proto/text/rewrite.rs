//! Changes a text where its message changes, and leaves the rest of it as it is: order, layout and comments.
//!
//! What stands twice in a row, such as the `bottom` of a layer, is compared by place: of a list that gets shorter the
//! first values stay where they are.

use super::layout::{PlacedField, PlacedValue, placed_fields};
use super::source::Span;
use super::writer::to_string;
use crate::proto::fields::Fields;
use crate::proto::gather::gather;
use crate::proto::schema::{FieldType, Kind, MessageType};

/// The text of a message that was read from the part `body` of a text as `old`, and is now `new`: that part, changed
/// where they differ. None where the text does not show what changes, as one that gives parts of a field in two ways.
pub(crate) fn rewritten(text: &str, body: Span, message: MessageType, old: &[u8], new: &[u8]) -> Option<String> {
    let mut edits = Vec::new();
    Rewriting { text }.message(body, message, old, new, &mut edits)?;
    Some(applied(text, body, edits))
}

/// A part of the text, and what stands there instead; nothing if it goes.
struct Edit {
    span: Span,
    text: String,
}

struct Rewriting<'a> {
    text: &'a str,
}

impl Rewriting<'_> {
    fn message(&self, body: Span, message: MessageType, old: &[u8], new: &[u8], edits: &mut Vec<Edit>) -> Option<()> {
        let placed = placed_fields(self.text, body)?;
        let mut numbers: Vec<FieldType> = Vec::new();
        for bytes in [old, new] {
            for gathered in gather(bytes, message).ok()? {
                if !numbers.iter().any(|known| known.number() == gathered.field.number()) {
                    numbers.push(gathered.field);
                }
            }
        }
        for field in numbers {
            let (before, after) = (of_field(old, field)?, of_field(new, field)?);
            if before != after {
                let own: Vec<&PlacedField<'_>> = placed.iter().filter(|at| at.name == field.name()).collect();
                let end = own.last().or(placed.last().as_ref()).map(|at| at.whole.end);
                let place = Place { body, end: end.unwrap_or(body.start), message };
                self.field(&place, &own, field, [&before, &after], edits)?;
            }
        }
        Some(())
    }

    /// Changes a field from its values `before` to those `after`, each encoded with its key.
    fn field(
        &self,
        place: &Place,
        own: &[&PlacedField<'_>],
        field: FieldType,
        [before, after]: [&[u8]; 2],
        edits: &mut Vec<Edit>,
    ) -> Option<()> {
        let (before, after) = (values(place.message, field, before)?, values(place.message, field, after)?);
        if own.iter().any(|at| at.value == PlacedValue::List) || own.len() != before.len() {
            let (last, others) = own.split_last()?;
            edits.extend(others.iter().map(|at| Edit { span: at.whole, text: String::new() }));
            edits.push(Edit { span: last.whole, text: self.joined(place, &after) });
            return Some(());
        }
        for (index, at) in own.iter().enumerate() {
            match (&before[index], after.get(index)) {
                (_, None) => edits.push(Edit { span: at.whole, text: String::new() }),
                (old, Some(new)) if old.bytes == new.bytes => {}
                (old, Some(new)) => match (field.kind(), at.value) {
                    (Kind::Message(inner), PlacedValue::Message(body)) => {
                        self.message(body, inner, &old.bytes, &new.bytes, edits)?;
                    }
                    _ => edits.push(Edit { span: at.span, text: new.text.trim_end().to_owned() }),
                },
            }
        }
        if let Some(added) = after.get(own.len()..).filter(|added| !added.is_empty()) {
            let separator = self.separator(place);
            let span = Span::new(place.end, place.end);
            edits.push(Edit { span, text: format!("{separator}{}", self.joined(place, added)) });
        }
        Some(())
    }

    /// What stands between a field and the next one in this message.
    fn separator(&self, place: &Place) -> String {
        let body = &self.text[place.body.start..place.body.end];
        if !body.contains('\n') {
            return " ".to_owned();
        }
        let before = &self.text[..place.end];
        let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let indent = &line[..line.len() - line.trim_start().len()];
        format!("\n{indent}")
    }

    /// Values one after the other, as the message at this place has its fields.
    fn joined(&self, place: &Place, values: &[FieldValue]) -> String {
        let separator = self.separator(place);
        let text = |value: &FieldValue| {
            let lines = value.text.trim_end().lines();
            if separator == " " {
                lines.map(str::trim_start).collect::<Vec<_>>().join(" ")
            } else {
                lines.collect::<Vec<_>>().join(&separator)
            }
        };
        values.iter().map(text).collect::<Vec<_>>().join(&separator)
    }
}

/// Where a message stands.
struct Place {
    /// What is between its braces.
    body: Span,
    /// Where what is added begins.
    end: usize,
    message: MessageType,
}

/// One value of a field.
struct FieldValue {
    /// The contents of a message; of anything else the text.
    bytes: Vec<u8>,
    /// As the writer gives it, with its name.
    text: String,
}

/// What a message has of a field, encoded.
fn of_field(bytes: &[u8], field: FieldType) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    for found in Fields::new(bytes, 0, field.name()) {
        let found = found.ok()?;
        if found.number == field.number() {
            all.extend(found.whole);
        }
    }
    Some(all)
}

/// The values of a field out of its encoded form.
fn values(message: MessageType, field: FieldType, encoded: &[u8]) -> Option<Vec<FieldValue>> {
    if !matches!(field.kind(), Kind::Message(_)) {
        let text = to_string(message, encoded).ok()?;
        let value = |line: &str| FieldValue { bytes: line.as_bytes().to_vec(), text: line.to_owned() };
        return Some(text.lines().map(value).collect());
    }
    let value = |found: crate::proto::fields::Field<'_>| {
        Some(FieldValue { bytes: found.body.to_vec(), text: to_string(message, found.whole).ok()? })
    };
    Fields::new(encoded, 0, field.name()).map(|found| found.ok().and_then(value)).collect()
}

/// The part `body` of a text with these changes.
fn applied(text: &str, body: Span, mut edits: Vec<Edit>) -> String {
    edits.sort_by_cached_key(|edit| (edit.span.start, edit.span.end));
    let mut out = String::new();
    let mut at = body.start;
    let mut edits = edits.into_iter().peekable();
    while let Some(mut edit) = edits.next() {
        let is_removal = edit.text.is_empty();
        let adjoins = |end: usize, next: &Edit| next.text.is_empty() && text[end..next.span.start].trim().is_empty();
        while let Some(next) = edits.next_if(|next| is_removal && adjoins(edit.span.end, next)) {
            edit.span.end = next.span.end;
        }
        let span = if is_removal { removed(text, body, edit.span) } else { edit.span };
        out.push_str(&text[at..span.start.max(at)]);
        out.push_str(&edit.text);
        at = span.end.max(at);
    }
    out.push_str(&text[at..body.end]);
    out
}

/// What goes with a part that goes: its lines where nothing else stands in them, or else the blanks beside it.
fn removed(text: &str, body: Span, span: Span) -> Span {
    let (before, behind) = (&text[body.start..span.start], &text[span.end..body.end]);
    let blanks_before = before.len() - before.trim_end_matches([' ', '\t']).len();
    let blanks_behind = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    let rest = behind.split('\n').next().unwrap_or_default();
    let begins_line = before[..before.len() - blanks_before].ends_with('\n');
    let ends_line = rest.trim().is_empty() || rest.trim_start().starts_with('#');
    if begins_line && ends_line && rest.len() < behind.len() {
        return Span::new(span.start - blanks_before, span.end + rest.len() + 1);
    }
    if begins_line {
        return Span::new(span.start, span.end + blanks_behind);
    }
    Span::new(span.start - blanks_before, span.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::descriptor;
    use crate::proto::text::{Source, parse};

    /// A layer's text, changed so that it reads as the other.
    fn changed(old: &str, new: &str) -> Option<String> {
        let message = descriptor("LayerParameter");
        let bytes = |text: &str| parse(&Source::new("layer", text), message).unwrap().into_bytes();
        let made = rewritten(old, Span::new(0, old.len()), message, &bytes(old), &bytes(new));
        if let Some(made) = &made {
            let text = |bytes: &[u8]| to_string(message, bytes).unwrap();
            assert_eq!(text(&bytes(made)), text(&bytes(new)), "{made}");
        }
        made
    }

    #[test]
    fn what_stays_keeps_its_place_and_its_comments() {
        let old =
            "\n  # the loss\n  name: 'l' type: 'SoftmaxWithLoss'  bottom: 'x'  bottom: 'label' # two\n  top: \"l\"\n";
        let made = changed(old, "name: 'l' type: 'Softmax' bottom: 'x' top: 'prob'").unwrap();
        assert_eq!(made, "\n  # the loss\n  name: 'l' type: \"Softmax\"  bottom: 'x' # two\n  top: \"prob\"\n");
        assert_eq!(changed(old, old).unwrap(), old);
    }

    #[test]
    fn what_goes_takes_its_lines_along() {
        let old = "
  name: 'c'
  param { lr_mult: 1 }  param { lr_mult: 2 } # rates
  include { phase: TRAIN }

  convolution_param {
    num_output: 2 # maps
    weight_filler { type: 'xavier' }
    kernel_size: 3  bias_filler { type: 'constant' }
  }
";
        let made = changed(old, "name: 'c' convolution_param { num_output: 2 kernel_size: 3 }").unwrap();
        let expected = "
  name: 'c'

  convolution_param {
    num_output: 2 # maps
    kernel_size: 3
  }
";
        assert_eq!(made, expected);
    }

    #[test]
    fn what_comes_stands_behind_the_rest() {
        let made = changed("name: 'd'  top: 'a'", "name: 'd' top: 'a' top: 'b' input_param { shape { dim: 1 } }");
        assert_eq!(made.unwrap(), "name: 'd'  top: 'a' top: \"b\" input_param { shape { dim: 1 } }");
        let made = changed("\n  name: 'd'\n  top: 'a'\n", "name: 'd' top: 'a' input_param { shape { dim: 1 } }");
        let expected = "
  name: 'd'
  top: 'a'
  input_param {
    shape {
      dim: 1
    }
  }
";
        assert_eq!(made.unwrap(), expected);
    }

    #[test]
    fn values_are_changed_one_by_one() {
        let old = "input_param { shape { dim: 64 dim: 3 dim: 8 } shape { dim: 64 } }";
        let made = changed(old, "input_param { shape { dim: 1 dim: 3 dim: 8 } }").unwrap();
        assert_eq!(made, "input_param { shape { dim: 1 dim: 3 dim: 8 } }");
        let list = changed("input_param { shape { dim: [64, 3] } }", "input_param { shape { dim: 1 dim: 3 } }");
        assert_eq!(list.unwrap(), "input_param { shape { dim: 1 dim: 3 } }");
    }
}
