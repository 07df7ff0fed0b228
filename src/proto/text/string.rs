//! What a string literal stands for, and the literal of a string.

/// Appends the bytes of a literal, given with its quotes, whose escape sequences the lexer has checked.
///
/// As in protobuf: octal escapes beyond `\377` wrap around, a pair of surrogates is one character, a lone surrogate
/// becomes the three bytes it would have in UTF-8 (which make the string invalid), and `\U` beyond Unicode stands for
/// itself.
pub(super) fn unescape(literal: &[u8], out: &mut Vec<u8>) {
    let mut rest = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    while let Some(plain) = rest.iter().position(|&byte| byte == b'\\') {
        out.extend_from_slice(&rest[..plain]);
        rest = escape(&rest[plain + 1..], out);
    }
    out.extend_from_slice(rest);
}

/// Appends one escape sequence, given without its backslash, and returns what follows it.
fn escape<'a>(text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let Some((&letter, rest)) = text.split_first() else { return text };
    let simple = match letter {
        b'0'..=b'7' => {
            let (value, rest) = digits(text, 8, 3);
            out.push(value as u8);
            return rest;
        }
        b'x' => {
            let (value, rest) = digits(rest, 16, 2);
            out.push(value as u8);
            return rest;
        }
        b'u' | b'U' => return character(rest, if letter == b'u' { 4 } else { 8 }, out),
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        other => other,
    };
    out.push(simple);
    rest
}

fn character<'a>(text: &'a [u8], length: usize, out: &mut Vec<u8>) -> &'a [u8] {
    let (first, rest) = digits(text, 16, length);
    if let (0xd800..0xdc00, Some(second)) = (first, rest.strip_prefix(b"\\u"))
        && let (low @ 0xdc00..0xe000, rest) = digits(second, 16, 4)
    {
        push_utf8(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00), out);
        return rest;
    }
    push_utf8(first, out);
    rest
}

/// Appends the literal of a string in double quotes, with everything beyond ASCII in octal.
pub(super) fn push_escaped(bytes: &[u8], text: &mut String) {
    text.push('"');
    for &byte in bytes {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'"' | b'\'' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.extend(['\\'].into_iter().chain([6, 3, 0].map(|shift| char::from(b'0' + (byte >> shift & 7))))),
        }
    }
    text.push('"');
}

fn push_utf8(code: u32, out: &mut Vec<u8>) {
    let continuation = |shift: u32| 0x80 | (code >> shift & 0x3f) as u8;
    match (char::from_u32(code), code) {
        (Some(c), _) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        (None, 0xd800..0xe000) => out.extend_from_slice(&[0xed, continuation(6), continuation(0)]),
        (None, _) => out.extend_from_slice(format!("\\U{code:08x}").as_bytes()),
    }
}

/// The value of up to `most` digits, and what follows them.
fn digits(text: &[u8], base: u32, most: usize) -> (u32, &[u8]) {
    let mut value = 0;
    let mut count = 0;
    while let Some(digit) = text.get(count).filter(|_| count < most).and_then(|&byte| char::from(byte).to_digit(base)) {
        value = value * base + digit;
        count += 1;
    }
    (value, &text[count..])
}

#[cfg(test)]
mod tests {
    use super::{push_escaped, unescape};

    fn bytes(literal: &str) -> Vec<u8> {
        let mut out = Vec::new();
        unescape(literal.as_bytes(), &mut out);
        out
    }

    #[test]
    fn literals_escape_what_is_not_printable_ascii() {
        let mut text = String::new();
        push_escaped("a\n\r\t\"'\\?é\0\x1f\x7f~ ".as_bytes(), &mut text);
        assert_eq!(text, r#""a\n\r\t\"\'\\?\303\251\000\037\177~ ""#);
        let all: Vec<u8> = (0..=255).collect();
        text.clear();
        push_escaped(&all, &mut text);
        assert_eq!(bytes(&text), all);
    }

    #[test]
    fn simple_escapes() {
        assert_eq!(bytes(r#""a\a\b\f\n\r\t\v\\\?\'\"z""#), b"a\x07\x08\x0c\n\r\t\x0b\\?'\"z");
        assert_eq!(bytes("''"), b"");
        assert_eq!(bytes(r"'\'"), b"", "flawed literals do no harm");
    }

    #[test]
    fn octal_and_hexadecimal_escapes_end_where_their_digits_do() {
        assert_eq!(bytes(r"'\1018\08\7777'"), b"A8\x008\xff7");
        assert_eq!(bytes(r"'\x41g\x4g\x414'"), b"Ag\x04gA4");
    }

    #[test]
    fn characters_by_number() {
        assert_eq!(bytes(r"'\u00e9\u20AC\U0001f600'"), "é€😀".as_bytes());
        assert_eq!(bytes(r"'\ud83d\ude00\U0000d83d\ude00'"), "😀😀".as_bytes());
        assert_eq!(bytes(r"'\ud83d\u0041'"), b"\xed\xa0\xbdA");
        assert_eq!(bytes(r"'\ude00\n'"), b"\xed\xb8\x80\n");
        assert_eq!(bytes(r"'\U0011FFFF'"), br"\U0011ffff");
    }
}
