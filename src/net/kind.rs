//! Whether a file describes a net or a solver.

use std::collections::BTreeSet;

use crate::proto::schema::MessageType;

use crate::dialect::Dialect;
use crate::proto::sniff;
use crate::proto::text::field_names;

/// What a file describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A net: a `NetParameter`.
    Net,
    /// How a net is trained: a `SolverParameter`.
    Solver,
}

impl FileKind {
    /// What a text describes: a solver, if it has more fields that only solvers have than fields that only nets have.
    ///
    /// A binary file is taken for a net.
    ///
    /// ```
    /// use caffemodel::net::FileKind;
    /// assert_eq!(FileKind::of(b"net: \"lenet.prototxt\" base_lr: 0.01"), FileKind::Solver);
    /// assert_eq!(FileKind::of(b"name: \"LeNet\" layer { }"), FileKind::Net);
    /// ```
    pub fn of(content: &[u8]) -> FileKind {
        if !sniff::is_text(content) {
            return FileKind::Net;
        }
        let (net, solver) = (FileKind::Net.message(), FileKind::Solver.message());
        let has = |message: MessageType, name: &str| message.field_named(name).is_some();
        let telling: BTreeSet<&str> = field_names(content).filter(|name| has(net, name) != has(solver, name)).collect();
        let solvers = telling.iter().filter(|name| has(solver, name)).count();
        if solvers > telling.len() - solvers { FileKind::Solver } else { FileKind::Net }
    }

    /// The message that such a file holds, in BVLC's schema.
    pub fn message(self) -> MessageType {
        self.message_of(Dialect::bvlc())
    }

    /// The message that such a file holds, in the schema of a dialect.
    pub fn message_of(self, dialect: &Dialect) -> MessageType {
        let name = match self {
            FileKind::Net => "NetParameter",
            FileKind::Solver => "SolverParameter",
        };
        dialect.schema().message(name).expect("every schema has nets and solvers")
    }

    /// As errors call such a file.
    pub(super) fn noun(self) -> &'static str {
        match self {
            FileKind::Net => "a net definition",
            FileKind::Solver => "a solver definition",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_both_have_do_not_count() {
        assert_eq!(FileKind::of(b""), FileKind::Net);
        assert_eq!(FileKind::of(b"debug_info: true"), FileKind::Net);
        assert_eq!(FileKind::of(b"debug_info: true random_seed: 3"), FileKind::Solver);
    }

    #[test]
    fn a_slip_does_not_decide() {
        assert_eq!(FileKind::of(b"net: 'a' base_lr: 1 base_lr: 2 name: 'x'"), FileKind::Solver);
        assert_eq!(FileKind::of(b"name: 'a' layer { name: 'b' } type: 'ReLU'"), FileKind::Net, "a brace too early");
        assert_eq!(FileKind::of(b"net_param { layer { } layer { } } bas_lr: 1"), FileKind::Solver);
    }

    #[test]
    fn binary_files_are_nets() {
        assert_eq!(FileKind::of(b"\x0a\x05lenet"), FileKind::Net);
    }
}
