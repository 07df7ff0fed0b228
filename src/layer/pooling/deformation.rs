//! Pooling of happynear's Caffe, which has methods that let the parts of an object move: DEF and DEF_ALL to DEF_ALL4
//! weigh how far by a blob, and LOWRES lays pictures of three channels out in lower resolutions.
//!
//! With windows as those of the other methods, pooled to P x Q (for DEF_ALL one less on each side), and `a` for
//! `blobs_a_min`:
//!
//! ```text
//! DEF                 (N, C, 1, 1)     blob (1, 1, C, 4): a, 0, a, 0 for each channel; C is a multiple of 9
//! DEF_ALL, DEF_ALL2   (N, P Q, 1, 1)   the same blob, of any C
//! DEF_ALL3, DEF_ALL4  (N, P Q, 1, 1)   blob (1, 1, C, K^2) for a kernel of height K: -a times the squared distance
//!                                      from the middle, or zeros where a is not above 0
//! LOWRES              (N, 7, P, Q)     no blob
//! ```
//!
//! Nothing is drawn, and blobs given in the net are replaced.

use std::sync::Arc;

use super::{FIELD, Pooling, check_method, of_pictures};
use crate::Shape;
use crate::error::{AtField, Refusal, ensure};
use crate::layer::{BlobSpec, Operator, Role, Setup, SetupContext};
use crate::proto::caffe::PoolingParameter;
use crate::proto::caffe::pooling_parameter::PoolMethod;

/// The parts that DEF tells apart.
const PARTS: i64 = 9;

/// The rule of the layer.
pub(super) fn pooling(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let default = PoolingParameter::default();
    let param = ctx.param.pooling_param.as_deref().unwrap_or(&default);
    let method = param.pool();
    if !matches!(
        method,
        PoolMethod::Def
            | PoolMethod::DefAll
            | PoolMethod::DefAll2
            | PoolMethod::DefAll3
            | PoolMethod::DefAll4
            | PoolMethod::Lowres
    ) {
        return of_pictures(ctx, param);
    }
    check_method(ctx, method)?;
    let bottom = ctx.bottom(0);
    let operator = Pooling::new(param, bottom)?;
    let pooled = operator.top(bottom)?;
    let [items, channels, height, width] = [0, 1, 2, 3].map(|axis| i64::from(pooled.dims()[axis]));
    if method == PoolMethod::Lowres {
        ensure!(channels == 3, "bottom", "LOWRES pooling takes 3 channels, the bottom is {bottom}");
        let top = Shape::new([items, 2 * channels + 1, height, width]).at(FIELD)?;
        return Ok(Setup::new(ctx, Operator::Opaque, [top]));
    }
    ensure!(channels > 0, "bottom", "{} pooling cannot take the empty input {bottom}", method.as_str_name());
    let top = match method {
        PoolMethod::Def => {
            ensure!(channels % PARTS == 0, "bottom", "{channels} channels of {bottom} are not a multiple of {PARTS}");
            Shape::new([items, channels, 1, 1])
        }
        _ => {
            let less = i64::from(method == PoolMethod::DefAll);
            let (height, width) = (height - less, width - less);
            ensure!(
                height >= 0 && width >= 0,
                FIELD,
                "DEF_ALL pooling has one window less than {pooled}, none is left"
            );
            Shape::new([items, height * width, 1, 1])
        }
    };
    let mut setup = Setup::new(ctx, Operator::Opaque, [top.at(FIELD)?]);
    setup.blobs = vec![deformation(method, param.blobs_a_min(), channels, operator.kernel[0])?];
    Ok(setup)
}

/// The blob of these methods: the same numbers for each channel.
fn deformation(method: PoolMethod, least: f32, channels: i64, kernel: i64) -> Result<BlobSpec, Refusal> {
    let takes_places = matches!(method, PoolMethod::DefAll3 | PoolMethod::DefAll4);
    let count = if takes_places { kernel.saturating_mul(kernel) } else { 4 };
    let shape = Shape::new([1, 1, channels, count]).at(FIELD)?;
    let numbers: Vec<f32> = match takes_places {
        true => (0..count).map(|place| at_place(least, place, kernel)).collect(),
        false => vec![least, 0.0, least, 0.0],
    };
    let values: Arc<[f32]> = numbers.iter().copied().cycle().take(shape.count()).collect();
    Ok(BlobSpec::fixed(Role::Weight, shape, values))
}

