//! ContinuationIndicator: tells where sequences begin, for the recurrent layers: (time_step, batch_size), 0 in the
//! first row and 1 in all others. In Sophgo's Caffe the settings are signed.

use crate::Shape;
use crate::dialect::Known;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::size::positive_size;
use crate::layer::{Arity, Layer, LayerType, Operator, Setup, SetupContext};

pub(super) const TYPE: LayerType = entry(Arity::exactly(0), &setup)
    .known(Known::WithFieldBut { field: "continuation_indicator_param", not: &["sophgo"] });

/// That of Sophgo's Caffe, which ignores a bottom.
pub(super) const OF_SOPHGO: LayerType = entry(Arity::between(0, 1), &of_sophgo).known(Known::In(&["sophgo"]));

const fn entry(bottoms: Arity, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(
        "ContinuationIndicator",
        "Tells recurrent layers where sequences begin",
        bottoms,
        Arity::exactly(1),
        rule,
    )
    .params(&["continuation_indicator_param"])
}

const BATCH: &str = "continuation_indicator_param.batch_size";
const STEPS: &str = "continuation_indicator_param.time_step";

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.continuation_indicator_param().unwrap_or_default();
    let batch = positive_size(param.batch_size(), BATCH)?;
    let steps = positive_size(param.time_step(), STEPS)?;
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([steps, batch]).at(STEPS)?]))
}

/// The signed fields have names of their own in Rust, as the type of the others differs.
fn of_sophgo(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.continuation_indicator_param().unwrap_or_default();
    let (batch, steps) = (param.batch_size_int32(), param.time_step_int32());
    ensure!(batch > 0, BATCH, "batch_size {batch} is not above 0");
    ensure!(steps > 0, STEPS, "time_step {steps} is not above 0");
    Ok(Setup::new(ctx, Operator::Opaque, [Shape::new([steps, batch]).at(STEPS)?]))
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    #[test]
    fn the_settings_are_the_shape() {
        let run = |dialect: &str, fields: &str| {
            let text = format!("continuation_indicator_param {{ {fields} }}");
            let made = Surroundings::of(dialect).run("ContinuationIndicator", &text, &[], 1)?;
            Ok::<_, String>(made.tops[0].dims().to_vec())
        };
        assert_eq!(run("warpctc", "time_step: 7 batch_size: 2"), Ok(vec![7, 2]));
        let message = "continuation_indicator_param.time_step: time_step must be at least 1";
        assert_eq!(run("warpctc", "batch_size: 2"), Err(message.to_owned()));
        assert_eq!(run("sophgo", "time_step: 7 batch_size: 2"), Ok(vec![7, 2]));
        assert_eq!(run("sophgo", "time_step: 7"), Ok(vec![7, 1]));
        let message = "continuation_indicator_param.time_step: time_step 0 is not above 0";
        assert_eq!(run("sophgo", ""), Err(message.to_owned()));
    }
}
