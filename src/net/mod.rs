//! From a file to a resolved net: loading, filtering by phase, level and stage, and automatic splits.
//!
//! [`Definition`] is what a file says; [`Net`] is what Caffe would build of it in a given state. Neither knows shapes.
//! A [`Solver`] names the net that it trains.

mod definition;
mod inclusion;
mod kind;
pub(crate) mod load;
mod locate;
mod resolve;
mod solver;
mod split;
mod upgrade;

pub use definition::{Definition, NetLayer};
pub use kind::Kind;
pub(crate) use locate::describe;
pub use locate::{Locator, NetPlace, Origin};
pub use resolve::{Net, StateOptions};
pub use solver::Solver;
pub(crate) use upgrade::BATCH_NORM_NOTICE;
pub use upgrade::UpgradedFile;
pub(crate) use upgrade::v1_name;
