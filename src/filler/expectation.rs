//! The expectation fillers: coordinates, so that an inner product with them takes the mean position of a map
//! (caffe_pp2).
//!
//! u(n, of) = 2 (n / (of - 1) - 1/2), from -1 to 1 along a side of so many positions
//!
//! expectation fills a matrix (outputs, `width` * `height`): with `expectation_option` xy, the default, u along the
//! width in the first row and along the height in the second; with x or y one row; with -x^2y^2 the negative squares.
//! expectation_data fills every map (.., height, width) of a blob with x or y. In single precision, but for the
//! squares; a side of one position makes 0/0. They draw nothing.

use caffemodel_numeric::arithmetic::INVALID;

use super::{FillerType, Piecewise, count, refuse_sparse};
use crate::Shape;
use crate::dialect::Known;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::{Distribution, Generator};

const OPTION: &str = "expectation_option";

pub(super) const TYPE: FillerType = FillerType::new(
    "expectation",
    "Sets the rows of a matrix to coordinates",
    "x(0, i) = 2 (column(i) / (width - 1) - 1/2), x(1, i) likewise of the row and height",
    |param, shape| Ok(Box::new(Expectation::new(param, shape)?)),
)
.fields(&["width", "height", "expectation_option"])
.known(Known::In(&["caffe-pp2"]));

pub(super) const DATA: FillerType = FillerType::new(
    "expectation_data",
    "Sets every map to the coordinates of its positions",
    "x(.., y, x) = 2 (x / (width - 1) - 1/2), or likewise of y",
    |param, shape| Ok(Box::new(Expectation::of_maps(param, shape)?)),
)
.fields(&["expectation_option"])
.known(Known::In(&["caffe-pp2"]));

/// Sets maps to the coordinates of their positions.
#[derive(Debug, Clone)]
pub struct Expectation {
    width: usize,
    height: usize,
    /// What the maps hold, in turns.
    maps: Vec<Coordinate>,
    /// How many values are set; what is left is zero.
    filled: usize,
    count: usize,
}

/// What a map holds.
#[derive(Debug, Clone, Copy)]
enum Coordinate {
    Column,
    Row,
    MinusColumnSquared,
    MinusRowSquared,
}

impl Expectation {
    /// The filler expectation for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty, has fewer than two axes, or other dimensions than `width`, `height` and the option make; the
    /// option is none of the four; or `sparse` is given.
    pub fn new(param: &FillerParameter, shape: &Shape) -> Result<Expectation, Refusal> {
        refuse_sparse("expectation", param)?;
        let count = count("expectation", shape)?;
        let option = param.expectation_option();
        let maps = match option {
            "xy" => vec![Coordinate::Column, Coordinate::Row],
            "-x^2y^2" => vec![Coordinate::MinusColumnSquared, Coordinate::MinusRowSquared],
            "x" => vec![Coordinate::Column],
            "y" => vec![Coordinate::Row],
            _ => {
                let message = format!("{option:?} is not \"xy\", \"-x^2y^2\", \"x\" or \"y\"");
                return Err(Refusal::at(OPTION, message));
            }
        };
        let &[outputs, inputs, ..] = shape.dims() else {
            let axes = shape.axes();
            let message = format!("the expectation filler needs at least 2 axes, a blob of shape {shape} has {axes}");
            return Err(Refusal::new(message));
        };
        let (width, height, rows) = (param.width(), param.height(), maps.len());
        let fits = i64::from(width) * i64::from(height) == i64::from(inputs) && width > 0;
        ensure!(
            fits,
            "width",
            "width {width} and height {height} do not make {inputs}, the second dimension of {shape}"
        );
        ensure!(
            outputs as usize == rows,
            OPTION,
            "{option:?} makes {rows} rows, the blob of shape {shape} has {outputs}"
        );
        let filled = rows * inputs as usize;
        Ok(Expectation { width: width as usize, height: height as usize, maps, filled, count })
    }

    /// The filler expectation_data for a blob of the given shape.
    ///
    /// # Errors
    /// The blob is empty or has fewer than two axes, the option is neither x nor y, or `sparse` is given.
    pub fn of_maps(param: &FillerParameter, shape: &Shape) -> Result<Expectation, Refusal> {
        refuse_sparse("expectation_data", param)?;
        let count = count("expectation_data", shape)?;
        let option = param.expectation_option();
        let map = match option {
            "x" => Coordinate::Column,
            "y" => Coordinate::Row,
            _ => return Err(Refusal::at(OPTION, format!("{option:?} is neither \"x\" nor \"y\""))),
        };
        let &[.., height, width] = shape.dims() else {
            let axes = shape.axes();
            let message =
                format!("the expectation_data filler needs at least 2 axes, a blob of shape {shape} has {axes}");
            return Err(Refusal::new(message));
        };
        Ok(Expectation { width: width as usize, height: height as usize, maps: vec![map], filled: count, count })
    }

