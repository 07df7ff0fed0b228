//! What `caffemodel` does to every value of a net: draw, decode, round, normalise, count.
//!
//! Of nets the crate knows the names that streams are keyed by. It is compiled for speed, the rest of the program for
//! size, so that no public function over many values is generic or inline: it would be compiled where it is called.

pub mod arithmetic;
pub mod binary16;
pub mod householder;
pub mod number_type;
pub mod random;
pub mod statistics;
