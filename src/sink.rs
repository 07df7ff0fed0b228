//! Where values go as they are made.

use std::io;

/// Where values go, in order.
pub trait Sink {
    /// Takes the next values.
    ///
    /// # Errors
    /// The values cannot be stored.
    fn write(&mut self, values: &[f32]) -> io::Result<()>;
}

/// A sink that throws values away.
#[derive(Debug, Clone, Copy)]
pub struct Discard;

impl Sink for Discard {
    fn write(&mut self, _: &[f32]) -> io::Result<()> {
        Ok(())
    }
}
