//! Initialises a Caffe net definition into a `.caffemodel`, byte for byte as Caffe would, without Caffe.

pub mod error;
pub mod filler;
pub mod layer;
pub mod proto;
pub mod random;

mod shape;

pub use error::{Error, Result};
pub use shape::{MAX_AXES, Shape, ShapeError};
