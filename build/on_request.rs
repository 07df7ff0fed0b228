//! The methods by which rules ask for what forks have added to `LayerParameter` for their layer types.

use std::collections::HashSet;
use std::fmt::Write;

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_types::field_descriptor_proto::Label;

use crate::typed;
use crate::union::{Kind, Union};

/// The source of the methods, which are named as prost would name the fields.
pub fn write(union: &Union) -> String {
    let mut out = String::from("impl LayerParameter {\n");
    let mut taken = HashSet::new();
    for row in union.rows.keys().filter(|row| typed::is_on_request(row)) {
        let (Kind::Message(message), Label::Optional) = (&row.kind, row.label) else { continue };
        let is_taken = !taken.insert(row.name.to_lowercase());
        let (method, message) = (typed::field_name(row, is_taken).to_snake_case(), message.to_upper_camel_case());
        let _ = writeln!(
            out,
            "/// The field `{}` of forks, decoded.\n///\n/// # Panics\n/// `kept` was changed to what is no encoded message.\n\
             pub fn {method}(&self) -> Option<{message}> {{ self.of_fork({}) }}",
            row.name, row.number
        );
    }
    out + "}\n"
}