/// The weight of a place in a window of this many rows and columns.
fn at_place(least: f32, place: i64, kernel: i64) -> f32 {
    let [row, column] = [place / kernel, place % kernel].map(|place| place - kernel / 2);
    if least > 0.0 { (-f64::from(least) * (row * row + column * column) as f64) as f32 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use crate::layer::BlobValues;
    use crate::layer::testing::Surroundings;

    type Made = (Vec<i32>, Vec<(Vec<i32>, Vec<f32>)>);

    fn run(fields: &str, bottom: &[i32]) -> Result<Made, String> {
        let text = format!("pooling_param {{ {fields} }}");
        let made = Surroundings::of("happynear").run("Pooling", &text, &[bottom], 1)?;
        let blobs = made.blobs.iter().map(|blob| match &blob.values {
            BlobValues::Fixed(values) => (blob.shape.dims().to_vec(), values.to_vec()),
            _ => panic!("the values are known"),
        });
        assert!(made.draws.is_empty());
        Ok((made.tops[0].dims().to_vec(), blobs.collect()))
    }

    #[test]
    fn blobs_weigh_how_far_parts_move() {
        let (top, blobs) = run("pool: DEF kernel_size: 2 blobs_a_min: 0.5", &[2, 9, 5, 5]).unwrap();
        assert_eq!((top, &blobs[0].0), (vec![2, 9, 1, 1], &vec![1, 1, 9, 4]));
        assert_eq!(blobs[0].1, [0.5, 0.0, 0.5, 0.0].repeat(9));
        let of = |method: &str| run(&format!("pool: {method} kernel_size: 3 blobs_a_min: 0.5"), &[2, 1, 5, 6]).unwrap();
        assert_eq!(of("DEF_ALL"), (vec![2, 6, 1, 1], vec![(vec![1, 1, 1, 4], vec![0.5, 0.0, 0.5, 0.0])]));
        assert_eq!(of("DEF_ALL2").0, [2, 12, 1, 1]);
        let distances = vec![-1.0, -0.5, -1.0, -0.5, -0.0, -0.5, -1.0, -0.5, -1.0];
        let (top, blobs) = of("DEF_ALL3");
        assert!(blobs[0].1[4].is_sign_negative());
        assert_eq!((top, blobs), (vec![2, 12, 1, 1], vec![(vec![1, 1, 1, 9], distances)]));
        let none = run("pool: DEF_ALL4 kernel_size: 3 blobs_a_min: 0", &[2, 1, 5, 6]).unwrap();
        assert_eq!(none.1[0].1, [0.0; 9]);
    }

    #[test]
    fn low_resolutions_and_bvlc_s_methods_have_no_blob() {
        assert_eq!(run("pool: LOWRES kernel_size: 2 stride: 2", &[2, 3, 6, 4]), Ok((vec![2, 7, 3, 2], vec![])));
        assert_eq!(run("pool: AVE kernel_size: 2", &[2, 5, 6, 4]), Ok((vec![2, 5, 5, 3], vec![])));
    }

    #[test]
    fn refusals() {
        let error = |fields: &str, bottom: &[i32]| run(&format!("kernel_size: 2 {fields}"), bottom).unwrap_err();
        let message = "bottom: LOWRES pooling takes 3 channels, the bottom is (1, 2, 4, 4)";
        assert_eq!(error("pool: LOWRES", &[1, 2, 4, 4]), message);
        let message = "bottom: 2 channels of (1, 2, 4, 4) are not a multiple of 9";
        assert_eq!(error("pool: DEF", &[1, 2, 4, 4]), message);
        let message = "bottom: DEF_ALL3 pooling cannot take the empty input (1, 0, 4, 4)";
        assert_eq!(error("pool: DEF_ALL3", &[1, 0, 4, 4]), message);
        let text = "pooling_param { pool: DEF kernel_size: 2 }";
        let error = Surroundings::of("happynear").run("Pooling", text, &[&[1, 9, 4, 4]], 2).unwrap_err();
        assert_eq!(error, "top: DEF pooling makes 1 top, 2 given; only MAX has a second one");
    }
}
