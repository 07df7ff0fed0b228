//! Recurrent modules into recurrent layers.
//!
//! With `K` inputs, `H` units and `G` gates, the rows of each gate together:
//!
//! | blob | PyTorch | Keras |
//! |---|---|---|
//! | W_x (G H, K) | `weight_ih` (G H, K) | `kernel` (K, G H) |
//! | b (G H) | `bias_ih` + `bias_hh` | `bias` |
//! | W_h (G H, H) | `weight_hh` (G H, H) | `recurrent_kernel` (H, G H) |
//!
//! Caffe's LSTM has the gates input, forget, output and cell, the others have the cell before the output. The GRU of
//! Synopsys' Caffe has update, reset and new state, each of them with a matrix of its own for the state, and so has
//! Keras; PyTorch has reset before update. Where the reset gate comes behind the product, that has a bias of its own.

use std::io;
use std::sync::Arc;

use super::ArrayRole;
use super::layout::{cast, numbered, outputs_first};
use super::place::{Findings, PlacedBlob, Placement};
use crate::formats::{Gather, GatheredValues, RowChoice, StoredBlob, StoredValues};
use crate::layer::{Cell, Recurrent};
use crate::plan::PlannedLayer;

/// What a blob of a recurrent layer is made of.
enum CellPart {
    /// The weights of the input, for all gates.
    Input,
    /// The sum of the biases, for all gates.
    Bias,
    /// The weights of the state, for these gates.
    State(&'static [usize]),
    /// The bias of the state, for the last gate.
    StateBias,
    /// What the frameworks do not have.
    Left,
}

impl CellPart {
    fn of(cell: Cell, name: &str) -> Option<CellPart> {
        let is_gated = matches!(cell, Cell::Gru { .. });
        Some(match name {
            "W_xc" | "W_xh" | "W_x" => CellPart::Input,
            "b_h" if is_gated => CellPart::StateBias,
            "b_c" | "b_h" | "b" => CellPart::Bias,
            "W_hc" => CellPart::State(&[0, 1, 2, 3]),
            "W_hh" | "W_z" => CellPart::State(&[0]),
            "W_r" => CellPart::State(&[1]),
            "W_h" => CellPart::State(&[2]),
            "W_ho" | "b_o" => CellPart::Left,
            _ => return None,
        })
    }
}

impl Placement<'_, '_> {
    /// The blobs of a recurrent layer of the net, but for those that its module has nothing for and that stay what they
    /// are.
    ///
    /// # Errors
    /// The module is of another cell, or one of the two has what the other has not.
    pub(super) fn recurrent(
        &self,
        recurrent: &Recurrent,
        planned: &PlannedLayer,
        found: &mut Findings<'_>,
    ) -> Result<Vec<PlacedBlob>, String> {
        let module = RecurrentModule::new(self, recurrent.cell)?;
        let (mut placed, mut left) = (Vec::new(), Vec::new());
        for (index, blob) in planned.blobs.iter().enumerate() {
            let name = planned.operator.blob_name(index).unwrap_or_default();
            let part = CellPart::of(recurrent.cell, name);
            let made = match part.ok_or_else(|| format!("{} has nothing for {name}", self.framework.title))? {
                CellPart::Left => {
                    left.push(name);
                    continue;
                }
                CellPart::Input => module.input.clone(),
                CellPart::State(gates) => module.state_of(gates),
                CellPart::StateBias => module.state_bias(),
                CellPart::Bias => module.bias(),
            };
            let made = made.unwrap_or_else(|| {
                found.without_bias(planned.param.name());
                PlacedBlob::all(0.0, &blob.shape)
            });
            placed.push(PlacedBlob { blob: numbered(made.blob, index, &blob.shape), ..made });
        }
        if !left.is_empty() {
            let (name, title, left) = (planned.param.name(), self.framework.title, left.join(" and "));
            found.note(format!("layer {name:?}: {left} stay as they are: {title} gives the state itself out"));
        }
        Ok(placed)
    }
}

/// The arrays of a recurrent module, its gates in Caffe's order and its outputs first.
struct RecurrentModule {
    cell: Cell,
    input: Option<PlacedBlob>,
    state: PlacedBlob,
    /// The biases of input and state; one that is the sum of both is that of the input.
    biases: [Option<PlacedBlob>; 2],
}

impl RecurrentModule {
    fn new(placement: &Placement<'_, '_>, cell: Cell) -> Result<RecurrentModule, String> {
        use ArrayRole::{Bias, Kernel, Projection, StateBias, StateKernel, StateWeight, Weight};
        let (framework, module) = (placement.framework, placement.module);
        let order: &[usize] = match cell {
            Cell::Rnn | Cell::SimpleRnn => &[0],
            Cell::Lstm => &framework.lstm,
            Cell::Gru { .. } => &framework.gru,
            Cell::PeepholeLstm => return Err(format!("{} has no such cell", framework.title)),
        };
        if let Some(key) = module.keys(|role| role == Projection).next() {
            return Err(format!("{key:?} has no place: it has no such blob"));
        }
        let gated = |array: &StoredBlob, is_last: bool| PlacedBlob {
            blob: gates(if is_last { transposed(array) } else { array.clone() }, order, order.len()),
            array: Some(array.clone()),
        };
        let matrix = |first: ArrayRole, last: ArrayRole| {
            let (role, array) = module.array(|role| role == first || role == last)?;
            Some(gated(array, role == last))
        };
        let state = matrix(StateWeight, StateKernel);
        let state = state.ok_or_else(|| format!("{:?} has no weights for its state", module.name))?;
        if let &[rows, units] = state.blob.shape.dims()
            && rows != units.saturating_mul(order.len() as i32)
        {
            let shape = state.array.as_ref().map_or(&state.blob.shape, |array| &array.shape);
            let gates = if order.len() == 1 { "1 gate".to_owned() } else { format!("{} gates", order.len()) };
            return Err(format!("its weights for the state are {shape}, which is not {gates} of as many units"));
        }
        let bias = |role| module.array(|other| other == role).map(|(_, array)| array);
        let biases = match (bias(Bias), bias(StateBias)) {
            (Some(both), None) if both.shape.axes() == 2 => [0, 1].map(|row| Some(gated(&row_of(both, row), false))),
            (input, state) => [input, state].map(|bias| bias.map(|bias| gated(bias, false))),
        };
        let resets_behind = framework.resets_behind || biases[1].is_some();
        let has_bias = biases.iter().any(Option::is_some);
        match cell {
            Cell::Gru { linear_before_reset: false } if resets_behind => {
                return Err("its reset gate comes behind the product, as with linear_before_reset: 1".to_owned());
            }
            Cell::Gru { linear_before_reset: true } if !resets_behind && has_bias => {
                return Err("its reset gate comes before the product, as with linear_before_reset: 0".to_owned());
            }
            _ => {}
        }
        Ok(RecurrentModule { cell, input: matrix(Weight, Kernel), state, biases })
    }

