//! LstmUnit and PyramidLstm: a step of a long short-term memory with its weights, and one for each of several maps
//! (CharlesShang).
//!
//! With `H = num_cells` and `D` the channels of the input:
//!
//! ```text
//! LstmUnit     input (N, D, ..), hidden (N, H, ..), memory (N, H, ..) -> hidden and memory (N, H, 1, 1), and a third top without axes
//! PyramidLstm  maps (N, D, Y, X) and any as many more as tops         -> as many (N, H, Y, X)
//! blobs        input, input gate, forget gate, output gate: (1, H, 1, D + H) each
//! ```
//!
//! Missing axes count as 1. Draws: the four blobs in this order, by `weight_filler`, which must be given. PyramidLstm
//! sets up a unit for each map, whose weights are filled too, and thrown away but for the first. Blobs given in the net
//! do not count: LstmUnit replaces them, PyramidLstm has its own behind them.

use super::size::positive_size;
use super::{Arity, BlobSpec, Draw, LayerType, Operator, Role, Setup, SetupContext, Signal};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::proto::caffe::{FillerParameter, LayerParameter};

const CHARLESSHANG: Known = Known::In(&["charlesshang"]);
const THREE: Arity = Arity::exactly(3);
const ANY: Arity = Arity::at_least(1);

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    LayerType::new("LstmUnit", "Runs a step of a long short-term memory, with its weights", THREE, THREE, &unit)
        .params(&["lstm_unit_param"])
        .signal(signal)
        .known(CHARLESSHANG),
    LayerType::new("PyramidLstm", "Runs a long short-term memory over several maps", ANY, ANY, &pyramid)
        .params(&["pyramid_lstm_param"])
        .matching_tops()
        .signal(signal)
        .known(CHARLESSHANG),
];

/// The filler has to be given.
fn signal(layer: &LayerParameter) -> Signal {
    Signal::through_weights(layer, true)
}

/// The weights of a unit, whose settings are fields of these names.
struct LstmWeights<'a> {
    cells: i64,
    inputs: i64,
    filler: (&'static str, &'a FillerParameter),
}

impl<'a> LstmWeights<'a> {
    /// Those of so many inputs.
    fn new(
        inputs: i32,
        (cells_field, cells): (&'static str, Option<u32>),
        (filler_field, filler): (&'static str, Option<&'a FillerParameter>),
    ) -> Result<LstmWeights<'a>, Refusal> {
        let Some(cells) = cells else {
            return Err(Refusal::at(cells_field, "num_cells is missing").help("give the number of cells"));
        };
        let Some(filler) = filler else {
            return Err(Refusal::at(filler_field, "weight_filler is missing").help("give the filler of the weights"));
        };
        let cells = positive_size(cells, cells_field)?;
        Ok(LstmWeights { cells, inputs: inputs.into(), filler: (filler_field, filler) })
    }

    fn push(&self, setup: &mut Setup) -> Result<(), Refusal> {
        let (field, filler) = self.filler;
        let shape = Shape::new([1, self.cells, 1, self.inputs + self.cells]).at(field)?;
        for _ in 0..4 {
            setup.push_blob(BlobSpec::filled(Role::Weight, shape.clone(), field, Some(filler)));
        }
        Ok(())
    }
}

fn unit(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.lstm_unit_param().unwrap_or_default();
    let cells = ("lstm_unit_param.num_cells", param.num_cells);
    let filler = ("lstm_unit_param.weight_filler", param.weight_filler.as_ref());
    let weights = LstmWeights::new(ctx.legacy_dim(0, 1)?, cells, filler)?;
    let [input, hidden, memory] = [0, 1, 2].map(|bottom| ctx.bottom(bottom));
    let items = ctx.legacy_dim(0, 0)?;
    for (bottom, shape) in [(1, hidden), (2, memory)] {
        let agrees = ctx.legacy_dim(bottom, 0)? == items;
        ensure!(agrees, "bottom", "the bottoms differ in their first dimension: {input} and {shape}");
        let (channels, cells) = (i64::from(ctx.legacy_dim(bottom, 1)?), weights.cells);
        ensure!(channels == cells, "bottom", "{shape} must have {cells} channels, one for each cell");
    }
    // Caffe joins them along the channels.
    let joins = input.axes() > 1
        && input.axes() == hidden.axes()
        && (input.dims().iter().zip(hidden.dims()).enumerate()).all(|(axis, (a, b))| axis == 1 || a == b);
    ensure!(joins, "bottom", "{input} and {hidden} cannot be joined along the channels");
    let top = Shape::new([items.into(), weights.cells, 1, 1]).at("bottom")?;
    let mut setup = Setup::new(ctx, Operator::Opaque, [top.clone(), top, Shape::unshaped()]);
    setup.blobs.clear();
    weights.push(&mut setup)?;
    Ok(setup)
}

