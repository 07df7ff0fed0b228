//! Whether output is coloured.

use std::env;
use std::io::IsTerminal;

/// Whether the stream shows colours: a terminal that can, unless the user wants none (<https://no-color.org>).
pub(super) fn shows_color(stream: &impl IsTerminal) -> bool {
    let set =
        |variable: &str, is: fn(&str) -> bool| env::var_os(variable).is_some_and(|value| is(&value.to_string_lossy()));
    stream.is_terminal() && !set("NO_COLOR", |value| !value.is_empty()) && !set("TERM", |value| value == "dumb")
}