    /// The weights of the state, for these gates of Caffe's.
    fn state_of(&self, chosen: &[usize]) -> Option<PlacedBlob> {
        let all = usize::try_from(self.cell.gates()).unwrap_or(1);
        Some(PlacedBlob { blob: gates(self.state.blob.clone(), chosen, all), array: self.state.array.clone() })
    }

    fn state_bias(&self) -> Option<PlacedBlob> {
        let bias = self.biases[1].clone()?;
        Some(PlacedBlob { blob: gates(bias.blob, &[2], 3), array: bias.array })
    }

    /// The bias that all gates have: that of the input and, where it is not apart, that of the state.
    fn bias(&self) -> Option<PlacedBlob> {
        let [input, state] = self.biases.clone();
        let (Some(input), Some(state)) = (&input, &state) else { return input.or(state) };
        let count = input.blob.shape.count();
        if state.blob.shape.count() != count {
            return Some(input.clone());
        }
        let shared = if matches!(self.cell, Cell::Gru { .. }) { count / 3 * 2 } else { count };
        let sum =
            SummedValues { first: Arc::clone(&input.blob.values), second: Arc::clone(&state.blob.values), shared };
        Some(PlacedBlob {
            blob: StoredBlob { values: Arc::new(sum), ..input.blob.clone() },
            array: input.array.clone(),
        })
    }
}

/// A matrix with its outputs last as one with its outputs first.
fn transposed(array: &StoredBlob) -> StoredBlob {
    match array.shape.dims() {
        dims @ [_, _] => outputs_first(array, dims),
        _ => array.clone(),
    }
}

/// The rows of these gates, in this order, of an array that has the rows of `all` gates.
fn gates(array: StoredBlob, order: &[usize], all: usize) -> StoredBlob {
    let stored = array.shape.dims().to_vec();
    let units = stored.first().map_or(0, |&rows| rows as usize / all);
    if units * all != stored.first().map_or(0, |&rows| rows as usize) || array.shape.count() == 0 {
        return array;
    }
    if order.iter().copied().eq(0..all) {
        return array;
    }
    let rows: Vec<usize> = order.iter().flat_map(|gate| gate * units..(gate + 1) * units).collect();
    let dims = [&[rows.len() as i32], &stored[1..]].concat();
    let gather = Gather::new(&stored, &dims).of_rows(RowChoice { rows, period: None });
    let values = GatheredValues::new(Arc::clone(&array.values), gather);
    cast(StoredBlob { values: Arc::new(values), ..array }, &dims)
}

/// A row of a matrix, as an array of one axis.
fn row_of(array: &StoredBlob, row: usize) -> StoredBlob {
    let &[rows, length] = array.shape.dims() else { return array.clone() };
    if row >= rows as usize || length == 0 {
        return array.clone();
    }
    let gather = Gather::new(&[rows, length], &[1, length]).of_rows(RowChoice { rows: vec![row], period: None });
    let values = GatheredValues::new(Arc::clone(&array.values), gather);
    cast(StoredBlob { values: Arc::new(values), ..array.clone() }, &[length])
}

/// The values of two arrays added up, those behind the first `shared` of the first array alone.
struct SummedValues {
    first: Arc<dyn StoredValues>,
    second: Arc<dyn StoredValues>,
    shared: usize,
}

impl StoredValues for SummedValues {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        self.first.read(offset, out)?;
        let count = self.shared.saturating_sub(offset).min(out.len());
        let mut second = vec![0.0; count];
        self.second.read(offset, &mut second)?;
        out.iter_mut().zip(second).for_each(|(value, second)| *value += second);
        Ok(())
    }
}
