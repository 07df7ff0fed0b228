//! A filler in an option's text.

use std::sync::Arc;

use crate::proto::schema::{FieldType, MessageType};
use prost::Message;

use super::short::{self, Short};
use crate::error::{Diagnostic, Error, Location, Result};
use crate::filler::{FillerRegistry, FillerType};
use crate::proto::caffe::FillerParameter;
use crate::proto::descriptor;
use crate::proto::text::{Source, Span, parse};

/// A filler in an option's text, in one of two forms:
///
/// - as in a net: `type: "gaussian" std: 0.01`,
/// - short: `gaussian:std=0.01,mean=0.1`, or only `gaussian`. A filler that reads one field takes its value alone, such
///   as `constant:1`. Texts have no quotes; one with a comma needs the other form. The case of `FAN_OUT` and the like
///   does not matter.
///
/// Every field must be one that the filler reads.
///
/// ```
/// use caffemodel::filler::FillerRegistry;
/// use caffemodel::rules::Spec;
/// let short = Spec::parse("--weight-filler", "msra:FAN_OUT", &FillerRegistry::default())?;
/// let long = Spec::parse("--weight-filler", "type: \"msra\" variance_norm: FAN_OUT", &FillerRegistry::default())?;
/// assert_eq!(short.param(), long.param());
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Spec {
    param: FillerParameter,
    source: Arc<Source>,
    /// The place of each field that is given.
    places: Vec<(Box<str>, Span)>,
}

impl Spec {
    /// Reads a filler; `option` is what messages call the text.
    ///
    /// # Errors
    /// Everything that is wrong with the text, with the places.
    pub fn parse(option: &str, text: &str, fillers: &FillerRegistry) -> Result<Spec> {
        let message = descriptor("FillerParameter");
        let source = Source::new(option, text);
        if text.trim().is_empty() {
            let location = Some(source.location(Span::default()));
            let help = Some("such as gaussian:std=0.01".into());
            return Err(Diagnostic { message: "the filler is missing".to_owned(), location, help }.into());
        }
        let read = match short::name(text, message, fillers) {
            Some(name) => Short { source: &source, text, message, entry: fillers.get(name) }.read(),
            None => prototxt(&source, message),
        };
        let (bytes, places) = read.map_err(Error::Input)?;
        let param = FillerParameter::decode(bytes.as_slice()).map_err(|error| Error::Request(error.to_string()))?;
        let spec = Spec { param, source: Arc::new(source), places };
        spec.check(fillers)?;
        Ok(spec)
    }

    /// The filler.
    pub fn param(&self) -> &FillerParameter {
        &self.param
    }

    /// The place of a field, or of the whole text where that does not give it.
    pub(crate) fn location(&self, field: &str) -> Location {
        let whole = Span { start: 0, end: self.source.text().len() };
        let place = self.places.iter().find(|(name, _)| **name == *field);
        self.source.location(place.map_or(whole, |&(_, span)| span))
    }

    /// Checks that the filler exists and reads the fields.
    fn check(&self, fillers: &FillerRegistry) -> Result<()> {
        let entry = fillers.find(self.param.r#type()).map_err(|refusal| Diagnostic {
            message: refusal.message,
            location: Some(self.location(refusal.field)),
            help: refusal.help,
        })?;
        let unread = self.places.iter().filter(|(name, _)| **name != *"type" && !entry.fields.contains(&&**name));
        let unread: Vec<Diagnostic> =
            unread.map(|(name, span)| not_read(entry, name, self.source.location(*span))).collect();
        if unread.is_empty() { Ok(()) } else { Err(Error::Input(unread)) }
    }
}

/// A filler in the wire format, with the places of its fields.
pub(super) type Read = Result<(Vec<u8>, Vec<(Box<str>, Span)>), Vec<Diagnostic>>;

fn not_read(entry: &FillerType, field: &str, location: Location) -> Diagnostic {
    let message = format!("the {} filler does not read {field:?}", entry.name);
    Diagnostic { message, location: Some(location), help: Some(fields_read(entry).into()) }
}

pub(super) fn fields_read(entry: &FillerType) -> String {
    match entry.fields {
        [] => "it reads no field".to_owned(),
        fields => format!("it reads {}", fields.join(", ")),
    }
}

