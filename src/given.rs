//! Options of the command line, as messages and records repeat them.

use std::fmt;

/// An option with its value, in quotes where a shell needs them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    /// The option, such as `--rule`.
    pub(crate) option: &'a str,
    /// Its value.
    pub(crate) value: &'a str,
}

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-+./:=,".contains(c);
        if !self.value.is_empty() && self.value.chars().all(plain) {
            write!(f, "{} {}", self.option, self.value)
        } else {
            write!(f, "{} '{}'", self.option, self.value.replace('\'', r"'\''"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        let given = |value| Given { option: "--rule", value }.to_string();
        assert_eq!(given("conv1.0=gaussian:std=1e-2"), "--rule conv1.0=gaussian:std=1e-2");
        assert_eq!(given("conv*=msra"), "--rule 'conv*=msra'");
        assert_eq!(given("it's=msra"), r"--rule 'it'\''s=msra'");
        assert_eq!(given(""), "--rule ''");
    }
}
