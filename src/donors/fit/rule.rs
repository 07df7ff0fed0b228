//! Rules that say how blobs are fitted.

use std::fmt;

use super::{FIT_WAYS, Fit, FitWay, Mismatch};
use crate::error::{Diagnostic, Result};
use crate::formats::RowChoice;
use crate::plan::PlannedLayer;
use crate::proto::text::{Source, Span, closest};
use crate::rules::{Pattern, split_rule};

/// A rule `GLOB[.BLOB]=HOW`: how stored values are fitted to blobs of the net whose shapes differ from theirs.
///
/// ```
/// use caffemodel::donors::FitRule;
/// let rule = FitRule::parse("--fit", "fc[67].weight=reshape")?;
/// assert_eq!(rule.to_string(), "fc[67].weight=reshape");
/// let error = FitRule::parse("--fit", "fc6=reshap").unwrap_err();
/// assert_eq!(error.to_string(), "--fit:1:5: unknown fit \"reshap\" (did you mean \"reshape\"?)");
/// # Ok::<(), caffemodel::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct FitRule {
    pattern: Pattern,
    how: How,
    text: Box<str>,
}

impl FitRule {
    /// Reads a rule; `option` is what messages call it.
    ///
    /// # Errors
    /// It is malformed, or names no way of fitting.
    pub fn parse(option: &str, text: &str) -> Result<FitRule> {
        let fail = |start: usize, message: String, help: Option<String>| {
            let location = Some(Source::new(option, text).location(Span { start, end: text.len() }));
            Diagnostic { message, location, help: help.map(Into::into) }
        };
        let Some((pattern, how)) = split_rule(text) else {
            let help = Some("such as fc6=reshape".to_owned());
            return Err(fail(0, "expected GLOB=HOW or GLOB.BLOB=HOW".to_owned(), help).into());
        };
        let pattern = Pattern::parse(option, pattern)?;
        let how = How::parse(how).map_err(|(message, help)| fail(text.len() - how.len(), message, help))?;
        Ok(FitRule { pattern, how, text: text.into() })
    }

    /// Whether it is about this blob of a layer of the net.
    pub(crate) fn selects(&self, layer: &PlannedLayer, blob: usize) -> bool {
        let role = layer.blobs.get(blob).map(|blob| blob.role);
        self.is_about(layer) && self.pattern.blob().selects(blob, role, Some(&layer.operator))
    }

    /// Whether it is about a layer of the net, or some of its blobs.
    pub(in crate::donors) fn is_about(&self, layer: &PlannedLayer) -> bool {
        self.pattern.matches_layer(layer.param.name())
    }

    pub(in crate::donors) fn how(&self) -> &How {
        &self.how
    }
}

impl fmt::Display for FitRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A way of fitting, with its rows.
#[derive(Debug, Clone)]
pub(in crate::donors) struct How {
    way: &'static FitWay,
    rows: Option<RowChoice>,
}

impl How {
    /// A way that has no rows.
    pub(super) fn plain(way: &'static FitWay) -> How {
        How { way, rows: None }
    }

    /// # Errors
    /// What is wrong, and what to do.
    fn parse(text: &str) -> Result<How, (String, Option<String>)> {
        let (name, argument) = text.split_once(':').map_or((text, None), |(name, rows)| (name, Some(rows)));
        let Some(way) = FIT_WAYS.iter().find(|way| way.name == name) else {
            let names = || FIT_WAYS.iter().map(|way| way.name);
            let help = match closest(name, names()) {
                Some(close) => format!("did you mean {close:?}?"),
                None => format!("expected {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err((format!("unknown fit {name:?}"), Some(help)));
        };
        match (way.has_rows, argument) {
            (false, None) => Ok(How::plain(way)),
            (false, Some(_)) => Err((format!("{name} takes no list"), None)),
            (true, None) => Err((format!("{name} needs a list"), Some(format!("such as {}", way.form)))),
            (true, Some(rows)) => {
                let rows = parse_rows(rows).map_err(|message| (message, Some(format!("such as {}", way.form))))?;
                Ok(How { way, rows: Some(rows) })
            }
        }
    }

    pub(super) fn fit(&self, mismatch: &Mismatch<'_>) -> Result<Fit, String> {
        (self.way.fit)(mismatch, self.rows.as_ref())
    }

    /// Whether the blob is laid out otherwise even if its shape is the net's.
    pub(super) fn is_layout_of(&self, mismatch: &Mismatch<'_>) -> bool {
        mismatch.aligned.as_ref().is_some_and(|dims| (self.way.is_layout_of)(dims.len()))
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.way.name)?;
        let Some(RowChoice { rows, period }) = &self.rows else { return Ok(()) };
        let rows: Vec<String> = rows.iter().map(usize::to_string).collect();
        write!(f, ":{}", rows.join(","))?;
        period.map_or(Ok(()), |period| write!(f, "/{period}"))
    }
}

/// Reads `0,7,15` or `0,7,15/21`.
fn parse_rows(text: &str) -> Result<RowChoice, String> {
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| format!("{text:?} is not a row number"));
    let (rows, period) = text.split_once('/').map_or((text, None), |(rows, period)| (rows, Some(period)));
    let rows = rows.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
    let period = period.map(number).transpose()?;
    match (period, rows.iter().max()) {
        (Some(0), _) => Err("a period of 0 has no rows".to_owned()),
        (Some(period), Some(beyond)) if *beyond >= period => {
            Err(format!("row {beyond} is not one of every {period}, which are 0 to {}", period - 1))
        }
        _ => Ok(RowChoice { rows, period }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        FitRule::parse("--fit", text).unwrap_err().to_string()
    }

    #[test]
    fn rules_are_read_and_written() {
        for text in ["fc6=reshape", "*.weight=rows:0,7,15/21", "a\\=b.0=mean"] {
            assert_eq!(FitRule::parse("--fit", text).unwrap().to_string(), text);
        }
        let rule = FitRule::parse("--fit", "conf*=rows:0, 7/21").unwrap();
        assert_eq!(rule.how().to_string(), "rows:0,7/21");
    }

    #[test]
    fn what_is_no_rule_is_told() {
        assert_eq!(refused("fc6"), "--fit:1:1: expected GLOB=HOW or GLOB.BLOB=HOW (such as fc6=reshape)");
        assert_eq!(refused("fc6=mean:1"), "--fit:1:5: mean takes no list");
        assert_eq!(refused("fc6=rows"), "--fit:1:5: rows needs a list (such as rows:0,7,15[/21])");
        let message = "--fit:1:5: \"x\" is not a row number (such as rows:0,7,15[/21])";
        assert_eq!(refused("fc6=rows:x"), message);
        let message = "--fit:1:5: row 21 is not one of every 21, which are 0 to 20 (such as rows:0,7,15[/21])";
        assert_eq!(refused("fc6=rows:21/21"), message);
        let message = "--fit:1:5: a period of 0 has no rows (such as rows:0,7,15[/21])";
        assert_eq!(refused("fc6=rows:0/0"), message);
        assert!(refused("fc6=squeeze").contains("expected transpose, hwio, reshape, inflate, mean"));
    }
}
