//! Which forks of Caffe have a field, for messages: those whose schemas are known, and others.

use super::schema::{MessageType, Schema};

/// One line a field: the message, the field and the forks, separated by tabs. The first line names the columns.
const TABLE: &str = include_str!("../../proto/forks.tsv");

/// The forks that have added a field of this name to a message, separated by commas; `None` if none is known to.
pub(crate) fn with_field(message: &str, field: &str) -> Option<&'static str> {
    TABLE.lines().skip(1).find_map(|line| {
        let mut columns = line.split('\t');
        let found = columns.next() == Some(message) && columns.next() == Some(field);
        found.then(|| columns.next()).flatten()
    })
}

/// The dialects whose schema has a field of this name in the message.
pub(crate) fn dialects_with_field(message: MessageType, field: &str) -> Vec<&'static str> {
    let has =
        |schema: &&'static Schema| schema.message(message.name()).is_some_and(|own| own.field_named(field).is_some());
    Schema::all().iter().filter(has).map(Schema::name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::descriptor;

    #[test]
    fn fields_of_forks_are_found() {
        assert_eq!(with_field("LayerParameter", "psroi_pooling_param"), Some("Intel, R-FCN, happynear's"));
        assert_eq!(with_field("LayerParameter", "pooling_param"), None);
        assert_eq!(with_field("ConvolutionParameter", "psroi_pooling_param"), None);
    }

    #[test]
    fn the_table_is_about_unknown_fields_of_known_messages() {
        for line in TABLE.lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let &[message, field, forks] = columns.as_slice() else { panic!("{line}") };
            assert!(descriptor(message).field_named(field).is_none() && !forks.is_empty(), "{line}");
        }
    }
}
