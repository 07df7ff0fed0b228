//! Which layers and blobs a rule names: `GLOB[.BLOB]`.

use super::BlobPlace;
use crate::error::{Diagnostic, Result};
use crate::glob::Glob;
use crate::layer::{NamedBlob, Operator, Role};
use crate::proto::text::{Source, Span};

/// Which of a layer's blobs are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlobSelector {
    /// All.
    All,
    /// The one of this index.
    Index(usize),
    /// Those of this role.
    Role(Role),
    /// The one of this name, such as `mean` or `W_hc`; `scale` and `shift` are those of a normalised signal.
    Name(&'static str),
}

impl BlobSelector {
    /// Whether a blob is meant.
    pub fn matches(self, place: &BlobPlace<'_>) -> bool {
        self.selects(place.index, Some(place.blob.role), Some(place.operator))
    }

    /// Whether the blob of this index is meant, of which role and layer may not be known.
    pub(crate) fn selects(self, index: usize, role: Option<Role>, operator: Option<&Operator>) -> bool {
        match self {
            BlobSelector::All => true,
            BlobSelector::Index(wanted) => index == wanted,
            BlobSelector::Role(wanted) => role == Some(wanted),
            BlobSelector::Name(name) => {
                role.zip(operator).is_some_and(|(role, operator)| operator.calls(index, role, name))
            }
        }
    }

    /// What `text` behind the last dot of a pattern means, if it means blobs.
    fn parse(text: &str) -> Option<BlobSelector> {
        match NamedBlob::of(text) {
            Some(NamedBlob::Role(role)) => Some(BlobSelector::Role(role)),
            Some(NamedBlob::Name(name)) => Some(BlobSelector::Name(name)),
            None if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                // An index that does not fit is one that no layer has.
                Some(BlobSelector::Index(text.parse().unwrap_or(usize::MAX)))
            }
            None => None,
        }
    }
}

/// The layers whose name matches a glob, and which of their blobs.
///
/// - A pattern is `GLOB` for all blobs or `GLOB.BLOB`, with `BLOB` an index, a role (`weight`, `bias`, `statistic`,
///   `other`) or the name of a blob (`mean`, `variance`, `factor`, `scale`, `shift`, `W_xc`, `b_c`, `W_hc` and the
///   like).
/// - What may be a `BLOB` behind the last dot always is one. Where it belongs to the layer's name, a backslash stands
///   before the dot: `features\.0` is the layer `features.0`, `features.0` the first blob of `features`.
/// - In the glob `*` matches any characters, dots and slashes too, `?` one, `[ab]` one of these and `{a,b}` one of
///   these texts; a backslash takes the meaning from the character behind it. Case matters.
///
/// ```
/// use caffemodel::rules::Pattern;
/// assert!(Pattern::parse("--rule", "inception_*/1x1.weight")?.matches_layer("inception_3a/1x1"));
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    text: Box<str>,
    layers: Glob,
    blob: BlobSelector,
}

impl Pattern {
    /// Reads a pattern; `option` is what messages call it.
    ///
    /// # Errors
    /// The glob is empty or malformed.
    pub fn parse(option: &str, text: &str) -> Result<Pattern> {
        let (glob, blob) = split_blob(text);
        let fail = |message: String| {
            let location = Source::new(option, text).location(Span { start: 0, end: glob.len() });
            Diagnostic { message, location: Some(location), help: None }
        };
        if glob.is_empty() {
            return Err(fail("the name of the layer is missing".into()).help("* stands for all layers").into());
        }
        let layers = Glob::new(glob).map_err(|error| fail(format!("{glob:?} is not a glob: {error}")))?;
        Ok(Pattern { text: text.into(), layers, blob })
    }

