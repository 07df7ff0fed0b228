//! The configuration of the Frcnn layers: a JSON file with a number, or several with commas between, for each key.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use crate::error::{AtField, Refusal, ensure};
use crate::layer::SetupContext;

/// The longest file that is read; those there are have 3 kB.
const MAX_BYTES: u64 = 1 << 20;

/// The keys that have to be there, in the order in which they are looked for, with how many numbers there is room for.
const KEYS: &[(&str, Option<usize>)] = &[
    ("scales", None),
    ("max_size", None),
    ("batch_size", None),
    ("fg_fraction", None),
    ("fg_thresh", None),
    ("bg_thresh_hi", None),
    ("bg_thresh_lo", None),
    ("use_flipped", None),
    ("bbox_reg", None),
    ("bbox_thresh", None),
    ("snapshot_infix", None),
    ("bbox_normalize_targets", None),
    ("bbox_inside_weights", Some(4)),
    ("bbox_normalize_means", Some(4)),
    ("bbox_normalize_stds", Some(4)),
    ("rpn_normalize_targets", None),
    ("rpn_normalize_means", Some(4)),
    ("rpn_normalize_stds", Some(4)),
    ("agnostic", None),
    ("rpn_positive_overlap", None),
    ("rpn_negative_overlap", None),
    ("rpn_clobber_positives", None),
    ("rpn_fg_fraction", None),
    ("rpn_batchsize", None),
    ("rpn_nms_thresh", None),
    ("rpn_pre_nms_top_n", None),
    ("rpn_post_nms_top_n", None),
    ("rpn_min_size", None),
    ("rpn_bbox_inside_weights", Some(4)),
    ("rpn_positive_weight", None),
    ("rpn_allowed_border", None),
    ("test_scales", None),
    ("test_max_size", None),
    ("test_nms", None),
    ("test_bbox_reg", None),
    ("test_rpn_nms_thresh", None),
    ("test_rpn_pre_nms_top_n", None),
    ("test_rpn_post_nms_top_n", None),
    ("test_rpn_min_size", None),
    ("pixel_means", Some(3)),
    ("rng_seed", None),
    ("eps", None),
    ("inf", None),
    ("feat_stride", None),
    ("anchors", None),
    ("test_score_thresh", None),
    ("n_classes", None),
    ("iter_test", None),
];

/// A configuration of the Frcnn layers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrcnnConfig {
    /// What is said for each key.
    pub values: BTreeMap<String, String>,
}

impl FrcnnConfig {
    /// Reads the file `name`, which `field` names; what the user should know of its place goes to `notices`.
    ///
    /// # Errors
    /// The file cannot be read, is not JSON, lacks a key, or has too many numbers for one.
    pub(super) fn read(
        ctx: &SetupContext<'_>,
        field: &'static str,
        name: &str,
        notices: &mut Vec<String>,
    ) -> Result<FrcnnConfig, Refusal> {
        let unreadable = |why: String| Refusal::at(field, format!("cannot read the configuration {name:?}: {why}"));
        let bytes = read(&ctx.sources.find(name, notices)).map_err(|error| unreadable(error.to_string()))?;
        ensure!(bytes.len() as u64 <= MAX_BYTES, field, "the configuration {name:?} has more than {MAX_BYTES} bytes");
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
        FrcnnConfig::new(&value).map_err(|why| format!("the configuration {name:?} {why}")).at(field)
    }

    /// The configuration that this JSON holds, or what is wrong with it.
    fn new(json: &Value) -> Result<FrcnnConfig, String> {
        let fields = json.as_object().into_iter().flatten();
        let config = FrcnnConfig { values: fields.map(|(key, value)| (key.clone(), text(value))).collect() };
        for &(key, room) in KEYS {
            let Some(value) = config.values.get(key) else {
                return Err(format!("lacks the key {key:?}"));
            };
            let count = numbers(value);
            if let Some(room) = room
                && count > room
            {
                return Err(format!("has {count} numbers for {key:?}, which takes {room}"));
            }
        }
        Ok(config)
    }

    /// How many anchors there are: each is a box of four numbers.
    pub fn anchors(&self) -> i64 {
        numbers(self.value("anchors")) as i64 / 4
    }

    /// How many classes there are, the background among them; two where boxes do not depend on the class.
    pub fn classes(&self) -> i64 {
        if integer(self.value("agnostic")) != 0 { 2 } else { integer(self.value("n_classes")) }
    }

    fn value(&self, key: &str) -> &str {
        self.values.get(key).map_or("", String::as_str)
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of a value; none of lists and objects.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => String::new(),
        other => other.to_string(),
    }
}

/// How many numbers with commas between a text holds.
fn numbers(text: &str) -> usize {
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() { 0 } else { text.split(',').count() }
}

/// The integer that a text begins with, or 0, as C reads it.
fn integer(text: &str) -> i64 {
    let text = text.trim_start();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let size = digits[..end].parse::<i32>().unwrap_or_default();
    if text.starts_with('-') { -i64::from(size) } else { size.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(key: &str, value: &str) -> Result<FrcnnConfig, String> {
        let mut json: serde_json::Map<String, Value> =
            KEYS.iter().map(|(key, _)| (key.to_string(), "1".into())).collect();
        json.insert(key.to_owned(), serde_json::from_str(value).unwrap());
        FrcnnConfig::new(&Value::Object(json))
    }

    #[test]
    fn anchors_are_boxes() {
        let anchors = |value: &str| config("anchors", value).unwrap().anchors();
        assert_eq!(anchors("\"-8,-8,8,8, -16,-8,16,8,\""), 2);
        assert_eq!(anchors("\"1,2,3\""), 0);
        assert_eq!(anchors("\"\""), 0);
        assert_eq!(anchors("[1, 2, 3, 4]"), 0);
    }

    #[test]
    fn classes_are_two_where_boxes_do_not_depend_on_them() {
        assert_eq!(config("agnostic", "0").unwrap().classes(), 1);
        let mut config = config("n_classes", "\"21 of them\"").unwrap();
        assert_eq!(config.classes(), 2);
        config.values.insert("agnostic".into(), "0".into());
        assert_eq!(config.classes(), 21);
    }

    #[test]
    fn integers_are_read_as_c_reads_them() {
        assert_eq!(["7", " -3.5", "x", "", "99999999999"].map(integer), [7, -3, 0, 0, 0]);
    }

    #[test]
    fn keys_are_asked_for() {
        assert_eq!(FrcnnConfig::new(&Value::Null), Err("lacks the key \"scales\"".into()));
        let message = "has 5 numbers for \"bbox_inside_weights\", which takes 4";
        assert_eq!(config("bbox_inside_weights", "\"1,1,1,1,1\""), Err(message.into()));
    }
}
