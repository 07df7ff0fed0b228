//! Labels of pictures that have any number of them (caffe-ocr): (batch_size, labels, 1, 1), with as many labels as the
//! first record of the database has, or the first line of the list once it is shuffled.
//!
//! In a line the labels follow the name, up to what is no number: of an integer alone, or with `regression` of any
//! number.

use super::database::{first_record_for, source};
use super::image::beginning;
use super::source::ShapeSource;
use super::transform::Transform;
use crate::Shape;
use crate::data::SourceError;
use crate::data::image_list::{self, ListForm, Start};
use crate::dialect::Dialect;
use crate::error::{AtField, Refusal};
use crate::layer::SetupContext;
use crate::proto::caffe::{DataParameter, ImageDataParameter};
use crate::proto::fields::Fields;

/// What the shape of labels looks like, for the user to give it.
const PATTERN: &str = "N,LABELS,1,1";

/// The tops of a layer that reads a database.
///
/// # Errors
/// The first record cannot be read, or its labels are too many.
pub(super) fn of_records(ctx: &SetupContext<'_>, data: Shape) -> Result<Vec<Shape>, Refusal> {
    with_labels(ctx, data, || {
        let default = DataParameter::default();
        let param = ctx.param.data_param.as_deref().unwrap_or(&default);
        let asked = ShapeSource { pattern: PATTERN, ..source(param) };
        // Where the database was found, and that it is open, is told with the pictures.
        let folder = asked.find(ctx, 1, &mut Vec::new())?;
        let unknown = |error: SourceError| asked.unknown_shape(ctx, 1, error);
        let record = first_record_for(ctx, param, &folder, &mut Vec::new(), &unknown)?;
        Ok(count_labels(ctx.dialect, &record.value))
    })
}

/// The tops of a layer that reads a list of pictures.
///
/// # Errors
/// The list cannot be read, or its labels are too many.
pub(super) fn of_list(ctx: &SetupContext<'_>, data: Shape) -> Result<Vec<Shape>, Refusal> {
    with_labels(ctx, data, || {
        let default = ImageDataParameter::default();
        let param = ctx.param.image_data_param.as_deref().unwrap_or(&default);
        let source = ShapeSource { field: "image_data_param.source", name: param.source(), pattern: PATTERN };
        // Where the list was found, and that its order is not known, is told with the pictures.
        let list = source.find(ctx, 1, &mut Vec::new())?;
        let transform = Transform::new(ctx, &mut Vec::new())?;
        let start = beginning(param).start(ctx, &transform, false, &mut Vec::new());
        // Labels are those of the first line even where pictures are passed over.
        let first = image_list::first_picture(&list, Start { skip: 0, ..start }, ListForm::SeveralLabels);
        let first = first.map_err(|error| source.unknown_shape(ctx, 1, error))?;
        Ok(count_numbers(first.second.as_encoded_bytes(), param.regression()))
    })
}

fn with_labels(
    ctx: &SetupContext<'_>,
    data: Shape,
    count: impl FnOnce() -> Result<usize, Refusal>,
) -> Result<Vec<Shape>, Refusal> {
    if ctx.top_count() == 1 {
        return Ok(vec![data]);
    }
    let labels = match ctx.user_shape(1) {
        Some(given) => given.clone(),
        None => Shape::new([data.dims()[0].into(), count()? as i64, 1, 1]).at("top")?,
    };
    Ok(vec![data, labels])
}

/// How many labels a Datum has.
fn count_labels(dialect: &Dialect, datum: &[u8]) -> usize {
    let message = dialect.schema().message("Datum");
    let label = message.and_then(|message| message.field_named("label")).map(|field| field.saved_number());
    Fields::new(datum, 0, "Datum").map_while(Result::ok).filter(|field| Some(field.number) == label).count()
}

/// How many numbers a stream reads from the text, one after the other.
fn count_numbers(mut text: &[u8], has_fractions: bool) -> usize {
    let mut count = 0;
    loop {
        text = text.trim_ascii_start();
        let Some(length) = number_length(text, has_fractions) else { return count };
        text = &text[length..];
        count += 1;
    }
}

