//! Reads the text of a schema.

use super::lexer::{NoWord, SchemaWords, Word};
use super::{Declarations, DeclaredEnum, DeclaredField, DeclaredLabel, DeclaredMessage, within};
use crate::error::Diagnostic;
use crate::proto::text::{Source, Span};

/// How deep messages may stand in messages.
const MAX_DEPTH: usize = 32;

/// Reads a schema.
///
/// # Errors
/// The first thing that is no declaration, with its place.
pub(crate) fn read(source: Source) -> Result<Declarations, Box<Diagnostic>> {
    let mut parser = SchemaParser {
        words: SchemaWords::new(source.text()),
        next: (Word::End, Span::default()),
        messages: Vec::new(),
        enums: Vec::new(),
    };
    match parser.file() {
        Ok(()) => {
            let SchemaParser { messages, enums, .. } = parser;
            Ok(Declarations { source: Some(source), messages, enums })
        }
        Err(Mistake { message, span, help }) => {
            let location = Some(source.location(span));
            Err(Box::new(Diagnostic { message, location, help: help.map(Into::into) }))
        }
    }
}

/// What is no declaration.
struct Mistake {
    message: String,
    span: Span,
    help: Option<&'static str>,
}

impl From<NoWord> for Mistake {
    fn from(NoWord { what, span }: NoWord) -> Mistake {
        Mistake { message: what.to_owned(), span, help: None }
    }
}

type Parsing<T = ()> = Result<T, Mistake>;

struct SchemaParser<'a> {
    words: SchemaWords<'a>,
    next: (Word, Span),
    messages: Vec<DeclaredMessage>,
    enums: Vec<DeclaredEnum>,
}

