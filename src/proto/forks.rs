//! Which dialects have a field, for messages.

use super::schema::{MessageType, Schema};

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
        let dialects = |message: &str, field: &str| dialects_with_field(descriptor(message), field);
        assert!(dialects("LayerParameter", "psroi_pooling_param").contains(&"rfcn"));
        assert_eq!(dialects("ConvolutionParameter", "psroi_pooling_param"), [""; 0]);
    }
}
