//! What can be wrong with a single token.

use super::source::{Span, printable};

/// A rule about tokens that was broken, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenFlaw {
    pub(super) rule: NumberRule,
    pub(super) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberRule {
    /// No control characters but blanks outside strings.
    Control(u8),
    /// ASCII outside strings and comments.
    NotAscii,
    StringEnd,
    ZeroInString,
    Escape,
    EscapeX,
    EscapeU4,
    EscapeU8,
    HexDigits,
    OctalDigits,
    Exponent,
    SecondPoint,
    WholeOnly,
    NameAfterNumber,
    PointAfterName,
}

impl TokenFlaw {
    /// Whether going on makes no sense, as in a binary file.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self.rule, NumberRule::Control(_))
    }

    pub(super) fn message(&self, text: &[u8]) -> String {
        let fixed = match self.rule {
            NumberRule::Control(byte) => return format!("control character 0x{byte:02x} in the text"),
            NumberRule::NotAscii => return not_ascii(&text[self.span.start..]),
            NumberRule::StringEnd => "the string is not closed on its line",
            NumberRule::ZeroInString => "a zero byte in a string",
            NumberRule::Escape => "unknown escape sequence in a string",
            NumberRule::EscapeX => "\\x must be followed by one or two hexadecimal digits",
            NumberRule::EscapeU4 => "\\u must be followed by four hexadecimal digits",
            NumberRule::EscapeU8 => "\\U must be followed by eight hexadecimal digits, up to 0010ffff",
            NumberRule::HexDigits => "0x must be followed by hexadecimal digits",
            NumberRule::OctalDigits => "a number that begins with 0 is octal and takes the digits 0 to 7 only",
            NumberRule::Exponent => "the exponent has no digits",
            NumberRule::SecondPoint => "a number takes one decimal point, before the exponent",
            NumberRule::WholeOnly => "a hexadecimal or octal number takes no decimal point",
            NumberRule::NameAfterNumber => "a number must be followed by a space or a separator",
            NumberRule::PointAfterName => "a name must be followed by a space before a decimal point",
        };
        fixed.to_owned()
    }

    pub(super) fn help(&self, text: &[u8]) -> Option<String> {
        let help = match self.rule {
            NumberRule::Control(0x1a) => "it is DOS's mark of the end of a file: delete it",
            NumberRule::Control(0) if is_padding(&text[self.span.start..]) => {
                "the text ends here: delete the zero bytes"
            }
            NumberRule::Control(_) => "is this a binary file?",
            NumberRule::NotAscii => match printable(&text[self.span.start..]).next() {
                Some('“' | '”' | '„' | '‘' | '’' | '«' | '»') => "strings take straight quotes",
                Some('\u{a0}') => "this is a non-breaking space, use a plain one",
                _ => "only strings and comments may hold it",
            },
            NumberRule::ZeroInString => "write \\0",
            NumberRule::Escape => "a backslash itself is written \\\\",
            _ => return None,
        };
        Some(help.to_owned())
    }
}

/// Whether nothing follows but zero bytes and blanks.
fn is_padding(rest: &[u8]) -> bool {
    rest.iter().all(|&byte| byte == 0 || byte.is_ascii_whitespace())
}

fn not_ascii(rest: &[u8]) -> String {
    let Some(c) = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next()) else {
        let byte = rest.first().copied().unwrap_or(0);
        return format!("unexpected byte 0x{byte:02x}, which is not UTF-8");
    };
    let code = format!("U+{:04X}", u32::from(c));
    // What needs an escape cannot be seen.
    let visible = c.escape_debug().len() == 1;
    if visible { format!("unexpected character {c} ({code})") } else { format!("unexpected character {code}") }
}
