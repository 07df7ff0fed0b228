//! Which dialects have a field, and what became of fields that had other names, for messages.

use super::schema::{MessageType, Schema};

/// The dialects whose schema has a field of this name in the message.
pub(crate) fn dialects_with_field(message: MessageType, field: &str) -> Vec<&'static str> {
    let has =
        |schema: &&'static Schema| schema.message(message.name()).is_some_and(|own| own.field_named(field).is_some());
    Schema::all().iter().filter(has).map(Schema::name).collect()
}

/// A field that has another name in Caffe.
struct RenamedField {
    message: &'static str,
    name: &'static str,
    /// What it is called today: the text completes "write ... instead".
    today: &'static str,
}

const fn renamed(message: &'static str, name: &'static str, today: &'static str) -> RenamedField {
    RenamedField { message, name, today }
}

/// Fields of the old DeepLab and of ParseNet, and those of layers of the format before the current one.
static RENAMED: [RenamedField; 10] = [
    renamed("ConvolutionParameter", "hole", "dilation"),
    renamed("ConvolutionParameter", "hole_h", "dilation: H dilation: W"),
    renamed("ConvolutionParameter", "hole_w", "dilation: H dilation: W"),
    renamed("ConvolutionParameter", "filter_stride", "dilation"),
    renamed("ConvolutionParameter", "filter_stride_h", "dilation: H dilation: W"),
    renamed("ConvolutionParameter", "filter_stride_w", "dilation: H dilation: W"),
    renamed("LayerParameter", "blobs_lr", "param { lr_mult: ... } for each blob"),
    renamed("LayerParameter", "weight_decay", "param { decay_mult: ... } for each blob"),
    renamed("LayerParameter", "lr_mult", "param { lr_mult: ... } for each blob"),
    renamed("LayerParameter", "decay_mult", "param { decay_mult: ... } for each blob"),
];

/// What to write today for a field that the message does not have.
pub(crate) fn todays_field(message: MessageType, field: &str) -> Option<&'static str> {
    let found = RENAMED.iter().find(|renamed| renamed.message == message.name() && renamed.name == field)?;
    Some(found.today)
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

    #[test]
    fn fields_that_were_renamed_are_none_of_caffe_today() {
        for RenamedField { message, name, today } in &RENAMED {
            let message = descriptor(message);
            assert!(message.field_named(name).is_none_or(|field| field.saved_number() > 1 << 14), "{name}");
            let today = today.split([':', ' ']).next().unwrap();
            assert!(message.field_named(today).is_some(), "{today}");
        }
        assert_eq!(todays_field(descriptor("ConvolutionParameter"), "hole"), Some("dilation"));
        assert_eq!(todays_field(descriptor("PoolingParameter"), "hole"), None);
    }
}
