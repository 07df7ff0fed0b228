//! From a file to a resolved net: loading, filtering by phase, level and stage, and automatic splits.
//!
//! [`Definition`] is what a file says; [`Net`] is what Caffe would build of it in a given state. Neither knows shapes.
//! A [`Solver`] names the net that it trains.

mod census;
mod current;
mod defaults;
mod definition;
pub(crate) mod detect;
pub(crate) mod fold;
mod inclusion;
mod kind;
pub(crate) mod load;
mod locate;
mod quantization;
pub(crate) mod reading;
mod resolve;
mod solver;
mod split;
mod upgrade;

pub(crate) use census::Census;
pub(crate) use current::CurrentNet;
pub use defaults::LayerDefaults;
pub use definition::{Definition, NetLayer};
pub(crate) use inclusion::{Filtered, filter, stages};
pub use kind::FileKind;
pub(crate) use locate::describe;
pub use locate::{Locator, NetPlace, Origin};
pub use quantization::Quantization;
pub use reading::ReadOptions;
pub(crate) use resolve::unmade_inputs;
pub use resolve::{Net, StateOptions};
pub use solver::Solver;
pub use upgrade::UpgradedFile;
pub(crate) use upgrade::{can_name, current_shape, is_batch_norm_notice, v1_layer, v1_name};
