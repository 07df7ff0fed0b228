//! What a recurrent layer does at each timestep.

/// The cell that a recurrent layer repeats for each timestep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cell {
    /// h = tanh(W_hh h + W_x x + W_static s + b), o = tanh(W_ho h + b_o).
    Rnn,
    /// h = f(W_hh h + W_x x + W_static s + b), which is the output, too.
    SimpleRnn,
    /// A long short-term memory with input, forget and output gate.
    Lstm,
    /// The same, whose gates see the cell's state through weights of their own.
    PeepholeLstm,
    /// A gated recurrent unit, whose reset gate comes before or behind the last product.
    Gru {
        /// Whether it comes behind, where the product has a bias of its own.
        linear_before_reset: bool,
    },
}

/// A blob of one timestep.
pub(super) enum StepBlob {
    /// A matrix with so many rows for each unit.
    Matrix(i64),
    /// A bias with a value for each unit.
    Bias,
    /// Weights of 1, one for each unit.
    Ones,
}

impl Cell {
    /// All of them.
    pub(crate) const ALL: [Cell; 6] = [
        Cell::Rnn,
        Cell::SimpleRnn,
        Cell::Lstm,
        Cell::PeepholeLstm,
        Cell::Gru { linear_before_reset: false },
        Cell::Gru { linear_before_reset: true },
    ];

    /// How many states go from one timestep to the next.
    pub(super) fn states(self) -> usize {
        match self {
            Cell::Rnn | Cell::SimpleRnn | Cell::Gru { .. } => 1,
            Cell::Lstm | Cell::PeepholeLstm => 2,
        }
    }

    /// The rows of the gates, in multiples of `num_output`.
    pub(crate) fn gates(self) -> i64 {
        match self {
            Cell::Rnn | Cell::SimpleRnn => 1,
            Cell::Gru { .. } => 3,
            Cell::Lstm | Cell::PeepholeLstm => 4,
        }
    }

    /// The blobs of a timestep, in the order in which they are filled.
    pub(super) fn step_blobs(self) -> &'static [StepBlob] {
        use StepBlob::{Bias, Matrix, Ones};
        match self {
            Cell::Rnn => &[Matrix(1), Matrix(1), Bias],
            Cell::SimpleRnn => &[Matrix(1)],
            Cell::Lstm => &[Matrix(4)],
            Cell::PeepholeLstm => &[Matrix(4), Ones, Ones, Ones],
            Cell::Gru { linear_before_reset: false } => &[Matrix(1), Matrix(1), Matrix(1)],
            Cell::Gru { linear_before_reset: true } => &[Matrix(1), Matrix(1), Matrix(1), Bias],
        }
    }

    /// What the blobs are called: those for the input, its bias and the static input, and those of a timestep.
    pub(crate) fn blob_names(self) -> ([&'static str; 3], &'static [&'static str]) {
        match self {
            Cell::Rnn => (["W_xh", "b_h", "W_xh_static"], &["W_hh", "W_ho", "b_o"]),
            Cell::SimpleRnn => (["W_xh", "b_h", "W_xh_static"], &["W_hh"]),
            Cell::Lstm => (["W_xc", "b_c", "W_xc_static"], &["W_hc"]),
            Cell::PeepholeLstm => (["W_xc", "b_c", "W_xc_static"], &["W_hc", "W_ci", "W_cf", "W_co"]),
            Cell::Gru { .. } => (["W_x", "b", "W_static"], &["W_z", "W_r", "W_h", "b_h"]),
        }
    }

    /// How many functions `activations` can name.
    pub(super) fn activations(self) -> usize {
        match self {
            Cell::Rnn => 0,
            Cell::SimpleRnn => 1,
            Cell::Gru { .. } => 2,
            Cell::Lstm | Cell::PeepholeLstm => 3,
        }
    }
}