fn prototxt(source: &Source, message: MessageType) -> Read {
    let document = parse(source, message)?;
    let root = document.spans().root();
    let place = |field: FieldType| Some((field.name().into(), root.field(field.name())?));
    Ok((document.bytes().to_vec(), message.fields().filter_map(place).collect()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::filler::text;

    fn spec(text: &str) -> Result<FillerParameter> {
        Ok(Spec::parse("--rule", text, &FillerRegistry::default())?.param)
    }

    fn refused(text: &str) -> String {
        spec(text).unwrap_err().to_string()
    }

    #[test]
    fn both_forms_say_the_same() {
        for (short, long) in [
            ("msra", "type: \"msra\""),
            ("msra:FAN_OUT", "type: \"msra\" variance_norm: FAN_OUT"),
            ("xavier:fan_out", "type: \"xavier\" variance_norm: FAN_OUT"),
            ("variance_scaling:mode=FAN_AVG", "type: \"variance_scaling\" mode: fan_avg"),
            ("gaussian:std=0.01", "type: 'gaussian' std: 0.01"),
            (" gaussian : std = 1e-2 , mean=-.5", "# normal\ntype: \"gaussian\", mean: -.5; std: 0.01"),
            ("uniform:min=-1,max=inf", "min: -1 max: inf type: \"uniform\""),
            ("constant:1", "value: 1 type: \"constant\""),
            ("constant:value=1", "type: \"constant\" value: 1"),
        ] {
            assert_eq!(spec(short).unwrap(), spec(long).unwrap(), "{short}");
        }
        // As in a net, the constant filler needs no type.
        assert_eq!(text(&spec("value: 2").unwrap()), "type: \"constant\" value: 2");
    }

    #[test]
    fn an_unknown_filler_is_refused_with_the_nearest() {
        let names: Vec<&str> = FillerRegistry::default().iter().map(|entry| entry.name).collect();
        let known = format!("the fillers are {}", names.join(", "));
        let message = format!("unknown filler \"mrsa\" (did you mean \"msra\"? {known})");
        assert_eq!(refused("mrsa"), format!("--rule:1:1: {message}"));
        assert_eq!(refused("std: 1 type: \"mrsa\""), format!("--rule:1:8: {message}"));
        assert_eq!(refused("typ:1"), "--rule:1:5: expected FIELD=VALUE, found \"1\"");
        assert_eq!(
            refused("typ: \"msra\""),
            "--rule:1:1: unknown field \"typ\" in FillerParameter (did you mean \"type\"?)"
        );
    }

    #[test]
    fn a_field_that_the_filler_does_not_read_is_refused() {
        let help = "(it reads variance_norm)";
        assert_eq!(refused("msra:std=1"), format!("--rule:1:6: the msra filler does not read \"std\" {help}"));
        let message = format!("--rule:1:14: the msra filler does not read \"std\" {help}");
        assert_eq!(refused("type: \"msra\" std: 1"), message);
        let message = "--rule:1:10: the bilinear filler does not read \"value\" (it reads no field)";
        assert_eq!(refused("bilinear:value=1"), message);
    }

    #[test]
    fn errors_of_the_short_form_show_the_item() {
        let reads = "(it reads mean, std, sparse)";
        assert_eq!(refused("gaussian:0.1"), format!("--rule:1:10: expected FIELD=VALUE, found \"0.1\" {reads}"));
        assert_eq!(refused("gaussian:std=1,"), format!("--rule:1:16: expected FIELD=VALUE, found \"\" {reads}"));
        assert_eq!(refused("gaussian:std=x"), "--rule:1:14: expected a number for \"std\", found x");
        assert_eq!(refused("gaussian:std="), "--rule:1:14: expected a number for \"std\", found the end of the text");
        assert_eq!(refused("gaussian:sparse=0.5"), "--rule:1:17: expected an integer for \"sparse\", found 0.5");
        assert_eq!(refused("gaussian:stdd=1"), "--rule:1:10: a filler has no field \"stdd\" (did you mean \"std\"?)");
        assert_eq!(refused("gaussian:zzzz=1"), format!("--rule:1:10: a filler has no field \"zzzz\" {reads}"));
        assert_eq!(refused("gaussian:std=1,std=1"), "--rule:1:16: \"std\" is given twice");
        assert_eq!(refused("gaussian:type=1"), "--rule:1:10: \"type\" is given twice");
        assert_eq!(refused("gaussian:std=1 mean: 2"), "--rule:1:14: \"1 mean: 2\" is not a value for \"std\"");
        let several = "--rule:1:10: a filler has no field \"stdd\" (did you mean \"std\"?)\n\
                       --rule:1:22: expected a number for \"mean\", found a";
        assert_eq!(refused("gaussian:stdd=1,mean=a"), several);
        let message = "--rule:1:6: unknown value FAN of \"variance_norm\" (it takes FAN_IN, FAN_OUT, AVERAGE)";
        assert_eq!(refused("msra:FAN"), message);
    }

    #[test]
    fn errors_of_prototxt_show_the_place() {
        assert_eq!(
            refused("type: \"gaussian\" std: 0.0.1"),
            "--rule:1:26: a number takes one decimal point, before the exponent"
        );
        assert_eq!(
            refused("type: \"gaussian\" std: 1 std: 2"),
            "--rule:1:25: \"std\" is given twice (first given on line 1)"
        );
        assert_eq!(refused("{ type: \"msra\" }"), "--rule:1:1: expected a field name, found \"{\"");
    }

    #[test]
    fn an_empty_text_is_refused() {
        for text in ["", "  "] {
            assert_eq!(refused(text), "--rule:1:1: the filler is missing (such as gaussian:std=0.01)");
        }
    }

    proptest! {
        /// Nothing that is typed makes more of it than an error.
        #[test]
        fn any_text_gives_a_filler_or_an_error(text in "[a-z:=,. \"0-9{}-]{0,24}") {
            let _ = spec(&text);
        }

        #[test]
        fn numbers_are_read_to_the_bit(std in any::<f32>().prop_filter("finite", |x| x.is_finite())) {
            let param = spec(&format!("gaussian:std={std:e}")).unwrap();
            prop_assert_eq!(param.std().to_bits(), std.to_bits());
        }
    }
}