fn pyramid(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.pyramid_lstm_param().unwrap_or_default();
    let cells = ("pyramid_lstm_param.num_cells", param.num_cells);
    let filler = ("pyramid_lstm_param.weight_filler", param.weight_filler.as_ref());
    let [items, channels, height, width] = [0, 1, 2, 3].map(|axis| ctx.legacy_dim(0, axis));
    let weights = LstmWeights::new(channels?, cells, filler)?;
    let top = Shape::new([items?.into(), weights.cells, height?.into(), width?.into()]).at(cells.0)?;
    let mut setup = Setup::new(ctx, Operator::Opaque, vec![top; ctx.top_count()]);
    let first = setup.blobs.len();
    weights.push(&mut setup)?;
    let times = ctx.bottoms.len() as u64 - 1;
    if times > 0 {
        setup.draws.push(Draw::Discard { first, end: first + 4, times });
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    const FILLED: &str = "num_cells: 5 weight_filler { type: 'xavier' }";

    fn run(name: &str, text: &str, bottoms: &[&[i32]], tops: usize) -> Result<Setup, String> {
        Surroundings::of("charlesshang").run(name, text, bottoms, tops)
    }

    #[test]
    fn a_unit_has_a_matrix_for_each_gate() {
        let text = format!("lstm_unit_param {{ {FILLED} }}");
        let made = run("LstmUnit", &text, &[&[2, 3], &[2, 5], &[2, 5]], 3).unwrap();
        assert_eq!((made.tops[0].dims(), made.tops[1].dims()), (&[2, 5, 1, 1][..], &[2, 5, 1, 1][..]));
        let blobs: Vec<&[i32]> = made.blobs.iter().map(|blob| blob.shape.dims()).collect();
        assert_eq!(blobs, [&[1, 5, 1, 8][..]; 4]);
        assert_eq!(made.draws, [0, 1, 2, 3].map(Draw::Blob));
    }

    #[test]
    fn a_pyramid_fills_a_unit_for_each_map() {
        let text = format!("pyramid_lstm_param {{ {FILLED} }}");
        let made = run("PyramidLstm", &text, &[&[2, 3, 4, 6], &[1], &[1]], 3).unwrap();
        assert_eq!(made.tops, vec![Shape::new([2, 5, 4, 6]).unwrap(); 3]);
        assert_eq!(made.draws[..4], [0, 1, 2, 3].map(Draw::Blob));
        assert_eq!(made.draws[4..], [Draw::Discard { first: 0, end: 4, times: 2 }]);
        let made = run("PyramidLstm", &text, &[&[2, 3, 4, 6]], 1).unwrap();
        assert_eq!(made.draws.len(), 4);
    }

    #[test]
    fn refusals() {
        let error = |text: &str, bottoms: &[&[i32]]| run("LstmUnit", text, bottoms, 3).unwrap_err();
        let bottoms: &[&[i32]] = &[&[2, 3], &[2, 5], &[2, 5]];
        let text = format!("lstm_unit_param {{ {FILLED} }}");
        assert_eq!(error("", bottoms), "lstm_unit_param.num_cells: num_cells is missing");
        let message = "lstm_unit_param.weight_filler: weight_filler is missing";
        assert_eq!(error("lstm_unit_param { num_cells: 5 }", bottoms), message);
        let message = "bottom: (2, 4) must have 5 channels, one for each cell";
        assert_eq!(error(&text, &[&[2, 3], &[2, 5], &[2, 4]]), message);
        let message = "bottom: the bottoms differ in their first dimension: (2, 3) and (1, 5)";
        assert_eq!(error(&text, &[&[2, 3], &[1, 5], &[2, 5]]), message);
        let message = "bottom: (2, 3, 1, 1) and (2, 5) cannot be joined along the channels";
        assert_eq!(error(&text, &[&[2, 3, 1, 1], &[2, 5], &[2, 5]]), message);
        let message = "top: PyramidLstm makes one top for each bottom: 1 bottoms, 2 tops";
        assert_eq!(run("PyramidLstm", "", &[&[2, 3]], 2).unwrap_err(), message);
    }
}