    /// Reads the pattern of a rule `GLOB[.BLOB]=SPEC`, and returns the text of its spec too. The first equals sign
    /// ends the pattern; one in a layer's name has a backslash before it.
    pub(super) fn split<'a>(option: &str, text: &'a str) -> Result<(Pattern, &'a str)> {
        let Some((pattern, spec)) = split_rule(text) else {
            let location = Some(Source::new(option, text).location(Span { start: 0, end: text.len() }));
            let message = "a rule needs an equals sign between the layers and their filler".to_owned();
            let help = Some("such as conv*.weight=gaussian:std=0.01".to_owned());
            return Err(Diagnostic { message, location, help: help.map(Into::into) }.into());
        };
        Ok((Pattern::parse(option, pattern)?, spec))
    }

    /// Whether the glob matches a layer's name.
    pub fn matches_layer(&self, name: &str) -> bool {
        self.layers.matches(name)
    }

    /// Which blobs are meant.
    pub fn blob(&self) -> BlobSelector {
        self.blob
    }

    /// The pattern as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its glob.
    pub fn glob(&self) -> &str {
        self.layers.text()
    }
}

/// The pattern of a rule `GLOB[.BLOB]=...` and what stands behind its equals sign.
pub(crate) fn split_rule(text: &str) -> Option<(&str, &str)> {
    let end = unescaped(text, '=').next()?;
    Some((&text[..end], &text[end + 1..]))
}