impl SchemaParser<'_> {
    fn file(&mut self) -> Parsing {
        self.next = self.words.next()?;
        while self.next.0 != Word::End {
            let (word, span) = self.next.clone();
            match self.keyword().as_str() {
                "syntax" => self.syntax()?,
                "package" | "option" => self.skip_statement()?,
                "message" => self.message("", 0)?,
                "enum" => self.enumeration("")?,
                "service" => self.skip_block()?,
                _ if self.takes(';')? => {}
                "import" => {
                    return Err(Mistake {
                        message: "imports are not followed".to_owned(),
                        span,
                        help: Some("put what the file imports into the file itself"),
                    });
                }
                "extend" => return Err(unsupported("extensions of messages", span)),
                _ => return Err(expected("message, enum or another declaration", &word, span)),
            }
        }
        Ok(())
    }

    fn advance(&mut self) -> Parsing<(Word, Span)> {
        let next = self.words.next()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// The name that comes next, if it is one.
    fn keyword(&self) -> String {
        if let Word::Name(name) = &self.next.0 { name.clone() } else { String::new() }
    }

    /// Whether a symbol comes next, which is then passed.
    fn takes(&mut self, symbol: char) -> Parsing<bool> {
        let found = self.next.0 == Word::Symbol(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn symbol(&mut self, symbol: char) -> Parsing {
        if self.takes(symbol)? {
            return Ok(());
        }
        Err(expected(&format!("{:?}", symbol.to_string()), &self.next.0, self.next.1))
    }

    fn name(&mut self, what: &str) -> Parsing<(String, Span)> {
        match self.advance()? {
            (Word::Name(name), span) => Ok((name, span)),
            (other, span) => Err(expected(what, &other, span)),
        }
    }

    /// A name that may have points in it, and one before it.
    fn path(&mut self, what: &str) -> Parsing<(String, Span)> {
        self.takes('.')?;
        let (mut path, mut span) = self.name(what)?;
        while self.takes('.')? {
            let (part, end) = self.name(what)?;
            path = within(&path, &part);
            span.end = end.end;
        }
        Ok((path, span))
    }

    fn integer(&mut self, what: &str) -> Parsing<(i64, Span)> {
        let negative = self.takes('-')?;
        let (word, span) = self.advance()?;
        let value = if let Word::Number(text) = &word { whole(text) } else { None };
        let value = value.ok_or_else(|| expected(what, &word, span))?;
        Ok((if negative { -value } else { value }, span))
    }

    fn syntax(&mut self) -> Parsing {
        self.advance()?;
        self.symbol('=')?;
        match self.advance()? {
            (Word::Text(text), _) if text == "proto2" => self.symbol(';'),
            (Word::Text(_), span) => Err(Mistake {
                message: "the syntax is not proto2".to_owned(),
                span,
                help: Some("Caffe's schemas are proto2"),
            }),
            (other, span) => Err(expected("\"proto2\" in quotes", &other, span)),
        }
    }

    fn skip_statement(&mut self) -> Parsing {
        loop {
            match self.advance()? {
                (Word::Symbol(';'), _) => return Ok(()),
                (Word::Symbol('{'), _) => self.skip_to_brace()?,
                (Word::End, span) => return Err(expected("\";\"", &Word::End, span)),
                _ => {}
            }
        }
    }

    fn skip_block(&mut self) -> Parsing {
        while !self.takes('{')? {
            if let (Word::End, span) = self.advance()? {
                return Err(expected("\"{\"", &Word::End, span));
            }
        }
        self.skip_to_brace()
    }

    /// Passes all up to the brace that closes the block.
    fn skip_to_brace(&mut self) -> Parsing {
        let mut depth = 1;
        while depth > 0 {
            match self.advance()? {
                (Word::Symbol('{'), _) => depth += 1,
                (Word::Symbol('}'), _) => depth -= 1,
                (Word::End, span) => return Err(expected("\"}\"", &Word::End, span)),
                _ => {}
            }
        }
        Ok(())
    }

    fn message(&mut self, scope: &str, depth: usize) -> Parsing {
        self.advance()?;
        let (name, span) = self.name("the name of the message")?;
        if depth == MAX_DEPTH {
            return Err(Mistake {
                message: format!("more than {MAX_DEPTH} messages within messages"),
                span,
                help: None,
            });
        }
        let name = within(scope, &name);
        let place = self.messages.len();
        self.messages.push(DeclaredMessage { name: name.clone(), span, fields: Vec::new() });
        self.symbol('{')?;
        self.members(&name, place, depth)
    }

    /// What stands in a message, up to the brace that closes it.
    fn members(&mut self, message: &str, place: usize, depth: usize) -> Parsing {
        while !self.takes('}')? {
            let (word, span) = self.next.clone();
            let keyword = self.keyword();
            match keyword.as_str() {
                "message" => self.message(message, depth + 1)?,
                "enum" => self.enumeration(message)?,
                "option" | "extensions" | "reserved" => self.skip_statement()?,
                "optional" | "required" | "repeated" => {
                    self.advance()?;
                    let field = self.field(match keyword.as_str() {
                        "optional" => DeclaredLabel::Optional,
                        "required" => DeclaredLabel::Required,
                        _ => DeclaredLabel::Repeated,
                    })?;
                    self.messages[place].fields.push(field);
                }
                "oneof" => self.alternatives(place)?,
                _ if self.takes(';')? => {}
                "extend" => return Err(unsupported("extensions of messages", span)),
                "map" => return Err(unsupported("maps", span)),
                _ => return Err(expected("optional, required or repeated, or another declaration", &word, span)),
            }
        }
        Ok(())
    }

    /// Fields of which one may be given.
    fn alternatives(&mut self, place: usize) -> Parsing {
        self.advance()?;
        self.name("the name of the alternatives")?;
        self.symbol('{')?;
        while !self.takes('}')? {
            let field = self.field(DeclaredLabel::Optional)?;
            self.messages[place].fields.push(field);
        }
        Ok(())
    }

    /// A field behind its label.
    fn field(&mut self, label: DeclaredLabel) -> Parsing<DeclaredField> {
        if self.keyword() == "group" {
            return Err(unsupported("groups", self.next.1));
        }
        let (type_name, type_span) = self.path("the type of the field")?;
        let (name, span) = self.name("the name of the field")?;
        self.symbol('=')?;
        let (number, number_span) = self.integer("the number of the field")?;
        let mut field = DeclaredField {
            name,
            number,
            label,
            type_name,
            packed: false,
            default: None,
            span,
            number_span,
            type_span,
        };
        if self.takes('[')? {
            self.options(&mut field)?;
        }
        self.symbol(';')?;
        Ok(field)
    }

    fn options(&mut self, field: &mut DeclaredField) -> Parsing {
        loop {
            let is_custom = self.takes('(')?;
            let (name, _) = self.path("the name of an option")?;
            if is_custom {
                self.symbol(')')?;
                while self.takes('.')? {
                    self.path("the name of an option")?;
                }
            }
            self.symbol('=')?;
            let value = self.value()?;
            match name.as_str() {
                "default" if !is_custom => field.default = Some(value),
                "packed" if !is_custom => field.packed = value == "true",
                _ => {}
            }
            if !self.takes(',')? {
                return self.symbol(']');
            }
        }
    }

    /// The value of an option; texts one after the other are one.
    fn value(&mut self) -> Parsing<String> {
        if self.takes('{')? {
            self.skip_to_brace()?;
            return Ok(String::new());
        }
        let sign = if self.takes('-')? { "-" } else { "" };
        match self.advance()? {
            (Word::Name(text) | Word::Number(text), _) => Ok(format!("{sign}{text}")),
            (Word::Text(mut text), _) if sign.is_empty() => {
                while let Word::Text(more) = &self.next.0 {
                    text.push_str(more);
                    self.advance()?;
                }
                Ok(text)
            }
            (other, span) => Err(expected("a value", &other, span)),
        }
    }

    fn enumeration(&mut self, scope: &str) -> Parsing {
        self.advance()?;
        let (name, span) = self.name("the name of the enum")?;
        let mut values = Vec::new();
        self.symbol('{')?;
        while !self.takes('}')? {
            if matches!(self.keyword().as_str(), "option" | "reserved") {
                self.skip_statement()?;
                continue;
            }
            if self.takes(';')? {
                continue;
            }
            let (name, _) = self.name("the name of a value")?;
            self.symbol('=')?;
            let (number, span) = self.integer("the number of the value")?;
            let number = i32::try_from(number).map_err(|_| Mistake {
                message: format!("the number {number} does not fit 32 bits"),
                span,
                help: None,
            })?;
            if self.takes('[')? {
                while !self.takes(']')? {
                    if let (Word::End, span) = self.advance()? {
                        return Err(expected("\"]\"", &Word::End, span));
                    }
                }
            }
            self.symbol(';')?;
            values.push((name, number));
        }
        if values.is_empty() {
            return Err(Mistake { message: format!("the enum {name} has no values"), span, help: None });
        }
        self.enums.push(DeclaredEnum { name: within(scope, &name), span, values });
        Ok(())
    }
}

/// A whole number, in any base that C knows.
fn whole(text: &str) -> Option<i64> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => i64::from_str_radix(&text[1..], 8).ok(),
        None => text.parse().ok(),
    }
}

