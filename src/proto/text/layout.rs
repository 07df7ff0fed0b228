//! Where every field of a text stands, for changing a text without writing it anew.

use super::lexer::{Lexer, Token, TokenKind};
use super::source::Span;

/// A field as it stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacedField<'a> {
    pub(crate) name: &'a str,
    /// From the name to the end of the value.
    pub(crate) span: Span,
    /// The same with the semicolon or the comma behind it, if there is one.
    pub(crate) whole: Span,
    pub(crate) value: PlacedValue,
}

/// The value of a field in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlacedValue {
    Scalar,
    /// A message; with the place of what is between its braces.
    Message(Span),
    /// Values in brackets.
    List,
}

/// The fields of the message whose contents stand at `body` of a text that has been read; none for a text that makes no
/// sense.
pub(crate) fn placed_fields(text: &str, body: Span) -> Option<Vec<PlacedField<'_>>> {
    let mut tokens = Tokens::new(text, body);
    let mut fields = Vec::new();
    while tokens.next.kind != TokenKind::End {
        fields.push(tokens.field(text)?);
    }
    Some(fields)
}

/// The tokens of a part of a text.
struct Tokens<'a> {
    lexer: Lexer<'a>,
    next: Token,
    /// The end of the token before the next.
    previous_end: usize,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str, body: Span) -> Tokens<'a> {
        let mut lexer = Lexer::new(&text.as_bytes()[..body.end]);
        lexer.skip(body.start);
        let next = lexer.next();
        Tokens { lexer, next, previous_end: body.start }
    }

    fn advance(&mut self) -> Token {
        self.previous_end = self.next.span.end;
        let next = self.lexer.next();
        std::mem::replace(&mut self.next, next)
    }

    fn field(&mut self, text: &'a str) -> Option<PlacedField<'a>> {
        let name = self.advance();
        if name.kind != TokenKind::Identifier {
            return None;
        }
        if self.next.is(b':') {
            self.advance();
        }
        let value = self.value()?;
        let span = Span::new(name.span.start, self.previous_end);
        if self.next.is(b';') || self.next.is(b',') {
            self.advance();
        }
        let whole = Span::new(span.start, self.previous_end);
        Some(PlacedField { name: text.get(name.span.start..name.span.end)?, span, whole, value })
    }

    fn value(&mut self) -> Option<PlacedValue> {
        let first = self.advance();
        match first.kind {
            TokenKind::Symbol(b'{' | b'<') => {
                let end = self.close()?;
                Some(PlacedValue::Message(Span::new(first.span.end, end)))
            }
            TokenKind::Symbol(b'[') => self.close().map(|_| PlacedValue::List),
            TokenKind::Symbol(b'-') => {
                self.advance();
                Some(PlacedValue::Scalar)
            }
            TokenKind::String => {
                while self.next.kind == TokenKind::String {
                    self.advance();
                }
                Some(PlacedValue::Scalar)
            }
            TokenKind::Identifier | TokenKind::Integer | TokenKind::Float => Some(PlacedValue::Scalar),
            TokenKind::Symbol(_) | TokenKind::Invalid | TokenKind::End => None,
        }
    }

    /// Goes on behind the bracket that closes the one before, and returns where it starts.
    fn close(&mut self) -> Option<usize> {
        let mut depth = 1_usize;
        loop {
            let token = self.advance();
            match token.kind {
                TokenKind::Symbol(b'{' | b'<' | b'[') => depth += 1,
                TokenKind::Symbol(b'}' | b'>' | b']') => depth -= 1,
                TokenKind::End => return None,
                _ => {}
            }
            if depth == 0 {
                return Some(token.span.start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Option<Vec<PlacedField<'_>>> {
        placed_fields(text, Span::new(0, text.len()))
    }

    #[test]
    fn every_field_has_its_place() {
        let text = "name: 'a' \"b\"; # } c: d\nlayer { x: -1 y < z: [1, 2] > }, dim: [1] dim: 2";
        let found = fields(text).unwrap();
        let parts: Vec<(&str, &str)> = found.iter().map(|at| (at.name, &text[at.span.start..at.span.end])).collect();
        let expected = [
            ("name", "name: 'a' \"b\""),
            ("layer", "layer { x: -1 y < z: [1, 2] > }"),
            ("dim", "dim: [1]"),
            ("dim", "dim: 2"),
        ];
        assert_eq!(parts, expected);
        assert_eq!(&text[found[0].whole.start..found[0].whole.end], "name: 'a' \"b\";");
        let PlacedValue::Message(body) = found[1].value else { panic!("it is a message") };
        let inner = placed_fields(text, body).unwrap();
        assert_eq!(inner.iter().map(|at| (at.name, at.value)).collect::<Vec<_>>().len(), 2);
        assert_eq!(&text[inner[0].span.start..inner[0].span.end], "x: -1");
        assert_eq!((found[2].value, found[3].value), (PlacedValue::List, PlacedValue::Scalar));
    }

    #[test]
    fn a_text_without_structure_has_no_fields() {
        assert_eq!(fields("a { b: 1"), None);
        assert_eq!(fields(": 1"), None);
        assert_eq!(fields("a: }"), None);
        assert_eq!(fields(" # nothing"), Some(Vec::new()));
    }
}
