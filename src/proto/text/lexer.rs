//! Splits a text into tokens, as protobuf's tokenizer does for the text format.
//!
//! A token that breaks a rule of its own (a string without end, `08`, `1.5x`) is still a token; it carries a
//! [`TokenFlaw`].

use super::flaw::{NumberRule, TokenFlaw};
use super::source::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Identifier,
    /// Decimal, hexadecimal or octal digits, without a sign.
    Integer,
    /// Digits with a point, an exponent or the suffix `f`, without a sign.
    Float,
    /// One literal with its quotes.
    String,
    Symbol(u8),
    /// Bytes that no token begins with; always with a flaw.
    Invalid,
    End,
}

/// One token and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
    pub(super) flaw: Option<TokenFlaw>,
}

impl Token {
    pub(super) fn is(&self, symbol: u8) -> bool {
        self.kind == TokenKind::Symbol(symbol)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    position: usize,
    /// The end of the last token, if that was an identifier.
    identifier_end: Option<usize>,
    /// The first flaw of the token at hand.
    flaw: Option<TokenFlaw>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Lexer<'a> {
        Lexer { text, position: 0, identifier_end: None, flaw: None }
    }

    /// Leaves out bytes before the first token.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.position += bytes;
    }

    /// The next token; at the end of the text `End`, again and again.
    pub(super) fn next(&mut self) -> Token {
        self.skip_blanks();
        let start = self.position;
        let kind = self.token();
        self.identifier_end = (kind == TokenKind::Identifier).then_some(self.position);
        Token { kind, span: Span::new(start, self.position), flaw: self.flaw.take() }
    }

    fn token(&mut self) -> TokenKind {
        let start = self.position;
        let Some(&first) = self.text.get(start) else { return TokenKind::End };
        self.position += 1;
        match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                self.take_while(is_name);
                TokenKind::Identifier
            }
            b'0'..=b'9' => self.number(first),
            b'.' if self.byte().is_ascii_digit() => {
                if self.identifier_end == Some(start) {
                    self.mark(NumberRule::PointAfterName, start);
                }
                self.number(first)
            }
            b'"' | b'\'' => self.string(first),
            0..b' ' => {
                self.take_while(|byte| byte < b' ');
                self.mark(NumberRule::Control(first), start);
                TokenKind::Invalid
            }
            0x80.. => {
                self.take_while(|byte| byte >= 0x80);
                self.mark(NumberRule::NotAscii, start);
                TokenKind::Invalid
            }
            _ => TokenKind::Symbol(first),
        }
    }

    /// Blanks and comments. A zero byte ends a comment.
    fn skip_blanks(&mut self) {
        loop {
            self.take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | 0x0b | 0x0c));
            if self.byte() != b'#' {
                return;
            }
            self.take_while(|byte| byte != b'\n' && byte != 0);
        }
    }

    fn number(&mut self, first: u8) -> TokenKind {
        let mut float = first == b'.';
        if first == b'0' && self.take(|byte| matches!(byte, b'x' | b'X')) {
            if !self.take_while(|byte| byte.is_ascii_hexdigit()) {
                self.mark(NumberRule::HexDigits, self.position);
            }
        } else if first == b'0' && self.byte().is_ascii_digit() {
            self.take_while(is_octal);
            if self.byte().is_ascii_digit() {
                self.mark(NumberRule::OctalDigits, self.position);
                self.take_while(|byte| byte.is_ascii_digit());
            }
        } else {
            self.take_while(|byte| byte.is_ascii_digit());
            if first != b'.' && self.take(|byte| byte == b'.') {
                float = true;
                self.take_while(|byte| byte.is_ascii_digit());
            }
            if self.take(|byte| matches!(byte, b'e' | b'E')) {
                float = true;
                self.take(|byte| matches!(byte, b'+' | b'-'));
                if !self.take_while(|byte| byte.is_ascii_digit()) {
                    self.mark(NumberRule::Exponent, self.position);
                }
            }
            float |= self.take(|byte| matches!(byte, b'f' | b'F'));
        }
        self.check_behind_number(float);
        if float { TokenKind::Float } else { TokenKind::Integer }
    }

    fn check_behind_number(&mut self, float: bool) {
        match self.byte() {
            b'.' if float => self.mark(NumberRule::SecondPoint, self.position),
            b'.' => self.mark(NumberRule::WholeOnly, self.position),
            byte if byte.is_ascii_alphabetic() || byte == b'_' => self.mark(NumberRule::NameAfterNumber, self.position),
            _ => {}
        }
    }

    fn string(&mut self, quote: u8) -> TokenKind {
        let start = self.position - 1;
        loop {
            self.take_while(|byte| byte != quote && !matches!(byte, b'\\' | b'\n' | 0));
            match self.text.get(self.position) {
                None | Some(b'\n') => {
                    self.mark(NumberRule::StringEnd, start);
                    return TokenKind::String;
                }
                Some(0) => {
                    self.mark(NumberRule::ZeroInString, self.position);
                    self.position += 1;
                }
                Some(b'\\') => self.escape(),
                Some(_) => {
                    self.position += 1;
                    return TokenKind::String;
                }
            }
        }
    }

    /// Checks an escape sequence; [`unescape`](super::string::unescape) reads it.
    fn escape(&mut self) {
        let start = self.position;
        self.position += 1;
        let known = |byte| matches!(byte, b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'?' | b'\'' | b'"');
        if self.take(known) || self.take(is_octal) {
            return;
        }
        let rule = if self.take(|byte| byte == b'x') {
            self.take(|byte| byte.is_ascii_hexdigit()).then_some(()).ok_or(NumberRule::EscapeX)
        } else if self.take(|byte| byte == b'u') {
            self.hex_digits(4).ok_or(NumberRule::EscapeU4)
        } else if self.take(|byte| byte == b'U') {
            self.long_escape().ok_or(NumberRule::EscapeU8)
        } else {
            Err(NumberRule::Escape)
        };
        if let Err(rule) = rule {
            self.mark(rule, start);
        }
    }

    /// Eight digits up to 1fffff: the first bound that protobuf checks.
    fn long_escape(&mut self) -> Option<()> {
        let zeros = self.take(|byte| byte == b'0') && self.take(|byte| byte == b'0');
        let plane = zeros && self.take(|byte| matches!(byte, b'0' | b'1'));
        if plane { self.hex_digits(5) } else { None }
    }

    fn hex_digits(&mut self, count: usize) -> Option<()> {
        (0..count).all(|_| self.take(|byte| byte.is_ascii_hexdigit())).then_some(())
    }

    /// The byte at hand, 0 at the end.
    fn byte(&self) -> u8 {
        self.text.get(self.position).copied().unwrap_or(0)
    }

    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> bool {
        let taken = self.text.get(self.position).is_some_and(|&byte| belongs(byte));
        self.position += usize::from(taken);
        taken
    }

    /// Whether any byte was taken.
    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> bool {
        let rest = &self.text[self.position..];
        let count = rest.iter().position(|&byte| !belongs(byte)).unwrap_or(rest.len());
        self.position += count;
        count > 0
    }

    /// Records a flaw from `start` to the byte at hand, or of that byte itself.
    fn mark(&mut self, rule: NumberRule, start: usize) {
        self.flaw.get_or_insert(TokenFlaw { rule, span: Span::new(start, self.position.max(start + 1)) });
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_octal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'7')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &[u8]) -> Vec<(TokenKind, String, Option<TokenFlaw>)> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        loop {
            let token = lexer.next();
            if token.kind == TokenKind::End {
                return tokens;
            }
            let slice = &text[token.span.start..token.span.end];
            tokens.push((token.kind, String::from_utf8_lossy(slice).into_owned(), token.flaw));
        }
    }

    fn kinds(text: &str) -> Vec<TokenKind> {
        tokens(text.as_bytes()).into_iter().map(|(kind, _, _)| kind).collect()
    }

    fn flaws(text: &[u8]) -> Vec<(NumberRule, usize)> {
        tokens(text).into_iter().filter_map(|(_, _, flaw)| flaw).map(|flaw| (flaw.rule, flaw.span.start)).collect()
    }

    #[test]
    fn tokens_of_a_field() {
        use TokenKind::*;
        assert_eq!(
            kinds("layer { # comment }\n\tdim: -12 .5 'a\\'b' }"),
            [Identifier, Symbol(b'{'), Identifier, Symbol(b':'), Symbol(b'-'), Integer, Float, String, Symbol(b'}')]
        );
        assert_eq!(kinds(" \t\r\n\x0b\x0c# no line end"), []);
    }

    #[test]
    fn whole_numbers_and_fractions_differ_in_kind() {
        for text in ["0", "7", "0x1F", "0X1f", "017", "18446744073709551616"] {
            assert_eq!(kinds(text), [TokenKind::Integer], "{text}");
        }
        for text in ["0.", ".5", "1e5", "1.e-5", "2f", "0f", "1E+5F", "0.5"] {
            assert_eq!(kinds(text), [TokenKind::Float], "{text}");
        }
    }

    #[test]
    fn numbers_that_break_a_rule() {
        assert_eq!(flaws(b"08"), [(NumberRule::OctalDigits, 1)]);
        assert_eq!(flaws(b"0x"), [(NumberRule::HexDigits, 2)]);
        assert_eq!(flaws(b"1e"), [(NumberRule::Exponent, 2)]);
        assert_eq!(flaws(b"1e+ "), [(NumberRule::Exponent, 3)]);
        assert_eq!(flaws(b"1.5.2"), [(NumberRule::SecondPoint, 3)]);
        assert_eq!(flaws(b"00.5"), [(NumberRule::WholeOnly, 2)]);
        assert_eq!(flaws(b"1.5d"), [(NumberRule::NameAfterNumber, 3)]);
        assert_eq!(flaws(b"1_000"), [(NumberRule::NameAfterNumber, 1)]);
        assert_eq!(flaws(b"name.5"), [(NumberRule::PointAfterName, 4)]);
        assert_eq!(flaws(b"name .5 name . 5"), []);
    }

    #[test]
    fn strings_that_break_a_rule() {
        assert_eq!(flaws(b"'a\"\n"), [(NumberRule::StringEnd, 0)]);
        assert_eq!(flaws(b"\"a\\"), [(NumberRule::Escape, 2)]);
        assert_eq!(flaws(b"'a\0b'"), [(NumberRule::ZeroInString, 2)]);
        assert_eq!(flaws(b"'\\q' '\\X41'"), [(NumberRule::Escape, 1), (NumberRule::Escape, 6)]);
        assert_eq!(flaws(b"'\\x' '\\xf'"), [(NumberRule::EscapeX, 1)]);
        assert_eq!(flaws(b"'\\u12' '\\u123f'"), [(NumberRule::EscapeU4, 1)]);
        assert_eq!(flaws(b"'\\U00200000' '\\U001fffff'"), [(NumberRule::EscapeU8, 1)]);
    }

    #[test]
    fn bytes_that_begin_no_token() {
        assert_eq!(flaws(b"a \x01\x02 b"), [(NumberRule::Control(1), 2)]);
        assert_eq!(flaws("a: “b”".as_bytes()), [(NumberRule::NotAscii, 3), (NumberRule::NotAscii, 7)]);
        assert_eq!(flaws(b"# latin1 \xe9\n"), []);
        assert_eq!(flaws(b"# zero \0\n"), [(NumberRule::Control(0), 7)]);
    }
}
