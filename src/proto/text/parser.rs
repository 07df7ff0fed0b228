//! Reads fields and messages, and writes their binary form.

use prost::encoding::{WireType, encode_key, encode_varint};

use crate::error::Diagnostic;
use crate::proto::forks;
use crate::proto::schema::{FieldType, Kind, MessageType};

use super::Unread;
use super::lexer::{Lexer, Token, TokenKind};
use super::report::{Fault, Parsed, Report, quoted, shortened};
use super::source::{Source, Span};
use super::spans::Node;
use super::suggest::closest;

/// Messages in messages, counted from the root's fields: as deep as prost decodes them.
pub(super) const MAX_DEPTH: usize = 100;

pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    root: MessageType,
    pub(super) lexer: Lexer<'a>,
    /// The token to be read next.
    pub(super) token: Token,
    /// Where the token before it ends.
    pub(super) previous_end: usize,
    pub(super) report: Report<'a>,
    /// The messages around the field at hand, from the root.
    pub(super) open: Vec<MessageType>,
    pub(super) bytes: Vec<u8>,
    /// Room for the contents of a string.
    pub(super) contents: Vec<u8>,
    nodes: Vec<Node>,
    /// How many tokens were passed over behind faults.
    pub(super) passed_over: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a Source, root: MessageType) -> Parser<'a> {
        let text = source.text();
        Parser {
            text,
            root,
            lexer: Lexer::new(text),
            token: Token { kind: TokenKind::End, span: Span::default(), flaw: None },
            previous_end: 0,
            report: Report::new(source),
            open: vec![root],
            bytes: Vec::new(),
            contents: Vec::new(),
            nodes: vec![Node::new(root, 0)],
            passed_over: 0,
        }
    }

    /// How much of the text the message does not take.
    pub(super) fn measure(mut self) -> Unread {
        if self.root().is_err() {
            self.passed_over += self.text.len() - self.token.span.start.min(self.text.len());
        }
        Unread { weight: self.passed_over, is_unknown_fields: self.report.is_of_unknown_fields() }
    }

    /// The binary form and the places of the whole text.
    pub(super) fn run(mut self) -> Result<(Vec<u8>, Vec<Node>), Vec<Diagnostic>> {
        // A fault is in the report.
        let _ = self.root();
        if !self.report.is_empty() {
            return Err(self.report.finish());
        }
        self.nodes[0].span = Span::new(0, self.text.len());
        Ok((self.bytes, self.nodes))
    }

    fn root(&mut self) -> Parsed {
        self.check_encoding()?;
        self.advance()?;
        self.fields(0, None)?;
        self.check_required(0, Span::default())
    }

    fn check_encoding(&mut self) -> Parsed {
        if self.text.starts_with(b"\xef\xbb\xbf") {
            self.lexer.skip(3);
            let help = Some("save the file as UTF-8 without one".to_owned());
            return self.report.note(Span::new(0, 1), "the text begins with a byte order mark".to_owned(), help);
        }
        if self.text.starts_with(b"\xff\xfe") || self.text.starts_with(b"\xfe\xff") {
            let help = Some("save the file as UTF-8".to_owned());
            return Err(self.report.text(Span::new(0, 1), "the text is UTF-16".to_owned(), help));
        }
        Ok(())
    }

    /// The fields of a message up to its closing brace, or those of the root up to the end of the text.
    fn fields(&mut self, node: usize, open: Option<Token>) -> Parsed {
        loop {
            let close = match self.token.kind {
                TokenKind::End => None,
                TokenKind::Symbol(symbol @ (b'}' | b'>')) => Some(symbol),
                _ => {
                    match self.field(node) {
                        Err(Fault::Field) => {
                            self.passed_over += 1;
                            self.recover()?;
                        }
                        result => result?,
                    }
                    continue;
                }
            };
            return match (open, close) {
                (None, None) => Ok(()),
                (Some(open), Some(close)) if self.closing(open) == Some(close) => self.advance(),
                (Some(open), _) => Err(self.not_closed(open)),
                (None, Some(_)) => {
                    let message = format!("{} closes nothing", self.found());
                    Err(self.report.text(self.token.span, message, None))
                }
            };
        }
    }

    fn field(&mut self, node: usize) -> Parsed {
        let name = self.token;
        if name.kind != TokenKind::Identifier {
            return Err(self.not_a_field());
        }
        self.advance()?;
        let message = self.message();
        let Some(field) = message.field_named(self.name(name.span)) else {
            return Err(self.unknown_field(name.span));
        };
        let first = self.nodes[node].first(field.number());
        match first {
            None => self.nodes[node].add_field(field.number(), name.span),
            Some(_) if field.is_repeated() => {}
            Some(first) => self.given_twice(field, name.span, first)?,
        }
        self.colon(field)?;
        if field.is_repeated() && self.token.is(b'[') {
            self.list(node, field, name.span.start)?;
        } else {
            self.value(node, field, name.span.start)?;
        }
        if first.is_none() {
            self.nodes[node].end_first(field.number(), self.previous_end);
        }
        if self.token.is(b';') || self.token.is(b',') {
            self.advance()?;
        }
        Ok(())
    }

    /// The colon behind a field's name, which messages may do without.
    fn colon(&mut self, field: FieldType) -> Parsed {
        if self.token.is(b':') {
            return self.advance();
        }
        if matches!(field.kind(), Kind::Message(_)) {
            return Ok(());
        }
        let expected = format!("\":\" and {}", expected(field.kind()));
        let equals = self.token.is(b'=');
        match self.expected(&expected, &format!("after {}", quoted(field.name())), None) {
            Fault::Field if equals => self.advance(),
            fault => Err(fault),
        }
    }

    fn list(&mut self, node: usize, field: FieldType, start: usize) -> Parsed {
        self.advance()?;
        if self.token.is(b']') {
            return self.advance();
        }
        let mut start = start;
        loop {
            match self.value(node, field, start) {
                Err(Fault::Field) => self.recover_in_list()?,
                result => result?,
            }
            if self.token.is(b']') {
                return self.advance();
            }
            if !self.token.is(b',') {
                let place = format!("in the list of {}", quoted(field.name()));
                if self.expected("\",\" or \"]\"", &place, None) == Fault::Text {
                    return Err(Fault::Text);
                }
                return self.recover_behind_list();
            }
            self.advance()?;
            start = self.token.span.start;
        }
    }

    /// One value of a field whose place begins at `start`.
    fn value(&mut self, node: usize, field: FieldType, start: usize) -> Parsed {
        let Kind::Message(message) = field.kind() else { return self.scalar(field) };
        let open = self.token;
        if self.closing(open).is_none() {
            return Err(self.expected_value(field));
        }
        if self.open.len() > MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.advance()?;
        let child = self.nodes.len();
        self.nodes.push(Node::new(message, start));
        self.nodes[node].add_child(field.number(), child);

        encode_key(field.number(), WireType::LengthDelimited, &mut self.bytes);
        let contents = self.bytes.len();
        self.open.push(message);
        self.fields(child, Some(open))?;
        self.nodes[child].span.end = self.previous_end;
        self.check_required(child, Span::new(start, self.previous_end))?;
        self.open.pop();
        insert_length(&mut self.bytes, contents);
        Ok(())
    }

    fn check_required(&mut self, node: usize, span: Span) -> Parsed {
        let message = self.message();
        let node = &self.nodes[node];
        let missing = message.required_fields().filter(|field| node.first(field.number()).is_none());
        let missing: Vec<String> = missing.map(|field| quoted(field.name())).collect();
        let plural = match missing.len() {
            0 => return Ok(()),
            1 => "field",
            _ => "fields",
        };
        let text = format!("missing required {plural} {} in {}", missing.join(" and "), message.name());
        self.report.note(span, text, None)
    }

    /// The message whose fields are being read.
    fn message(&self) -> MessageType {
        self.open.last().copied().unwrap_or(self.root)
    }

    /// Takes the next token and reports its flaw.
    pub(super) fn advance(&mut self) -> Parsed {
        self.advance_quietly();
        let Some(flaw) = self.token.flaw else { return Ok(()) };
        let (message, help) = (flaw.message(self.text), flaw.help(self.text));
        if flaw.is_fatal() {
            return Err(self.report.text(flaw.span, message, help));
        }
        self.report.note(flaw.span, message, help)
    }

    pub(super) fn advance_quietly(&mut self) {
        self.previous_end = self.token.span.end;
        self.token = self.lexer.next();
    }

    pub(super) fn slice(&self, span: Span) -> &'a [u8] {
        &self.text[span.start..span.end]
    }

    /// An identifier's text.
    pub(super) fn name(&self, span: Span) -> &'a str {
        std::str::from_utf8(self.slice(span)).unwrap_or_default()
    }

    /// The brace that closes a message, if the token opens one.
    pub(super) fn closing(&self, open: Token) -> Option<u8> {
        match open.kind {
            TokenKind::Symbol(b'{') => Some(b'}'),
            TokenKind::Symbol(b'<') => Some(b'>'),
            _ => None,
        }
    }

    /// Reports that the token at hand is not the value of `field`.
    pub(super) fn expected_value(&mut self, field: FieldType) -> Fault {
        self.expected_with_help(field, None)
    }

    /// Reports that the token at hand is not the value of `field`, with what to do about it.
    pub(super) fn expected_with_help(&mut self, field: FieldType, help: Option<String>) -> Fault {
        self.expected(expected(field.kind()), &format!("for {}", quoted(field.name())), help)
    }

    /// Reports that the token at hand is not what the place takes. A flawed token is reported already.
    pub(super) fn expected(&mut self, what: &str, place: &str, help: Option<String>) -> Fault {
        if self.token.flaw.is_some() {
            return Fault::Field;
        }
        let message = format!("expected {what} {place}, found {}", self.found());
        self.report.field(self.token.span, message, help)
    }

    /// The token at hand, for messages.
    pub(super) fn found(&self) -> String {
        match self.token.kind {
            TokenKind::End => "the end of the text".to_owned(),
            TokenKind::Symbol(b'-') => {
                let number = self.lexer.clone().next();
                let is_number = matches!(number.kind, TokenKind::Integer | TokenKind::Float);
                if is_number { format!("-{}", shortened(self.slice(number.span))) } else { "\"-\"".to_owned() }
            }
            TokenKind::Symbol(symbol) => format!("\"{}\"", shortened(&[symbol])),
            _ => shortened(self.slice(self.token.span)),
        }
    }

    fn not_a_field(&mut self) -> Fault {
        let next = self.text.get(self.token.span.end);
        let help = match self.token.kind {
            TokenKind::Symbol(b'[') => {
                let message = "extensions and Any values are not part of Caffe's format".to_owned();
                return self.report.field(self.token.span, message, None);
            }
            TokenKind::Symbol(b';' | b',') => Some("at most one separator may follow a value"),
            TokenKind::Symbol(b'/') if matches!(next, Some(b'/' | b'*')) => Some("comments begin with #"),
            _ => None,
        };
        if self.token.flaw.is_some() {
            return Fault::Field;
        }
        let message = format!("expected a field name, found {}", self.found());
        self.report.field(self.token.span, message, help.map(str::to_owned))
    }

    fn unknown_field(&mut self, span: Span) -> Fault {
        let message = self.message();
        let name = self.name(span);
        let around = self.open.iter().rev().skip(1);
        self.report.unknown(span, message.name(), name, || {
            if let Some(around) = around.clone().find(|around| around.field_named(name).is_some()) {
                let help = format!("{} has such a field: is a closing brace missing before it?", around.name());
                return Some(help.into());
            }
            if let Some(today) = forks::todays_field(message, name) {
                return Some(format!("write {today} instead").into());
            }
            let dialects = forks::dialects_with_field(message, name);
            if !dialects.is_empty() {
                return Some(format!("other dialects of Caffe have it: {}", dialects.join(", ")).into());
            }
            let near = closest(name, message.fields().map(FieldType::name))?;
            Some(format!("did you mean \"{near}\"?").into())
        })
    }

    fn given_twice(&mut self, field: FieldType, span: Span, first: Span) -> Parsed {
        let help = format!("first given on line {}", self.report.line(first));
        self.report.note(span, format!("{} is given twice", quoted(field.name())), Some(help))
    }

    /// Reports the brace or bracket that something else than its partner follows.
    pub(super) fn not_closed(&mut self, open: Token) -> Fault {
        let opening = format!("\"{}\"", shortened(self.slice(open.span)));
        let message = format!("{opening} is not closed");
        if self.token.kind == TokenKind::End {
            return self.report.text(open.span, message, None);
        }
        let line = self.report.line(open.span);
        let message = format!("{} cannot close the {opening} on line {line}", self.found());
        self.report.text(self.token.span, message, None)
    }

    pub(super) fn too_deep(&mut self) -> Fault {
        self.report.text(self.token.span, format!("more than {MAX_DEPTH} nested messages"), None)
    }
}

/// What a text has to hold for a value of this kind, for messages.
fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Int32 | Kind::Int64 => "an integer",
        Kind::Uint32 | Kind::Uint64 => "an integer of at least 0",
        Kind::Float | Kind::Double => "a number",
        Kind::Bool => "true or false",
        Kind::String | Kind::Bytes => "a quoted string",
        Kind::Enum(_) => "a name without quotes",
        Kind::Message(_) => "a message in braces",
    }
}

/// Puts the length of the bytes from `contents` on in front of them.
fn insert_length(bytes: &mut Vec<u8>, contents: usize) {
    let end = bytes.len();
    encode_varint((end - contents) as u64, bytes);
    let prefix = bytes.len() - end;
    let mut length = [0; 10];
    length[..prefix].copy_from_slice(&bytes[end..]);
    bytes.copy_within(contents..end, contents + prefix);
    bytes[contents..contents + prefix].copy_from_slice(&length[..prefix]);
}
