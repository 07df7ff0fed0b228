//! Text that is wrapped between its words.

use console::measure_text_width;

/// How wide text is at most, and where there is no terminal.
pub(super) const TEXT_WIDTH: usize = 100;

/// The lines of a text, each of at most `width` characters; a longer word is broken.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    if measure_text_width(text) <= width {
        return vec![text.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let mut pieces = broken(word, width).into_iter();
        let first = pieces.next().unwrap_or_default();
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(&first) <= width => {
                line.push(' ');
                line.push_str(&first);
            }
            _ => lines.push(first),
        }
        lines.extend(pieces);
    }
    lines
}

/// The pieces of a word that fit a width; a character that is wider is a piece of its own.
fn broken(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in word.chars() {
        let wide = measure_text_width(c.encode_utf8(&mut [0; 4]));
        if used > 0 && used + wide > width {
            pieces.push(String::new());
            used = 0;
        }
        pieces.last_mut().into_iter().for_each(|piece| piece.push(c));
        used += wide;
    }
    pieces
}

/// A text with a newline behind each of its lines.
pub(super) fn paragraph(text: &str, width: usize) -> String {
    wrap(text, width).into_iter().map(|line| line + "\n").collect()
}

/// The same with an indent, which is larger where the text goes on in a further line.
pub(super) fn item(indent: &str, text: &str, width: usize) -> String {
    const HANGING: &str = "  ";
    let lines = wrap(text, width.saturating_sub(indent.len() + HANGING.len()));
    let line = |(number, line)| format!("{indent}{}{line}\n", if number == 0 { "" } else { HANGING });
    lines.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_between_words() {
        assert_eq!(wrap("one two three", 13), ["one two three"]);
        assert_eq!(wrap("one two three", 12), ["one two", "three"]);
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 3), ["one", "two", "thr", "ee"]);
        assert_eq!(wrap("a conv1/3x3 b", 6), ["a", "conv1/", "3x3 b"]);
        assert_eq!(wrap("\u{4e00}\u{4e00}\u{4e00}", 4), ["\u{4e00}\u{4e00}", "\u{4e00}"]);
        assert_eq!(wrap("ab", 0), ["a", "b"]);
        assert_eq!(wrap("größer ± 1", 8), ["größer ±", "1"]);
        assert_eq!(wrap("", 0), [""]);
    }

    #[test]
    fn items_hang() {
        assert_eq!(paragraph("one two", 5), "one\ntwo\n");
        assert_eq!(item("  ", "one two three", 11), "  one two\n    three\n");
        assert_eq!(item("", "one", 80), "one\n");
    }
}