/// The length of the number that the text begins with, if it is one that fits.
fn number_length(text: &[u8], has_fractions: bool) -> Option<usize> {
    let is_at = |place: usize, letters: &[u8]| text.get(place).is_some_and(|byte| letters.contains(byte));
    let digits = |from: usize| text.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(is_at(0, b"+-"));
    let mut end = sign + digits(sign);
    if has_fractions && is_at(end, b".") {
        end += 1 + digits(end + 1);
    }
    if has_fractions && is_at(end, b"eE") {
        let start = end + 1 + usize::from(is_at(end + 1, b"+-"));
        end = start + digits(start);
    }
    let number = std::str::from_utf8(&text[..end]).ok()?;
    let fits = if has_fractions { number.parse().is_ok_and(f32::is_finite) } else { number.parse::<i32>().is_ok() };
    fits.then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Draw;
    use crate::layer::data::tests::given;
    use crate::layer::testing::Surroundings;

    #[test]
    fn numbers_end_at_what_is_none() {
        for (text, integers, numbers) in [
            ("", 0, 0),
            (" 3 -4\t+5 ", 3, 3),
            ("1.5 2", 1, 2),
            ("1,2", 1, 1),
            ("1-2", 2, 2),
            ("2147483648 1", 0, 2),
            (".5 2e3 1e 4", 0, 2),
            ("1e99 2", 1, 0),
            ("x 1", 0, 0),
        ] {
            let counts = (count_numbers(text.as_bytes(), false), count_numbers(text.as_bytes(), true));
            assert_eq!(counts, (integers, numbers), "{text:?}");
        }
    }

    #[test]
    fn a_datum_may_have_several_labels() {
        let datum = [8, 1, 40, 7, 40, 0x96, 1, 16, 1, 40, 0];
        assert_eq!(count_labels(Dialect::get("caffe-ocr").unwrap(), &datum), 3);
    }

    #[test]
    fn lists_count_the_labels_of_their_first_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a.png 4 8 15\nb.png 16\n").unwrap();
        let pictures = [given(&[3, 4, 5])];
        let caffe_ocr = Surroundings { user_shapes: &pictures, ..Surroundings::of("caffe-ocr") };
        let run = |fields: &str| {
            let text = format!("image_data_param {{ batch_size: 2 source: {:?} {fields} }}", file.path());
            caffe_ocr.run("ImageData", &text, &[], 2)
        };
        let made = run("rand_skip: 2").unwrap();
        assert_eq!((made.tops[1].dims(), made.draws), (&[2, 3, 1, 1][..], vec![Draw::Skip(2)]));
        std::fs::write(file.path(), "b.png 16.5 23\n").unwrap();
        assert_eq!(run("").unwrap().tops[1].dims(), [2, 1, 1, 1]);
        assert_eq!(run("regression: true").unwrap().tops[1].dims(), [2, 2, 1, 1]);
        std::fs::write(file.path(), "b.png\n").unwrap();
        assert_eq!(run("").unwrap_err(), "top: top 1 would be empty: its shape is (2, 0, 1, 1)");
    }

    #[test]
    fn databases_are_read_without_a_reader() {
        let user = [given(&[3, 4, 5]), given(&[2, 6, 1, 1])];
        let caffe_ocr = Surroundings { user_shapes: &user, ..Surroundings::of("caffe-ocr") };
        let made = caffe_ocr.run("Data", "data_param { batch_size: 2 rand_skip: 3 }", &[], 2).unwrap();
        assert_eq!((made.tops[1].dims(), made.draws), (&[2, 6, 1, 1][..], vec![Draw::Skip(1)]));
        assert!(made.locks.is_empty());
        let caffe_ocr = Surroundings { user_shapes: &user[..1], ..caffe_ocr };
        let error = caffe_ocr.run("Data", "top: 'd' top: 'l' data_param { batch_size: 2 }", &[], 2).unwrap_err();
        assert_eq!(error, "data_param.source: the shape of top \"l\" is not known: there is no source");
    }
}
