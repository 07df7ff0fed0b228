//! The fields of a message, for people.

use comfy_table::{ContentArrangement, Table, presets};

use crate::proto::document::FieldDocument;

/// The fields with their types, defaults and documentation, wrapped at a width.
pub(super) fn text(fields: &[FieldDocument], width: usize) -> String {
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    for FieldDocument { name, kind, default, about } in fields {
        // Where a line has no room, the values of an enum go on in the next.
        let kind = kind.replace('|', " | ");
        let default = default.map_or_else(String::new, |default| format!("= {default}"));
        table.add_row([format!("  {name}").as_str(), &kind, &default, about]);
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
