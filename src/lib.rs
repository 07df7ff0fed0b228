//! Initialises a Caffe net definition into a `.caffemodel`, byte for byte as Caffe would, without Caffe.
//!
//! ```text
//!                  Definition        Net                     Plan                        init::fill
//! net.prototxt ──▶ layers as     ──▶ filtered by phase,  ──▶ shapes, blobs, fillers, ──▶ values, streamed ──▶ .caffemodel
//!                  the file says     splits inserted         draws of each layer         to an Output
//! ```
//!
//! One direction, no way back: nothing before [`init::fill`] draws a random number or allocates a blob, and nothing
//! after [`Plan`] looks at a layer's type.

// The command line prints in `cli::print`, which cannot panic.
#![warn(clippy::print_stdout, clippy::print_stderr)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod compare;
pub mod convert;
pub mod deploy;
pub mod dialect;
pub mod donors;
pub mod error;
pub mod file;
pub mod filler;
pub mod formats;
pub mod init;
pub mod inspect;
pub mod layer;
pub mod limits;
pub mod net;
pub mod plan;
pub mod proto;
pub mod provenance;
pub mod rules;
pub mod setting;

mod data;
mod given;
mod glob;
#[cfg(feature = "hdf5")]
mod hdf5;
mod shape;
mod sink;

#[doc(inline)]
pub use caffemodel_numeric::random;
pub use error::{Error, Result};
pub use limits::Limits;
pub use net::{Definition, Net, ReadOptions, StateOptions};
pub use plan::{Plan, PlanOptions};
pub use shape::{MAX_AXES, Shape, ShapeError};

/// Statistics of values: moments and histograms.
pub mod statistics {
    #[doc(inline)]
    pub use caffemodel_numeric::statistics::{Histogram, Moments, Statistics};
}

/// The README's examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The examples of the page on regression tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/regression-tests.md")]
struct RegressionTests;
