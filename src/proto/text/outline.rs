//! What a text is about, before it is read.

use super::lexer::{Lexer, TokenKind};

/// The names of the fields of the root message, in the order of the text, as far as it has a structure at all.
pub fn field_names(text: &[u8]) -> impl Iterator<Item = &str> {
    let mut lexer = Lexer::new(text);
    let mut next = lexer.next();
    let mut depth = 0_usize;
    std::iter::from_fn(move || {
        while next.kind != TokenKind::End {
            let token = std::mem::replace(&mut next, lexer.next());
            match token.kind {
                TokenKind::Symbol(b'{' | b'<' | b'[') => depth += 1,
                TokenKind::Symbol(b'}' | b'>' | b']') => depth = depth.saturating_sub(1),
                TokenKind::Identifier if depth == 0 && matches!(next.kind, TokenKind::Symbol(b':' | b'{' | b'<')) => {
                    return std::str::from_utf8(&text[token.span.start..token.span.end]).ok();
                }
                _ => {}
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_root_message_count() {
        let text = "net: 'a: b' # c: d\nsolver_mode: CPU train_state { level: 1 } test_iter: [1, 2]; snapshot : 3";
        let names = |text: &'static [u8]| field_names(text).collect::<Vec<_>>();
        assert_eq!(names(text.as_bytes()), ["net", "solver_mode", "train_state", "test_iter", "snapshot"]);
        assert_eq!(names(b"layer < name: \"x\" > } layer { a { b: 1 } c: 2"), ["layer", "layer"]);
        assert_eq!(names(b"\x01 \xff a"), [""; 0]);
    }
}
