//! Files to write: they appear complete or not at all, in space that is set aside for them.

mod atomic;
mod reserve;

pub use atomic::AtomicFile;
#[cfg(feature = "cli")]
pub(crate) use atomic::folder;
pub use reserve::reserve;
