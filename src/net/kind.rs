//! Whether a file describes a net or a solver.

use std::collections::BTreeSet;

use crate::proto::schema::MessageType;

use crate::dialect::Dialect;
use crate::proto::sniff;
use crate::proto::text::field_names;

/// What a file describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A net: a `NetParameter`.
    Net,
    /// How a net is trained: a `SolverParameter`.
    Solver,
}

impl Kind {
    /// What a text describes: a solver, if it has more fields that only solvers have than fields that only nets have.
    ///
    /// A binary file is taken for a net.
    ///
    /// ```
    /// use caffemodel::net::Kind;
    /// assert_eq!(Kind::of(b"net: \"lenet.prototxt\" base_lr: 0.01"), Kind::Solver);
    /// assert_eq!(Kind::of(b"name: \"LeNet\" layer { }"), Kind::Net);
    /// ```
    pub fn of(content: &[u8]) -> Kind {
        if !sniff::is_text(content) {
            return Kind::Net;
        }
        let (net, solver) = (Kind::Net.message(), Kind::Solver.message());
        let has = |message: MessageType, name: &str| message.field_named(name).is_some();
        let telling: BTreeSet<&str> = field_names(content).filter(|name| has(net, name) != has(solver, name)).collect();
        let solvers = telling.iter().filter(|name| has(solver, name)).count();
        if solvers > telling.len() - solvers { Kind::Solver } else { Kind::Net }
    }

    /// The message that such a file holds, in BVLC's schema.
    pub fn message(self) -> MessageType {
        self.message_of(Dialect::bvlc())
    }

    /// The message that such a file holds, in the schema of a dialect.
    pub fn message_of(self, dialect: &Dialect) -> MessageType {
        let name = match self {
            Kind::Net => "NetParameter",
            Kind::Solver => "SolverParameter",
        };
        dialect.schema().message(name).expect("every schema has nets and solvers")
    }

    /// As errors call such a file.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Kind::Net => "a net definition",
            Kind::Solver => "a solver definition",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_both_have_do_not_count() {
        assert_eq!(Kind::of(b""), Kind::Net);
        assert_eq!(Kind::of(b"debug_info: true"), Kind::Net);
        assert_eq!(Kind::of(b"debug_info: true random_seed: 3"), Kind::Solver);
    }

    #[test]
    fn a_slip_does_not_decide() {
        assert_eq!(Kind::of(b"net: 'a' base_lr: 1 base_lr: 2 name: 'x'"), Kind::Solver);
        assert_eq!(Kind::of(b"name: 'a' layer { name: 'b' } type: 'ReLU'"), Kind::Net, "a brace too early");
        assert_eq!(Kind::of(b"net_param { layer { } layer { } } bas_lr: 1"), Kind::Solver);
    }

    #[test]
    fn binary_files_are_nets() {
        assert_eq!(Kind::of(b"\x0a\x05lenet"), Kind::Net);
    }
}
