//! ContinuationIndicator: tells where sequences begin, for the recurrent layers: (time_step, batch_size), 0 in the first row and
//! 1 in all others.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::size::positive_size;
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType =
    entry(Arity::exactly(0)).known(Known::WithFieldBut { field: "continuation_indicator_param", not: &["sophgo"] });

/// That of Sophgo's Caffe, which ignores a bottom.
pub(super) const OF_SOPHGO: LayerType = entry(Arity::between(0, 1)).known(Known::In(&["sophgo"]));

const fn entry(bottoms: Arity) -> LayerType {
    LayerType::new(
        "ContinuationIndicator",
        "Tells recurrent layers where sequences begin",
        bottoms,
        Arity::exactly(1),
        &setup,
    )
    .params(&["continuation_indicator_param"])
}

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    const STEPS: &str = "continuation_indicator_param.time_step";
    let param = ctx.param.continuation_indicator_param().unwrap_or_default();
    let batch = positive_size(param.batch_size(), "continuation_indicator_param.batch_size")?;
    let steps = positive_size(param.time_step(), STEPS)?;
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([steps, batch]).at(STEPS)?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_settings_are_the_shape() {
        let run = |fields: &str| {
            let text = format!("continuation_indicator_param {{ {fields} }}");
            let made = Surroundings::of("warpctc").run("ContinuationIndicator", &text, &[], 1)?;
            Ok::<_, String>(made.tops[0].dims().to_vec())
        };
        assert_eq!(run("time_step: 7 batch_size: 2"), Ok(vec![7, 2]));
        let message = "continuation_indicator_param.time_step: time_step must be at least 1";
        assert_eq!(run("batch_size: 2"), Err(message.to_owned()));
    }
}
