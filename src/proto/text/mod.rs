//! The text format.
