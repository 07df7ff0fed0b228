//! The words of protobuf's language.

use crate::proto::text::Span;

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name, or a keyword.
    Name(String),
    /// A number: whole, or with a point or an exponent.
    Number(String),
    /// A text without its quotes, escapes as they are.
    Text(String),
    Symbol(char),
    End,
}

impl Word {
    /// As messages quote it.
    pub(super) fn shown(&self) -> String {
        match self {
            Word::Name(text) | Word::Number(text) => format!("{text:?}"),
            Word::Text(_) => "a string".to_owned(),
            Word::Symbol(symbol) => format!("{:?}", symbol.to_string()),
            Word::End => "the end of the file".to_owned(),
        }
    }
}

/// What is no word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoWord {
    pub(super) what: &'static str,
    pub(super) span: Span,
}

/// Reads word by word.
pub(super) struct SchemaWords<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> SchemaWords<'a> {
    pub(super) fn new(text: &'a [u8]) -> SchemaWords<'a> {
        // Windows' editors put a mark there.
        let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        SchemaWords { text, at }
    }

    /// The next word with its place.
    pub(super) fn next(&mut self) -> Result<(Word, Span), NoWord> {
        self.skip_blanks()?;
        let start = self.at;
        let Some(&first) = self.text.get(start) else { return Ok((Word::End, Span { start, end: start })) };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let word = match first {
            b'"' | b'\'' => Word::Text(self.quoted(first)?),
            b'0'..=b'9' => {
                let mut last = first;
                let number = self.take(|byte| {
                    let sign = (byte == b'+' || byte == b'-') && last.eq_ignore_ascii_case(&b'e');
                    last = byte;
                    is_name(byte) || byte == b'.' || sign
                });
                Word::Number(number)
            }
            _ if is_name(first) => Word::Name(self.take(is_name)),
            _ if first.is_ascii_graphic() => {
                self.at += 1;
                Word::Symbol(char::from(first))
            }
            _ => return Err(self.no_word("a character that has no meaning here", start + 1)),
        };
        Ok((word, Span { start, end: self.at }))
    }

    fn no_word(&self, what: &'static str, end: usize) -> NoWord {
        NoWord { what, span: Span { start: self.at, end } }
    }

    fn take(&mut self, mut belongs: impl FnMut(u8) -> bool) -> String {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|&byte| !belongs(byte)).unwrap_or(rest.len());
        self.at += length;
        String::from_utf8_lossy(&rest[..length]).into_owned()
    }

    fn quoted(&mut self, quote: u8) -> Result<String, NoWord> {
        let rest = &self.text[self.at + 1..];
        let mut escaped = false;
        let end = rest.iter().position(|&byte| {
            let ends = byte == b'\n' || byte == quote && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        match end.filter(|&end| rest[end] == quote) {
            Some(end) => {
                self.at += end + 2;
                Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
            }
            None => Err(self.no_word("a string that does not end on its line", self.at + 1)),
        }
    }

    fn skip_blanks(&mut self) -> Result<(), NoWord> {
        loop {
            let rest = &self.text[self.at..];
            let length = |end: &[u8]| rest.windows(end.len()).skip(2).position(|found| found == end).map(|at| at + 2);
            match rest {
                [blank, ..] if blank.is_ascii_whitespace() => self.at += 1,
                [b'/', b'/', ..] => self.at += length(b"\n").unwrap_or(rest.len()),
                [b'/', b'*', ..] => {
                    let end = length(b"*/").ok_or_else(|| self.no_word("a comment that does not end", self.at + 2))?;
                    self.at += end + 2;
                }
                _ => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let mut words = SchemaWords::new(b"\xef\xbb\xbf// caf\xe9\nfloat a=1e-3;/* ** */'it\\'s' -0x1F.");
        let mut found = Vec::new();
        while let Ok((word, _)) = words.next() {
            if word == Word::End {
                break;
            }
            found.push(word.shown());
        }
        let expected = ["\"float\"", "\"a\"", "\"=\"", "\"1e-3\"", "\";\"", "a string", "\"-\"", "\"0x1F.\""];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_does_not_end_is_told() {
        let error = |text: &str| SchemaWords::new(text.as_bytes()).next().unwrap_err().what;
        assert_eq!(error("/*/"), "a comment that does not end");
        assert_eq!(error("'a\n'"), "a string that does not end on its line");
        assert_eq!(error("é"), "a character that has no meaning here");
    }
}
