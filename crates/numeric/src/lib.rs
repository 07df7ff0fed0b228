//! What `caffemodel` does to every value of a net: draw, decode, round, normalise, count.
//!
//! The crate knows nothing of nets. It is compiled for speed, the rest of the program for size.

pub mod arithmetic;
pub mod binary16;
pub mod householder;
pub mod number_type;
pub mod random;
pub mod statistics;
