//! Files that are taken for nets or weights and are neither, by the names that people know them by.

use crate::error::Diagnostic;

/// A kind of file.
struct Foreign {
    what: &'static str,
    help: &'static str,
    /// None of these starts is that of a message, of a text that parses, or of an array.
    recognise: fn(&[u8]) -> bool,
}

const FOREIGN: [Foreign; 4] = [
    Foreign { what: "packed by gzip", help: "gunzip unpacks it", recognise: |bytes| bytes.starts_with(b"\x1f\x8b") },
    Foreign {
        what: "text in UTF-16",
        help: "save it in UTF-8",
        recognise: |bytes| bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff"),
    },
    Foreign {
        what: "a Git LFS pointer",
        help: "git lfs pull brings the file itself",
        recognise: |bytes| bytes.starts_with(b"version https://git-lfs.github.com/spec/"),
    },
    Foreign { what: "an HTML page", help: "download the file itself, not the page about it", recognise: is_html },
];

/// The error for a file that is one of these, not `wanted`; `name` is what it calls the file.
pub(crate) fn refusal(name: &str, bytes: &[u8], wanted: &str) -> Option<Diagnostic> {
    let Foreign { what, help, .. } = FOREIGN.iter().find(|foreign| (foreign.recognise)(bytes))?;
    Some(Diagnostic { message: format!("{name}: {what}, not {wanted}"), location: None, help: None }.help(*help))
}

fn is_html(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|start| bytes.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_foreign_is_named() {
        let refused = |bytes: &[u8]| refusal("f", bytes, "stored weights").map(|error| error.to_string());
        let is = |what: &str| Some(format!("f: {what}"));
        assert_eq!(refused(b"\x1f\x8b\x08\0"), is("packed by gzip, not stored weights (gunzip unpacks it)"));
        for start in [b"\xff\xfen\0", b"\xfe\xff\0n"] {
            assert_eq!(refused(start), is("text in UTF-16, not stored weights (save it in UTF-8)"));
        }
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        let lfs = "a Git LFS pointer, not stored weights (git lfs pull brings the file itself)";
        assert_eq!(refused(pointer), is(lfs));
        for start in ["<!DOCTYPE html>\n<html>", "\n <HTML lang=en>"] {
            let html = "an HTML page, not stored weights (download the file itself, not the page about it)";
            assert_eq!(refused(start.as_bytes()), is(html));
        }
        for start in [&b""[..], b"<", b"name: \"x\"", b"\x0a\x01n", b"version: 1"] {
            assert_eq!(refused(start), None);
        }
    }
}
