//! A source file: its name, its text, and where a byte of it stands.

use std::sync::{Arc, OnceLock};

use crate::error::Location;

/// The most characters of a line that an excerpt shows.
const EXCERPT: usize = 160;
/// Up to this column an excerpt begins with the line.
const WHOLE_UP_TO: usize = 120;
/// Characters shown before a column beyond that.
const BEFORE: usize = 80;
/// The line index counts the line ends before every block of this many bytes.
const BLOCK: usize = 4096;

/// A piece of a text, as byte offsets; `end` is the first byte behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The first byte behind.
    pub end: usize,
}

impl Span {
    pub(super) fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }
}

/// Name and text of a source file.
#[derive(Debug)]
pub struct Source {
    name: Arc<str>,
    text: Vec<u8>,
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// A text under the name that messages show. The text may be any bytes; [`parse`](super::parse) judges them.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Vec<u8>>) -> Source {
        Source { name: name.into(), text: text.into(), lines: OnceLock::new() }
    }

    /// The name, as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes of the text.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Line, column and excerpt of the start of `span`; the width is that of its part on that line.
    ///
    /// The excerpt is at most 160 characters of the line. It begins with the line for columns up to 120 and 80
    /// characters before the column otherwise ([`caret`] tells where the column stands in it). Control characters
    /// but tabs are replaced, so that printing it is harmless.
    pub fn location(&self, span: Span) -> Location {
        let text = self.text.as_slice();
        let start = span.start.min(text.len());
        let line_start = text[..start].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let column = 1 + count_characters(&text[line_start..start]);

        let shown_before = caret(column);
        let near = &text[line_start.max(start.saturating_sub(4 * (shown_before + 1)))..start];
        let before: Vec<char> = printable(near).collect();
        let mut excerpt: String = before[before.len().saturating_sub(shown_before)..].iter().collect();

        let rest = &text[start..text.len().min(start + 4 * EXCERPT)];
        let rest = rest.split(|&byte| byte == b'\n').next().unwrap_or(rest);
        let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
        excerpt.extend(printable(rest).take(EXCERPT - shown_before));

        let meant = &rest[..rest.len().min(span.end.saturating_sub(start))];
        let width = count_characters(meant).clamp(1, EXCERPT - shown_before);
        Location { file: Arc::clone(&self.name), line: self.line(start), column, excerpt, width }
    }

    /// The line of a byte, from 1.
    fn line(&self, offset: usize) -> usize {
        let lines = self.lines.get_or_init(|| {
            let mut before = 0;
            let counts = self.text.chunks(BLOCK).map(|block| {
                let count = before;
                before += count_line_ends(block);
                count
            });
            counts.collect()
        });
        // The end of a text that fills its last block belongs to that block.
        let block = (offset / BLOCK).min(lines.len().saturating_sub(1));
        1 + lines.get(block).map_or(0, |before| before + count_line_ends(&self.text[block * BLOCK..offset]))
    }
}

/// Characters of a [`Location`]'s excerpt before the one in `column`.
pub fn caret(column: usize) -> usize {
    if column <= WHOLE_UP_TO { column.saturating_sub(1) } else { BEFORE }
}

fn count_line_ends(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

/// Characters of a text, where every broken sequence counts for one.
fn count_characters(bytes: &[u8]) -> usize {
    let chunks = bytes.utf8_chunks();
    chunks.map(|chunk| chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty())).sum()
}

/// The characters of a text, with broken sequences and control characters but tabs replaced.
pub(super) fn printable(bytes: &[u8]) -> impl Iterator<Item = char> {
    let chars = bytes.utf8_chunks().flat_map(|chunk| {
        let broken = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().chain(broken)
    });
    chars.map(|c| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(text: &str, start: usize, end: usize) -> Location {
        Source::new("net.prototxt", text).location(Span::new(start, end))
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        let at = location("name: \"a\"\r\nlayer {\r\n}\r\n", 11, 16);
        assert_eq!(at.to_string(), "net.prototxt:2:1");
        assert_eq!((at.excerpt.as_str(), at.width), ("layer {", 5));
    }

    #[test]
    fn columns_count_characters() {
        let at = location("# é€😀 x", 12, 13);
        assert_eq!((at.column, at.excerpt.as_str()), (7, "# é€😀 x"));
        let broken = Source::new("n", b"# \xe9 \x1b[0m x".to_vec()).location(Span::new(9, 10));
        assert_eq!((broken.column, broken.excerpt.as_str()), (10, "# \u{fffd} \u{fffd}[0m x"));
    }

    #[test]
    fn a_span_over_lines_is_cut_at_the_line_end() {
        assert_eq!(location("layer {\n  name: \"a\"\n}", 0, 21).width, 7);
    }

    #[test]
    fn the_end_of_the_text_has_a_place() {
        assert_eq!(location("", 0, 0).to_string(), "net.prototxt:1:1");
        assert_eq!(location("a\n", 2, 2).to_string(), "net.prototxt:2:1");
        assert_eq!(location("a\n", 99, 100).width, 1);
        let block = "x".repeat(BLOCK - 1) + "\n";
        assert_eq!(location(&block, BLOCK, BLOCK).to_string(), "net.prototxt:2:1");
        let blocks = "a\n".repeat(BLOCK);
        assert_eq!(location(&blocks, 2 * BLOCK - 2, 2 * BLOCK).to_string(), format!("net.prototxt:{BLOCK}:1"));
    }

    #[test]
    fn long_lines_are_cut_around_the_column() {
        let line: String = ('a'..='z').cycle().take(5000).collect();
        let at = location(&line, 3000, 3002);
        assert_eq!((at.column, at.excerpt.len(), caret(at.column)), (3001, EXCERPT, BEFORE));
        assert_eq!(at.excerpt, line[2920..3080]);
        assert_eq!(location(&line, 100, 400).excerpt, line[..160]);
        assert_eq!(location(&line, 100, 400).width, 60);
    }
}