/// The pattern for all blobs of the layers of this name, with backslashes before what has a meaning in it.
pub(crate) fn escaped(name: &str) -> String {
    let ends_in_blob = split_blob(name).1 != BlobSelector::All;
    let last_dot = name.rfind('.').filter(|_| ends_in_blob);
    let mut pattern = String::new();
    for (at, c) in name.char_indices() {
        if "\\*?[]{},=".contains(c) || last_dot == Some(at) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

fn split_blob(text: &str) -> (&str, BlobSelector) {
    let split = unescaped(text, '.').last();
    split
        .and_then(|dot| Some((&text[..dot], BlobSelector::parse(&text[dot + 1..])?)))
        .unwrap_or((text, BlobSelector::All))
}

/// The offsets of `wanted` in a text, but for those behind a backslash.
fn unescaped(text: &str, wanted: char) -> impl Iterator<Item = usize> {
    let mut escaped = false;
    text.char_indices().filter_map(move |(offset, c)| {
        let plain = !escaped;
        escaped = plain && c == '\\';
        (plain && c == wanted).then_some(offset)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (String, BlobSelector) {
        let pattern = Pattern::parse("--rule", text).unwrap();
        (pattern.glob().to_owned(), pattern.blob())
    }

    fn refused(result: Result<impl Sized>) -> String {
        result.err().expect("refused").to_string()
    }

    #[test]
    fn a_number_or_role_behind_the_last_dot_is_a_blob() {
        let weight = BlobSelector::Role(Role::Weight);
        assert_eq!(parsed("conv1"), ("conv1".into(), BlobSelector::All));
        assert_eq!(parsed("conv1.weight"), ("conv1".into(), weight));
        assert_eq!(parsed("*.bias"), ("*".into(), BlobSelector::Role(Role::Bias)));
        assert_eq!(parsed("bn.mean"), ("bn".into(), BlobSelector::Name("mean")));
        assert_eq!(parsed("lstm.W_hc"), ("lstm".into(), BlobSelector::Name("W_hc")));
        assert_eq!(parsed("p.other"), ("p".into(), BlobSelector::Role(Role::Other)));
        assert_eq!(parsed("layer1.0.conv1"), ("layer1.0.conv1".into(), BlobSelector::All));
        assert_eq!(parsed("layer1.0.conv1.12"), ("layer1.0.conv1".into(), BlobSelector::Index(12)));
        assert_eq!(parsed("features.0"), ("features".into(), BlobSelector::Index(0)));
        assert_eq!(parsed("features.0.0"), ("features.0".into(), BlobSelector::Index(0)));
        assert_eq!(parsed("features\\.0"), ("features\\.0".into(), BlobSelector::All));
        assert_eq!(parsed("a\\\\.weight"), ("a\\\\".into(), weight));
        assert_eq!(parsed("a.weights"), ("a.weights".into(), BlobSelector::All));
        assert_eq!(parsed("a."), ("a.".into(), BlobSelector::All));
        assert_eq!(parsed("a.-1"), ("a.-1".into(), BlobSelector::All));
        assert_eq!(parsed("a.99999999999999999999999"), ("a".into(), BlobSelector::Index(usize::MAX)));
    }

    #[test]
    fn globs_cross_dots_and_slashes() {
        let matches = |text: &str, name: &str| Pattern::parse("--rule", text).unwrap().matches_layer(name);
        assert!(matches("*", "inception_3a/1x1.a"));
        assert!(matches("inception_?[ab]/{1x1,3x3}*", "inception_4b/3x3_reduce"));
        assert!(matches("features\\.0", "features.0"));
        assert!(matches("a\\*\\=", "a*="));
        assert!(!matches("Conv1", "conv1"));
        assert!(!matches("conv1", "conv10"));
        assert!(matches("/", "/") && matches("*", "") && matches("a\\\\b", "a\\b"));
    }

    #[test]
    fn the_first_equals_sign_ends_the_pattern() {
        let split = |text: &str| {
            let (pattern, spec) = Pattern::split("--rule", text)?;
            crate::Result::Ok((pattern.glob().to_owned(), pattern.blob(), spec.to_owned()))
        };
        assert_eq!(
            split("ip.1=gaussian:std=1").unwrap(),
            ("ip".into(), BlobSelector::Index(1), "gaussian:std=1".into())
        );
        assert_eq!(split("a\\=b=msra").unwrap(), ("a\\=b".into(), BlobSelector::All, "msra".into()));
        let message = "--rule:1:1: a rule needs an equals sign between the layers and their filler \
                       (such as conv*.weight=gaussian:std=0.01)";
        assert_eq!(refused(split("conv1")), message);
        assert_eq!(refused(split("conv1\\=msra")), message);
        let message = "--rule:1:1: the name of the layer is missing (* stands for all layers)";
        assert_eq!(refused(split("=msra")), message);
        assert_eq!(refused(split(".weight=msra")), message);
    }

    #[test]
    fn names_are_escaped_where_they_must_be() {
        for (name, pattern) in
            [("fc6", "fc6"), ("a.c", "a.c"), ("a.b", "a\\.b"), ("features.0", "features\\.0"), ("a*=", "a\\*\\=")]
        {
            assert_eq!(escaped(name), pattern);
            let parsed = Pattern::parse("--fit", &escaped(name)).unwrap();
            assert!(parsed.matches_layer(name) && parsed.blob() == BlobSelector::All);
        }
    }

    #[test]
    fn a_malformed_glob_is_refused() {
        let refused = |text| refused(Pattern::parse("--rule", text));
        assert_eq!(refused("a[b"), "--rule:1:1: \"a[b\" is not a glob: unclosed character class; missing ']'");
        let message = "--rule:1:1: \"a{b\" is not a glob: unclosed alternate group; missing '}' \
                       (maybe escape '{' with '[{]'?)";
        assert_eq!(refused("a{b"), message);
        assert_eq!(refused("a\\"), "--rule:1:1: \"a\\\\\" is not a glob: dangling '\\'");
    }

    proptest! {
        /// Whatever a layer is called, its name with backslashes before all that has a meaning matches it alone.
        #[test]
        fn every_name_can_be_written(name in "[a-z.=*?/\\\\{}\\[\\]0-9-]{1,12}", blob in 0usize..20) {
            let escape = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\{c}") };
            let escaped: String = name.chars().map(escape).collect();
            let text = format!("{escaped}.{blob}=msra:x=1");
            let (pattern, spec) = Pattern::split("--rule", &text).unwrap();
            prop_assert!(pattern.matches_layer(&name));
            let longer = name + "0";
            prop_assert!(!pattern.matches_layer(&longer));
            prop_assert_eq!((pattern.blob(), spec), (BlobSelector::Index(blob), "msra:x=1"));
        }
    }
}
