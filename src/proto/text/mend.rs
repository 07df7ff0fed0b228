//! Texts that are nearly in the text format, made so where what is meant is certain.
//!
//! | written | meant |
//! |---|---|
//! | `source: data/train` | `source: "data/train"`, if the value ends with its line or its message |
//! | `source: "C:\data"` | `source: "C:\\data"`, if it begins with a drive |
//! | `num_output: "10"`, `pool: "MAX"` | `num_output: 10`, `pool: MAX` |
//! | `"num_output": 10` | `num_output: 10` |
//! | fields that another tree has under a name of its own | those that [`OtherName`] says |

use super::lexer::{Lexer, Token, TokenKind};
use super::source::Span;
use crate::proto::schema::{FieldType, Kind, MessageType, Schema};

/// Fields of a message that mean what others do, which may be given once for each of them.
#[derive(Debug)]
pub(crate) struct OtherName {
    /// The message that they are in.
    pub(crate) message: &'static str,
    /// Their names, in the order in which they have to stand.
    pub(crate) names: &'static [&'static str],
    /// What is meant.
    pub(crate) meant: &'static str,
}

/// A place of a text, and what has to stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mend {
    span: Span,
    text: String,
    what: &'static str,
}

/// The text as it is meant, and what was done to it, in a line each; nothing if there is nothing to mend.
pub(crate) fn mended(text: &[u8], root: MessageType, names: &[OtherName]) -> Option<(Vec<u8>, Vec<String>)> {
    let mut lexer = Lexer::new(text);
    let token = lexer.next();
    let mut mender = Mender { text, lexer, token, names, edits: Vec::new() };
    mender.fields(root, 0)?;
    let mut edits = mender.edits;
    // Names are replaced at the ends of their messages.
    edits.sort_by_cached_key(|edit| edit.span.start);
    if edits.is_empty() {
        return None;
    }
    let (mut out, mut end) = (Vec::with_capacity(text.len() + 2 * edits.len()), 0);
    for edit in &edits {
        out.extend(&text[end..edit.span.start]);
        out.extend(edit.text.as_bytes());
        end = edit.span.end;
    }
    out.extend(&text[end..]);
    Some((out, told(text, &edits)))
}

/// What was done, each thing once with its first place.
fn told(text: &[u8], edits: &[Mend]) -> Vec<String> {
    let mut kinds: Vec<(&str, usize, usize)> = Vec::new();
    for edit in edits {
        match kinds.iter_mut().find(|(what, ..)| *what == edit.what) {
            Some((_, count, _)) => *count += 1,
            None => kinds.push((edit.what, 1, edit.span.start)),
        }
    }
    let told = |(what, count, start): (&str, usize, usize)| {
        let before = &text[..start];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count();
        match count {
            1 => format!("{what} at {line}:{column}"),
            _ => format!("{what} in {count} places, the first at {line}:{column}"),
        }
    };
    kinds.into_iter().map(told).collect()
}

/// How deep messages may nest.
const MAX_DEPTH: usize = super::parser::MAX_DEPTH;

struct Mender<'a> {
    text: &'a [u8],
    lexer: Lexer<'a>,
    /// The token to be read next.
    token: Token,
    names: &'a [OtherName],
    edits: Vec<Mend>,
}

impl<'a> Mender<'a> {
    fn advance(&mut self) -> Token {
        std::mem::replace(&mut self.token, self.lexer.next())
    }

    /// Goes on behind a place.
    fn go_to(&mut self, position: usize) {
        self.lexer = Lexer::new(self.text);
        self.lexer.skip(position);
        self.token = self.lexer.next();
    }

