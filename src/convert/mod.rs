//! Nets and weights from one format into another.
//!
//! ```text
//!          Convertible::message                 Encoded::write
//! file ──▶ a message of the schema ──────▶ the same message as text or in binary, nothing lost
//!          Convertible::weights           plan                  write
//!      ──▶ layers with stored blobs ─────▶ a plan of copies ────▶ an Output of any format
//!                                    fit
//!                                  ─────▶ the plan of a net, with the weights in it
//!          to_bvlc
//!      ──▶ a net for BVLC's Caffe, of what was one of a fork
//! ```

pub mod bvlc;
mod copy;
mod fit;
mod source;

pub use bvlc::{BvlcNet, BvlcOptions, to_bvlc};
pub use copy::{net_notices, number_notices, plan, write};
pub use fit::fit;
pub use source::{Convertible, Encoded};
