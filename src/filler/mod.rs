//! Fillers: the rules that give a blob its starting values.
//!
//! One file a filler; [`FILLERS`] is the table that lookup, help and documentation read. A filler is built for one
//! shape, and building checks everything: filling cannot fail but for the sink.
//!
//! Values are drawn and handed on in pieces of 256 KiB, so that memory does not grow with the blob. Some fillers need
//! more: [`PositiveUnitball`] and [`GaussianUnitball`] hold a row that does not end with its piece, [`NumbersOfFile`]
//! its numbers, a sparse [`Gaussian`] the whole blob and [`Orthogonal`] the whole blob in double precision. The others
//! are [`Piecewise`]: their pieces can be made side by side where the generator has random access.
//!
//! Some fillers are extensions: Caffe does not have them, and a net may use them on request only
//! ([`FillerRegistry::with_extensions`]).

mod bilinear;
mod bilinear_diagonal;
mod constant;
mod diagonal;
mod dirac;
mod document;
mod entry;
mod expectation;
mod fan;
mod from_file;
mod gabor;
mod gaussian;
mod gaussian_unitball;
mod half;
mod identity;
mod interpolation;
mod msra;
mod numbers_of_file;
mod orthogonal;
mod pieces;
mod positive_unitball;
mod registry;
mod rows;
mod text;
mod truncated_normal;
mod uniform;
mod variance_scaling;
mod xavier;

#[cfg(test)]
mod moments;
#[cfg(test)]
mod stub;

use std::fmt;
use std::io;

use crate::Shape;
use crate::error::{Refusal, ensure};
use crate::proto::caffe::FillerParameter;
use crate::random::Generator;
pub use crate::statistics::Moments;

pub use crate::sink::{Discard, Sink};
pub use bilinear::Bilinear;
pub use bilinear_diagonal::BilinearDiagonal;
pub use constant::Constant;
pub use diagonal::Diagonal;
pub use dirac::Dirac;
pub use document::FillerDocument;
pub use entry::{Build, FillerType, Spread};
pub use expectation::Expectation;
pub use fan::Fan;
pub use from_file::FromFile;
pub use gabor::Gabor;
pub use gaussian::Gaussian;
pub use gaussian_unitball::GaussianUnitball;
pub(crate) use half::in_half;
pub use identity::Identity;
pub use msra::Msra;
pub use numbers_of_file::NumbersOfFile;
pub use orthogonal::Orthogonal;
pub use pieces::{PIECE, Piecewise};
pub(crate) use pieces::{make, start};
pub use positive_unitball::PositiveUnitball;
pub use registry::{FILLERS, FillerRegistry};
pub use text::text;
pub use uniform::Uniform;
pub use xavier::Xavier;

/// A rule that makes the values of one blob; implement [`Piecewise`] instead where the values are made one by one.
pub trait Filler: fmt::Debug + Send + Sync {
    /// Writes the blob's values, exactly as many as its shape counts, to `sink`.
    ///
    /// # Errors
    /// Those of the sink; no memory, where a filler needs more than a piece; bounds that this generator does not
    /// support.
    fn fill(&self, rng: &mut dyn Generator, sink: &mut dyn Sink) -> io::Result<()>;

    /// The mean and the standard deviation to expect of the values, where they are known and finite.
    fn moments(&self) -> Option<Moments> {
        None
    }

    /// Draws what [`fill`](Filler::fill) draws and throws it away.
    ///
    /// # Errors
    /// As of a fill.
    fn discard(&self, rng: &mut dyn Generator) -> io::Result<()> {
        self.fill(rng, &mut Discard)
    }

    /// The same filler for a blob of halves, whose parameters are halves, too; `None` where it has none, or is
    /// [`Piecewise`], for which they follow from the distribution. Values are rounded by whoever fills.
    fn in_half(&self) -> Option<Box<dyn Filler>> {
        None
    }

    /// The filler piece by piece, if its values are made one by one.
    fn piecewise(&self) -> Option<&dyn Piecewise> {
        None
    }
}

/// The dialects that have a second name for each filler that ends in `static`: there a filler would keep what it drew,
/// but each blob gets a new one.
const STATIC_FILLERS: &[&str] = &["nvidia", "nvidia-0.15", "xilinx", "jacinto"];

/// Those of them whose fillers are otherwise BVLC's.
const STATIC_FILLERS_OF_DIGITS: &[&str] = &["nvidia-0.15", "xilinx"];

/// Those of them whose gaussian and bilinear are not BVLC's.
const CHANGED_STATIC_FILLERS: &[&str] = &["nvidia", "jacinto"];

/// The number of elements to fill, at least one: Caffe refuses to fill an empty blob.
fn count(filler: &str, shape: &Shape) -> Result<usize, Refusal> {
    ensure!(shape.count() > 0, "", "the {filler} filler needs at least one element, a blob of shape {shape} has none");
    Ok(shape.count())
}

/// The first dimension, above zero as long as the blob is not empty; a blob without axes has none.
fn first_dim(filler: &str, shape: &Shape) -> Result<i32, Refusal> {
    shape
        .dim(0)
        .ok_or_else(|| Refusal::new(format!("the {filler} filler needs at least one axis, the blob is a scalar")))
}

/// Refuses `sparse`, which only the gaussian filler supports. As in Caffe, -1 is the one value that means "not set".
fn refuse_sparse(filler: &str, param: &FillerParameter) -> Result<(), Refusal> {
    let sparse = param.sparse();
    if sparse == -1 {
        return Ok(());
    }
    Err(Refusal::at("sparse", format!("the {filler} filler does not support sparse ({sparse} given)"))
        .help("remove sparse, or use the gaussian filler"))
}