fn expected(what: &str, found: &Word, span: Span) -> Mistake {
    Mistake { message: format!("expected {what}, found {}", found.shown()), span, help: None }
}

fn unsupported(what: &str, span: Span) -> Mistake {
    Mistake { message: format!("{what} are not supported"), span, help: Some("no schema of Caffe has any") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Declarations {
        read(Source::new("my.proto", text)).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(text: &str) -> String {
        read(Source::new("my.proto", text)).unwrap_err().to_string()
    }

    #[test]
    fn everything_that_caffe_uses_is_read() {
        let text = r#"
            syntax = "proto2"; package caffe; option java_package = "x.y";
            // A message.
            message Outer {
              enum Kind { option allow_alias = true; A = 0; B = -1 [deprecated = true]; }
              message Inner { required string name = 1; }
              optional Kind kind = 1 [default = B];
              repeated .caffe.Outer.Inner inner = 2;
              repeated float data = 0x5 [packed = true, (own).option = { a: 1 }];
              optional float scale = 010 [default = -1e-3];
              optional string text = 9 [default = "a;" 'b'];
              oneof choice { int32 one = 10; bool other = 11; }
              reserved 3, 4 to 6; reserved "old"; extensions 100 to max;
            };
            service S { rpc Call (Outer) returns (Outer) { option x = 1; } }
            enum Top { T = 1; }
        "#;
        let Declarations { messages, enums, .. } = parsed(text);
        assert_eq!(messages.iter().map(|message| message.name.as_str()).collect::<Vec<_>>(), ["Outer", "Outer.Inner"]);
        let field = |index: usize| {
            let field = &messages[0].fields[index];
            (field.name.as_str(), field.number, field.label, field.type_name.as_str(), field.default.as_deref())
        };
        assert_eq!(messages[0].fields.len(), 7);
        assert_eq!(field(0), ("kind", 1, DeclaredLabel::Optional, "Kind", Some("B")));
        assert_eq!(field(1), ("inner", 2, DeclaredLabel::Repeated, "caffe.Outer.Inner", None));
        assert!(messages[0].fields[2].packed && messages[0].fields[2].number == 5);
        assert_eq!(field(3), ("scale", 8, DeclaredLabel::Optional, "float", Some("-1e-3")));
        assert_eq!(field(4).4, Some("a;b"));
        assert_eq!(field(6), ("other", 11, DeclaredLabel::Optional, "bool", None));
        assert_eq!(enums[0].values, [("A".to_owned(), 0), ("B".to_owned(), -1)]);
        assert_eq!((enums[0].name.as_str(), enums[1].name.as_str()), ("Outer.Kind", "Top"));
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, expected) in [
            ("message A {\n  optional int32 a 1;\n}", "my.proto:2:20: expected \"=\", found \"1\""),
            (
                "message A {\n  int32 a = 1;\n}",
                "my.proto:2:3: expected optional, required or repeated, or another declaration, found \"int32\"",
            ),
            ("message A { optional int32 a = 1.5; }", "my.proto:1:32: expected the number of the field, found \"1.5\""),
            (
                "message A { optional int32 a = 1;",
                "my.proto:1:34: expected optional, required or repeated, or another declaration, found the end of the file",
            ),
            (
                "import \"a.proto\";",
                "my.proto:1:1: imports are not followed (put what the file imports into the file itself)",
            ),
            ("syntax = \"proto3\";", "my.proto:1:10: the syntax is not proto2 (Caffe's schemas are proto2)"),
            ("extend A { }", "my.proto:1:1: extensions of messages are not supported (no schema of Caffe has any)"),
            (
                "message A { repeated group B = 1 { } }",
                "my.proto:1:22: groups are not supported (no schema of Caffe has any)",
            ),
            ("enum E { }", "my.proto:1:6: the enum E has no values"),
            ("enum E { A = 2147483648; }", "my.proto:1:14: the number 2147483648 does not fit 32 bits"),
            (
                "message A { optional string a = 1 [default = \"x]; }",
                "my.proto:1:46: a string that does not end on its line",
            ),
            ("/* ", "my.proto:1:1: a comment that does not end"),
            ("layer { }", "my.proto:1:1: expected message, enum or another declaration, found \"layer\""),
            ("option a = {", "my.proto:1:13: expected \"}\", found the end of the file"),
        ] {
            assert_eq!(refused(text), expected);
        }
        let deep = "message A { ".repeat(100);
        assert!(refused(&deep).ends_with("more than 32 messages within messages"));
    }
}
