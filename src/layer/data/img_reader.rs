//! ImgReader: one picture of a file, so many times (FlowNet).
//!
//! The top is (num, C, H, W), H and W replaced by `transform_param`'s `crop_size`. Cropping and mirroring at random is
//! refused, as Caffe has no generator for it here. Draws: none.

use super::DataSource;
use super::tops::given_pictures;
use super::transform::Transform;
use crate::data::picture;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::layer::{Arity, LayerType, Operator, Setup, SetupContext};
use crate::proto::caffe::Phase;
use crate::setting::{Advice, Setting};

const FILE: &str = "reader_param.file";

pub(super) const TYPE: LayerType =
    LayerType::new("ImgReader", "Reads a picture from a file", Arity::exactly(0), Arity::exactly(1), &setup)
        .params(&["reader_param", "transform_param"])
        .brings_data()
        .known(Known::In(&["flownet2"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    let param = ctx.param.reader_param().unwrap_or_default();
    let mut notices = Vec::new();
    let transform = Transform::new(ctx, &mut notices)?;
    let is_random = transform.mirror || (transform.crop_size() > 0 && ctx.phase == Phase::Train);
    ensure!(!is_random, "transform_param", "ImgReader has no random numbers to mirror or crop by");
    let items = param.num.unwrap_or(1);
    let data = match given_pictures(ctx, items)? {
        Some(given) => given.made(ctx, transform.picture_shape(given.batch, given.size)?, &mut notices),
        None => {
            let name = param.file.unwrap_or_default();
            let found = ctx.sources.find(&name, &mut notices);
            let size = picture::size_of_file(&found, true).map_err(|error| {
                let shape = Setting::Shape { top: ctx.top_name(0).to_owned(), pattern: "C,H,W".into() };
                let help = Advice::naming("give the shape with `", shape, "`");
                Refusal::at(FILE, format!("the shape of top {:?} is not known: {error}", ctx.top_name(0))).help(help)
            })?;
            transform.picture_shape(items, size)?
        }
    };
    Ok(Setup { notices, ..Setup::new(ctx, Operator::Data(DataSource::Dataset), [data]) })
}

#[cfg(test)]
mod tests {
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;
    use crate::proto::caffe::Phase;

    #[test]
    fn a_picture_stands_so_many_times() {
        let user = [given(&[3, 4, 5])];
        let run = |phase, fields: &str| {
            let flownet = Surroundings { phase, user_shapes: &user, ..Surroundings::of("flownet2") };
            let text =
                format!("top: 'data' reader_param {{ file: 'absent.png' num: 2 }} transform_param {{ {fields} }}");
            let made = flownet.run("ImgReader", &text, &[], 1)?;
            assert!(made.draws.is_empty());
            Ok::<_, String>(made.tops[0].dims().to_vec())
        };
        assert_eq!(run(Phase::Train, ""), Ok(vec![2, 3, 4, 5]));
        assert_eq!(run(Phase::Test, "crop_size: 3"), Ok(vec![2, 3, 3, 3]));
        let message = "transform_param: ImgReader has no random numbers to mirror or crop by";
        assert_eq!(run(Phase::Train, "crop_size: 3").unwrap_err(), message);
        assert_eq!(run(Phase::Test, "mirror: true").unwrap_err(), message);
    }
}