    fn slice(&self, span: Span) -> &'a str {
        std::str::from_utf8(&self.text[span.start..span.end]).unwrap_or_default()
    }

    /// What is within the quotes of a string.
    fn contents(&self, token: Token) -> Option<&'a str> {
        let text = self.slice(token.span);
        text.get(1..text.len().checked_sub(1)?)
    }

    fn edit(&mut self, span: Span, text: String, what: &'static str) {
        self.edits.push(Mend { span, text, what });
    }

    /// The fields of a message up to its end; nothing where the text has no such structure.
    fn fields(&mut self, message: MessageType, depth: usize) -> Option<()> {
        let mut others: Vec<(Span, &'a str)> = Vec::new();
        loop {
            match self.token.kind {
                TokenKind::End | TokenKind::Symbol(b'}' | b'>') => {
                    self.rename(message, &others);
                    return Some(());
                }
                TokenKind::Symbol(b',' | b';') => _ = self.advance(),
                TokenKind::Identifier | TokenKind::String => {
                    let name = self.name()?;
                    let field = known(message, self.field_name(name)?);
                    if field.is_none() && name.kind == TokenKind::Identifier {
                        others.push((name.span, self.slice(name.span)));
                    }
                    self.value_or_list(field, depth)?;
                }
                _ => return None,
            }
        }
    }

    /// The name of a field, out of its quotes.
    fn name(&mut self) -> Option<Token> {
        let name = self.advance();
        if name.kind == TokenKind::String {
            let plain = self.contents(name)?.to_owned();
            if !self.token.is(b':') || !plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return None;
            }
            self.edit(name.span, plain, "quotes around field names were removed");
        }
        Some(name)
    }

    fn field_name(&self, name: Token) -> Option<&'a str> {
        if name.kind == TokenKind::String { self.contents(name) } else { Some(self.slice(name.span)) }
    }

    fn value_or_list(&mut self, field: Option<FieldType>, depth: usize) -> Option<()> {
        if self.token.is(b':') {
            self.advance();
        }
        if !self.token.is(b'[') {
            return self.value(field, depth);
        }
        self.advance();
        while !self.token.is(b']') {
            match self.token.kind {
                TokenKind::Symbol(b',') => _ = self.advance(),
                TokenKind::End => return None,
                _ => self.value(field, depth)?,
            }
        }
        self.advance();
        Some(())
    }

    fn value(&mut self, field: Option<FieldType>, depth: usize) -> Option<()> {
        if let TokenKind::Symbol(open @ (b'{' | b'<')) = self.token.kind {
            return self.message(field, open, depth);
        }
        match (field.map(FieldType::kind), self.token.kind) {
            (Some(Kind::String | Kind::Bytes), TokenKind::String) => self.path(),
            (Some(Kind::String | Kind::Bytes), _) => return self.bare_string(),
            (Some(kind), TokenKind::String) => self.quoted(kind),
            _ => {}
        }
        if self.token.is(b'-') {
            self.advance();
        }
        let is_value = matches!(
            self.token.kind,
            TokenKind::Identifier | TokenKind::Integer | TokenKind::Float | TokenKind::String
        );
        is_value.then(|| self.advance())?;
        while self.token.kind == TokenKind::String && !self.is_name() {
            self.path();
            self.advance();
        }
        Some(())
    }

    /// Whether the string at hand is the name of a field.
    fn is_name(&self) -> bool {
        self.lexer.clone().next().is(b':')
    }

    fn message(&mut self, field: Option<FieldType>, open: u8, depth: usize) -> Option<()> {
        self.advance();
        let close = if open == b'{' { b'}' } else { b'>' };
        match field.and_then(|field| field.kind().message()) {
            Some(message) if depth < MAX_DEPTH => self.fields(message, depth + 1)?,
            _ => self.skip()?,
        }
        self.token.is(close).then(|| self.advance()).map(|_| ())
    }

    /// Goes over what is not known, up to the end of its message.
    fn skip(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.token.kind {
                TokenKind::End => return None,
                TokenKind::Symbol(b'{' | b'<') => open += 1,
                TokenKind::Symbol(b'}' | b'>') if open == 0 => return Some(()),
                TokenKind::Symbol(b'}' | b'>') => open -= 1,
                _ => {}
            }
            self.advance();
        }
    }

    /// A string without quotes: all up to a blank, behind which the line or the message ends.
    fn bare_string(&mut self) -> Option<()> {
        let start = self.token.span.start;
        let rest = &self.text[start..];
        let length = rest.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b'}' | b';' | b'#'));
        let length = length.unwrap_or(rest.len());
        let behind = rest[length..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        let is_certain = length > 0 && behind.is_none_or(|byte| matches!(byte, b'\n' | b'}' | b';' | b'#'));
        let bare = std::str::from_utf8(&rest[..length]).ok()?;
        if !is_certain || bare.contains(['"', '\'', '{', '[', ',']) {
            return None;
        }
        let span = Span::new(start, start + length);
        self.edit(span, format!("\"{}\"", bare.replace('\\', "\\\\")), "quotes were added to strings");
        self.go_to(span.end);
        Some(())
    }

    /// A path with a drive, whose backslashes are meant as such.
    fn path(&mut self) {
        let token = self.token;
        let Some(path) = self.contents(token) else { return };
        let is_path = matches!(path.as_bytes(), [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic());
        if is_path && !path.contains("\\\\") {
            let quote = &self.slice(token.span)[..1];
            let text = format!("{quote}{}{quote}", path.replace('\\', "\\\\"));
            self.edit(token.span, text, "backslashes in paths were doubled");
        }
    }

    /// A number, a switch or a name in quotes.
    fn quoted(&mut self, kind: Kind) {
        let token = self.token;
        let Some(value) = self.contents(token).map(str::trim) else { return };
        let is_value = match kind {
            Kind::Int32 | Kind::Int64 => value.parse::<i64>().is_ok(),
            Kind::Uint32 | Kind::Uint64 => value.parse::<u64>().is_ok(),
            Kind::Float | Kind::Double => value.parse::<f64>().is_ok_and(f64::is_finite),
            Kind::Bool => matches!(value, "true" | "false" | "True" | "False"),
            Kind::Enum(values) => values.value_number(value).is_some(),
            Kind::String | Kind::Bytes | Kind::Message(_) => false,
        };
        if is_value {
            self.edit(token.span, value.to_owned(), "quotes around values were removed");
        }
    }

    /// Gives fields the names that are meant, where there are as many as there have to be, in their order.
    fn rename(&mut self, message: MessageType, others: &[(Span, &'a str)]) {
        for OtherName { message: name, names, meant } in self.names {
            let found: Vec<(Span, &str)> = others.iter().copied().filter(|(_, other)| names.contains(other)).collect();
            let is_all = found.iter().map(|(_, other)| *other).eq(names.iter().copied());
            if *name == message.name() && is_all {
                for (span, _) in found {
                    self.edit(span, (*meant).to_owned(), "fields were renamed to Caffe's names");
                }
            }
        }
    }
}

/// The field of this name, in BVLC's schema or in that of a fork.
fn known(message: MessageType, name: &str) -> Option<FieldType> {
    let field = |schema: &'static Schema| message.of(schema)?.field_named(name);
    message.field_named(name).or_else(|| Schema::all().iter().find_map(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::descriptor;

    const NAMES: &[OtherName] = &[
        OtherName { message: "ConvolutionParameter", names: &["hole"], meant: "dilation" },
        OtherName { message: "ConvolutionParameter", names: &["hole_h", "hole_w"], meant: "dilation" },
    ];

    fn mend(root: &str, text: &str) -> Option<(String, Vec<String>)> {
        let (mended, told) = mended(text.as_bytes(), descriptor(root), NAMES)?;
        Some((String::from_utf8(mended).unwrap(), told))
    }

    fn to(root: &str, text: &str) -> String {
        mend(root, text).map_or_else(|| "nothing".to_owned(), |(mended, _)| mended)
    }

    #[test]
    fn strings_get_quotes_where_they_certainly_end() {
        let solver = |text: &str| to("SolverParameter", text);
        assert_eq!(solver("type: SGD\nlr_policy: fixed # so\n"), "type: \"SGD\"\nlr_policy: \"fixed\" # so\n");
        assert_eq!(solver("snapshot_prefix: models\\a/b"), "snapshot_prefix: \"models\\\\a/b\"");
        assert_eq!(solver("net: C:\\nets\\a.prototxt\n"), "net: \"C:\\\\nets\\\\a.prototxt\"\n");
        assert_eq!(to("LayerParameter", "data_param { source: a/b }"), "data_param { source: \"a/b\" }");
        for uncertain in ["type: SGD lr_policy: fixed", "net: my net\n", "net: a\"b\n", "net:\n"] {
            assert_eq!(solver(uncertain), "nothing", "{uncertain}");
        }
    }

    #[test]
    fn values_lose_quotes_where_their_field_has_none() {
        let text = "layer { \"type\": \"Pooling\" pooling_param: { pool: \"MAX\", kernel_size: '3', global_pooling: \"false\" } }";
        let expected =
            "layer { type: \"Pooling\" pooling_param: { pool: MAX, kernel_size: 3, global_pooling: false } }";
        let (mended, told) = mend("NetParameter", text).unwrap();
        assert_eq!(mended, expected);
        assert_eq!(
            told,
            [
                "quotes around field names were removed at 1:9",
                "quotes around values were removed in 3 places, the \
                                                               first at 1:50"
            ]
        );
        for uncertain in
            ["layer { pooling_param { kernel_size: 'three' } }", "layer { pooling_param { pool: 'MIDDLE' } }"]
        {
            assert_eq!(to("NetParameter", uncertain), "nothing");
        }
    }

    #[test]
    fn paths_with_a_drive_keep_their_backslashes() {
        let text = "layer { data_param { source: \"C:\\data\\test\" } }";
        assert_eq!(to("NetParameter", text), "layer { data_param { source: \"C:\\\\data\\\\test\" } }");
        assert_eq!(to("NetParameter", "layer { data_param { source: \"C:\\\\data\" } }"), "nothing");
        assert_eq!(to("NetParameter", "layer { name: \"a\\nb\" }"), "nothing");
    }

    #[test]
    fn other_names_are_replaced_where_all_are_there() {
        let convolution = |text: &str| to("LayerParameter", &format!("convolution_param {{ {text} }}"));
        assert_eq!(convolution("hole: 2"), "convolution_param { dilation: 2 }");
        assert_eq!(convolution("hole_h: 2 pad: 1 hole_w: 3"), "convolution_param { dilation: 2 pad: 1 dilation: 3 }");
        assert_eq!(convolution("hole_w: 3 hole_h: 2"), "nothing");
        assert_eq!(convolution("hole_h: 2"), "nothing");
        assert_eq!(to("LayerParameter", "pooling_param { hole: 2 }"), "nothing");
    }

    #[test]
    fn what_has_no_structure_is_left_alone() {
        for text in ["", "name: 'a'", "layer { name: \"a\" ", "}", "= 3", "layer { [ ] }", "\"name\" { }"] {
            assert_eq!(to("NetParameter", text), "nothing", "{text}");
        }
        let deep = "layer_param { ".repeat(100_000);
        assert_eq!(to("SolverParameter", &format!("net_param {{ {deep}")), "nothing");
    }
}
