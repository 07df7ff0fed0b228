//! MultiLabelImageData: pictures named in a list file, each with several labels (happynear).
//!
//! Tops: the pictures as [ImageData](super::image) makes them, and (batch_size - 2 label_cut_start, labels). A line of
//! the list is a name and its labels, as many as in the first line; the list ends with a name of less than three
//! letters, or with one that stands twice in a row. Caffe takes `label_cut_start` for `label_cut_end`, too. Draws: as
//! ImageData.

use super::image::{beginning, listed_pictures};
use super::source::ShapeSource;
use crate::Shape;
use crate::data::image_list::{self, ListForm, Start};
use crate::dialect::Known;
use crate::error::{AtField, Refusal};
use crate::layer::{Arity, LayerType, Setup, SetupContext};
use crate::proto::caffe::ImageDataParameter;

const CUT: &str = "image_data_param.label_cut_start";

pub(super) const TYPE: LayerType = LayerType::new(
    "MultiLabelImageData",
    "Reads pictures, each with several labels, named in a list file",
    Arity::exactly(0),
    Arity::exactly(2),
    &setup,
)
.params(&["image_data_param", "transform_param"])
.brings_data()
.shaped_by_draws(|layer| layer.image_data_param.as_deref().is_some_and(|param| beginning(param).is_random()))
.known(Known::In(&["happynear"]));

fn setup(ctx: &SetupContext<'_>) -> Result<Setup, Refusal> {
    listed_pictures(ctx, ListForm::Labelled, |ctx, data| {
        let labels = match ctx.user_shape(1) {
            Some(shape) => shape.clone(),
            None => labels(ctx, i64::from(data.dims()[0]))?,
        };
        Ok(vec![data, labels])
    })
}

/// The shape of the labels of so many pictures, as many as in the first line of the list.
fn labels(ctx: &SetupContext<'_>, batch: i64) -> Result<Shape, Refusal> {
    let default = ImageDataParameter::default();
    let param = ctx.param.image_data_param.as_deref().unwrap_or(&default);
    let source = ShapeSource { field: "image_data_param.source", name: param.source(), pattern: "N,LABELS" };
    // Where the list was found is told with the pictures.
    let list = source.find(ctx, 1, &mut Vec::new())?;
    let first = image_list::first_picture(&list, Start::default(), ListForm::Labelled);
    let first = first.map_err(|error| source.unknown_shape(ctx, 1, error))?;
    let words = first.second.to_string_lossy();
    // The stream that Caffe reads finds one number more where the line ends in space.
    let ends_in_space = words.ends_with(|last: char| last.is_ascii_whitespace());
    let count = words.split_ascii_whitespace().count() + usize::from(ends_in_space);
    Shape::new([batch - 2 * i64::from(param.label_cut_start()), count as i64]).at(CUT)
}

#[cfg(test)]
mod tests {
    use crate::Shape;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    fn run(fields: &str, user_shapes: &[Option<Shape>]) -> Result<Vec<Vec<i32>>, String> {
        let happynear = Surroundings { user_shapes, ..Surroundings::of("happynear") };
        let text = format!("top: 'data' top: 'labels' image_data_param {{ batch_size: 6 shuffle: true {fields} }}");
        let made = happynear.run("MultiLabelImageData", &text, &[], 2)?;
        assert_eq!(made.draws, [Draw::Skip(2)]);
        Ok(made.tops.iter().map(|top| top.dims().to_vec()).collect())
    }

    #[test]
    fn the_first_line_counts_the_labels() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let source = format!("source: {:?}", file.path());
        let pictures = [given(&[3, 4, 4])];
        for (list, count) in [("a.png 1 0 1\nb.png 1\n", 3), ("a.png 1 0 \n", 3)] {
            std::fs::write(file.path(), list).unwrap();
            assert_eq!(run(&source, &pictures), Ok(vec![vec![6, 3, 4, 4], vec![6, count]]), "{list:?}");
        }
        std::fs::write(file.path(), "a.png\n").unwrap();
        assert_eq!(run(&source, &pictures).unwrap_err(), "top: top 1 would be empty: its shape is (6, 0)");
        std::fs::write(file.path(), "a.png 1 0\n").unwrap();
        let cut = run(&format!("{source} label_cut_start: 1"), &pictures);
        assert_eq!(cut, Ok(vec![vec![6, 3, 4, 4], vec![4, 2]]));
        let error = run(&format!("{source} label_cut_start: 4"), &pictures).unwrap_err();
        assert_eq!(error, "image_data_param.label_cut_start: dimension 0 is negative (-2)");
    }

    #[test]
    fn shapes_of_the_user_leave_the_list_alone() {
        let made = run("source: 'absent.txt'", &[given(&[3, 4, 4]), given(&[6, 2])]);
        assert_eq!(made, Ok(vec![vec![6, 3, 4, 4], vec![6, 2]]));
        let message =
            "the shape of top \"labels\" is not known: cannot read absent.txt: No such file or directory (os error 2)";
        let error = run("source: 'absent.txt'", &[given(&[3, 4, 4])]).unwrap_err();
        assert_eq!(error, format!("image_data_param.source: {message}"));
    }
}
