//! Arithmetic of two blobs: Add, Sub, Mul, Div, FloorDiv, FloorMod, Maximum, Minimum and Pow, and NotEqual.
//!
//! The second operand is the second bottom or else the first blob that the net gives. Pow makes it zeros of the
//! bottom's shape where there is none, Mul always zeros of `mul_shape`. With as many axes in both, the top follows
//! NumPy's rule: dimensions are equal, or one of them is 1. With different numbers of axes they are aligned at the end
//! and the larger of each pair is taken, unchecked. An operand without axes goes with any. NotEqual takes operands of
//! one shape, or a number. Third bottoms are ignored. No draws.

use super::SYNOPSYS;
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{Arity, BlobSpec, Layer, LayerType, Operator, Role, Setup, SetupContext};

const MUL_SHAPE: &str = "mul_param.mul_shape";

/// The entries of the layer table.
pub(in crate::layer) static TYPES: &[LayerType] = &[
    of("Add", "Adds two blobs", &binary),
    of("Div", "Divides a blob by another", &binary),
    of("FloorDiv", "Divides a blob by another and rounds down", &binary),
    of("FloorMod", "Takes the remainder of a division that rounds down", &binary),
    of("Maximum", "Takes the larger element of two blobs", &binary),
    of("Minimum", "Takes the smaller element of two blobs", &binary),
    of("Mul", "Multiplies two blobs", &mul).params(&["mul_param"]),
    of("NotEqual", "Tests where two blobs differ", &not_equal).params(&["not_equal_param"]),
    of("Pow", "Raises a blob to the power of another", &pow),
    of("Sub", "Subtracts a blob from another", &binary),
];

const fn of(name: &'static str, summary: &'static str, rule: &'static dyn Layer) -> LayerType {
    LayerType::new(name, summary, Arity::at_least(1), Arity::exactly(1), rule).known(SYNOPSYS)
}

fn binary(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    match ctx.bottoms.get(1).or(ctx.given.first()) {
        Some(operand) => with_operand(ctx, operand),
        None => Err(Refusal::at("bottom", "the second operand is missing: Caffe crashes")
            .help("give a second bottom, or the layer a blob")),
    }
}

fn pow(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if ctx.bottoms.len() > 1 || !ctx.given.is_empty() {
        return binary(ctx);
    }
    let mut setup = with_operand(ctx, ctx.bottom(0))?;
    setup.push_blob(BlobSpec::zeros(Role::Other, ctx.bottom(0).copied()));
    Ok(setup)
}

fn mul(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if ctx.bottoms.len() > 1 {
        return binary(ctx);
    }
    let param = ctx.param.mul_param().unwrap_or_default();
    let multiplier = Shape::new(&param.mul_shape).at(MUL_SHAPE)?;
    let mut setup = with_operand(ctx, &multiplier)?;
    setup.blobs = vec![BlobSpec::zeros(Role::Other, multiplier)];
    Ok(setup)
}

fn not_equal(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    if let Some(operand) = ctx.bottoms.get(1).or(ctx.given.first()) {
        let bottom = ctx.bottom(0);
        ensure!(operand == bottom, "bottom", "the operands differ in shape: {bottom} and {operand}");
    }
    Ok(Setup::like_bottom(ctx, Operator::Opaque))
}

fn with_operand(ctx: &SetupContext<'_>, operand: &Shape) -> Result<Setup, Refusal> {
    ctx.refuse_in_place(0, 0)?;
    Ok(Setup::new(ctx, Operator::Opaque, [broadcast(ctx.bottom(0), operand)?]))
}

/// The shape that two operands have together.
fn broadcast(a: &Shape, b: &Shape) -> Result<Shape, Refusal> {
    let (longer, shorter) = if a.axes() >= b.axes() { (a, b) } else { (b, a) };
    let mut dims = longer.dims().to_vec();
    let offset = longer.axes() - shorter.axes();
    for (own, &other) in dims[offset..].iter_mut().zip(shorter.dims()) {
        ensure!(
            offset > 0 || *own == other || *own == 1 || other == 1,
            "bottom",
            "the shapes {a} and {b} cannot be broadcast: {own} and {other} are neither equal nor 1"
        );
        *own = other.max(*own);
    }
    Shape::new(dims).at("bottom")
}

#[cfg(test)]
mod tests {
    use crate::layer::testing::Surroundings;

    fn add(a: &[i32], b: &[i32]) -> Result<Vec<i32>, String> {
        let made = Surroundings::of("synopsys").run("Add", "", &[a, b], 1)?;
        Ok(made.tops[0].dims().to_vec())
    }

    #[test]
    fn shapes_grow_together() {
        assert_eq!(add(&[2, 1, 4], &[1, 3, 1]), Ok(vec![2, 3, 4]));
        assert_eq!(add(&[2, 3, 4], &[]), Ok(vec![2, 3, 4]));
        let message = "bottom: the shapes (2, 3) and (2, 4) cannot be broadcast: 3 and 4 are neither equal nor 1";
        assert_eq!(add(&[2, 3], &[2, 4]), Err(message.into()));
    }

    #[test]
    fn other_numbers_of_axes_are_not_checked() {
        assert_eq!(add(&[2, 3, 4], &[5]), Ok(vec![2, 3, 5]));
        assert_eq!(add(&[7, 2], &[2, 3, 4]), Ok(vec![2, 7, 4]));
    }

    #[test]
    fn some_have_a_blob_of_their_own() {
        let synopsys = Surroundings::of("synopsys");
        let blob = |name: &str, text: &str| {
            let made = synopsys.run(name, text, &[&[2, 3]], 1).unwrap();
            assert!(made.draws.is_empty());
            made.blobs[0].shape.dims().to_vec()
        };
        assert_eq!(blob("Pow", ""), [2, 3]);
        assert_eq!(blob("Mul", "mul_param { mul_shape: 3 }"), [3]);
        assert!(blob("Mul", "").is_empty());
        let message = "bottom: the second operand is missing: Caffe crashes";
        assert_eq!(synopsys.refusal("Div", "", &[&[2, 3]]), message);
    }
}
