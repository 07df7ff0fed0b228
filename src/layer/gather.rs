//! Gather and Scatter: where several processes train a net, they bring the parts of a batch together and hand them out
//! (temporal segment networks). In one process each top is its bottom. Layers of these names in other trees are not
//! these.

use super::{Arity, LayerType, Operator, Setup, SetupContext, TopMemory};
use crate::Shape;
use crate::dialect::Known;
use crate::error::Refusal;

/// The entries of the layer table.
pub(super) static TYPES: &[LayerType] = &[
    entry("Gather", "Gathers the parts of a batch from several processes"),
    entry("Scatter", "Distributes the parts of a batch to several processes"),
];

const fn entry(name: &'static str, summary: &'static str) -> LayerType {
    LayerType::new(name, summary, Arity::at_least(1), Arity::at_least(1), &pass)
        .matching_tops()
        .known(Known::In(&["yjxiong"]))
}

fn pass(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let tops: Vec<Shape> = ctx.bottoms.iter().map(Shape::copied).collect();
    let mut setup = Setup::new(ctx, Operator::View, tops);
    for (index, memory) in setup.memory.iter_mut().enumerate() {
        if *memory == TopMemory::Own {
            *memory = TopMemory::Bottom(index);
        }
    }
    Ok(setup)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::Surroundings;

    #[test]
    fn each_top_shows_its_bottom() {
        let made = Surroundings::of("yjxiong").run("Scatter", "", &[&[4, 3], &[2]], 2).unwrap();
        assert_eq!(made.tops, [Shape::new([4, 3]).unwrap(), Shape::new([2]).unwrap()]);
        assert_eq!(made.memory, [TopMemory::Bottom(0), TopMemory::Bottom(1)]);
    }
}