    /// The value at a place of the blob.
    fn value(&self, place: usize) -> f32 {
        let (map, position) = (place / (self.width * self.height), place % (self.width * self.height));
        let (row, column) = (position / self.width, position % self.width);
        match self.maps[map % self.maps.len()] {
            Coordinate::Column => along(column, self.width),
            Coordinate::Row => along(row, self.height),
            Coordinate::MinusColumnSquared => minus_square(along(column, self.width)),
            Coordinate::MinusRowSquared => minus_square(along(row, self.height)),
        }
    }
}

/// The coordinate of a position of so many.
fn along(position: usize, of: usize) -> f32 {
    if of == 1 { INVALID } else { 2.0 * (position as f32 / (of - 1) as f32 - 0.5) }
}

fn minus_square(value: f32) -> f32 {
    (-(f64::from(value) * f64::from(value))) as f32
}

impl Piecewise for Expectation {
    fn count(&self) -> usize {
        self.count
    }

    fn distribution(&self) -> Option<Distribution> {
        None
    }

    fn make(&self, _: &mut dyn Generator, offset: usize, out: &mut [f32]) {
        for (place, value) in (offset..).zip(out) {
            *value = if place < self.filled { self.value(place) } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filler::stub::{Stub, values};

    fn param(option: &str, width: i32, height: i32) -> FillerParameter {
        FillerParameter {
            expectation_option: Some(option.into()),
            width: Some(width),
            height: Some(height),
            ..Default::default()
        }
    }

    fn filled(option: &str, width: i32, height: i32, dims: &[i32]) -> Result<Vec<f32>, String> {
        let filler = Expectation::new(&param(option, width, height), &Shape::new(dims).unwrap());
        let filler = filler.map_err(|refusal| format!("{}: {}", refusal.field, refusal.message))?;
        Ok(values(&filler, &mut Stub::new(0)))
    }

    #[test]
    fn rows_hold_columns_and_rows() {
        let expected = [-1., 0., 1., -1., 0., 1., -1., -1., -1., 1., 1., 1.];
        assert_eq!(filled("xy", 3, 2, &[2, 6]).unwrap(), expected);
        assert_eq!(filled("y", 3, 2, &[1, 6]).unwrap(), expected[6..]);
        let squares = [-1., 0., -1., -1., 0., -1., -1., -1., -1., -1., -1., -1.];
        assert_eq!(filled("-x^2y^2", 3, 2, &[2, 6]).unwrap(), squares);
        assert!(filled("x", 1, 2, &[1, 2]).unwrap().iter().all(|value| value.is_nan()));
        assert_eq!(filled("x", 2, 1, &[1, 2, 2]).unwrap(), [-1., 1., 0., 0.]);
    }

    #[test]
    fn maps_hold_coordinates() {
        let filler = Expectation::of_maps(&param("y", 0, 0), &Shape::new([2, 3, 2]).unwrap()).unwrap();
        let map = [-1., -1., 0., 0., 1., 1.];
        assert_eq!(values(&filler, &mut Stub::new(0)), [map, map].concat());
    }

    #[test]
    fn refusals() {
        let message = "width: width 3 and height 3 do not make 6, the second dimension of (2, 6)";
        assert_eq!(filled("xy", 3, 3, &[2, 6]).unwrap_err(), message);
        let message = "expectation_option: \"xy\" makes 2 rows, the blob of shape (1, 6) has 1";
        assert_eq!(filled("xy", 3, 2, &[1, 6]).unwrap_err(), message);
        let message = "expectation_option: \"z\" is not \"xy\", \"-x^2y^2\", \"x\" or \"y\"";
        assert_eq!(filled("z", 3, 2, &[2, 6]).unwrap_err(), message);
        let refusal = Expectation::of_maps(&param("xy", 0, 0), &Shape::new([2, 3]).unwrap()).unwrap_err();
        assert_eq!(refusal.message, "\"xy\" is neither \"x\" nor \"y\"");
    }
}
