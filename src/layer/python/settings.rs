//! The parameter string of a Python layer: YAML, of which the settings of well-known layers take little.

/// The text of `python_param.param_str`.
#[derive(Debug, Clone, Copy)]
pub(super) struct PythonSettings<'a>(pub(super) &'a str);

impl<'a> PythonSettings<'a> {
    /// The text behind a key, which may be in quotes.
    fn value(self, key: &str) -> Option<&'a str> {
        self.0.match_indices(key).find_map(|(start, _)| {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            if self.0[..start].ends_with(is_word) {
                return None;
            }
            let rest = self.0[start + key.len()..].trim_start_matches(['"', '\'']).trim_start();
            rest.strip_prefix(':').map(str::trim_start)
        })
    }

    /// Whether there is such a key.
    pub(super) fn has(self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// The whole number behind a key.
    pub(super) fn number(self, key: &str) -> Option<i64> {
        let value = self.value(key)?;
        let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        value[..end].parse().ok()
    }

    /// The items of the list or tuple behind a key, without quotes; its items are not lists themselves.
    pub(super) fn list(self, key: &str) -> Option<Vec<&'a str>> {
        let value = self.value(key)?;
        let value = value.strip_prefix("!!python/tuple").unwrap_or(value).trim_start();
        let items = value.strip_prefix(['[', '('])?;
        let items = &items[..items.find([']', ')'])?];
        let items = items.split(',').map(|item| item.trim().trim_matches(['"', '\''])).filter(|item| !item.is_empty());
        Some(items.collect())
    }

    /// The last of several numbers with commas between them, which are all of the string.
    pub(super) fn last_number(self) -> Option<i64> {
        self.0.rsplit(',').next()?.trim().parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_quotes_and_without() {
        let settings = PythonSettings("'feat_stride': 16\n\"scales\": !!python/tuple [4, 8.5, 16]\nnum_classes : 21");
        assert_eq!((settings.number("feat_stride"), settings.number("num_classes")), (Some(16), Some(21)));
        assert_eq!(settings.list("scales"), Some(vec!["4", "8.5", "16"]));
        assert!(!settings.has("stride") && settings.has("scales"));
        assert_eq!(
            PythonSettings("{'tops': ['color', 'label'], 'seed': 1337}").list("tops").unwrap(),
            ["color", "label"]
        );
        assert_eq!(PythonSettings("1248, 352, 16, 3").last_number(), Some(3));
        assert_eq!(PythonSettings("").last_number(), None);
        assert_eq!(PythonSettings("'scales': [8, 16").list("scales"), None);
    }
}
