//! Arrays that lie in a file in one piece.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use caffemodel_numeric::number_type::Element;

use super::map::FileMap;
use super::{NumberType, StoredValues};
use crate::Shape;

/// The shape of dimensions that a file gives without signs.
///
/// # Errors
/// They are no shape.
pub(super) fn shape(dims: impl IntoIterator<Item = u64>) -> Result<Shape, String> {
    let dims: Vec<i64> = dims.into_iter().map(|dim| i64::try_from(dim).unwrap_or(i64::MAX)).collect();
    Shape::new(dims).map_err(|error| error.to_string())
}

/// The values of an array, outermost axis first.
pub(super) struct InPlace {
    file: Arc<FileMap>,
    bytes: Range<usize>,
    element: Element,
}

impl InPlace {
    /// The values of a shape that start at byte `start`.
    ///
    /// # Errors
    /// The file ends before they do.
    pub(super) fn new(file: &Arc<FileMap>, element: Element, start: usize, shape: &Shape) -> Result<InPlace, String> {
        let length = shape.count() * element.width();
        let end = start.checked_add(length).filter(|&end| end <= file.bytes().len());
        let end = end.ok_or_else(|| {
            let size = file.bytes().len();
            format!("truncated: {length} bytes of values from byte {start} on are more than the file's {size}")
        })?;
        Ok(InPlace { file: Arc::clone(file), bytes: start..end, element })
    }
}

impl StoredValues for InPlace {
    fn read(&self, offset: usize, out: &mut [f32]) -> io::Result<()> {
        let width = self.element.width();
        let end = offset.checked_add(out.len()).filter(|&end| end <= self.bytes.len() / width);
        end.ok_or(io::ErrorKind::UnexpectedEof)?;
        self.file.decode(self.element, self.bytes.start + offset * width, width, out)
    }

    fn number_type(&self) -> NumberType {
        self.element.kind
    }

    fn reads_anywhere(&self) -> bool {
        true
    }
}
