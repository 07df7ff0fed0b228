//! Interrupted runs leave no temporary files behind.

#[cfg(unix)]
pub(super) use self::signals::removes;

/// Removes the file if the process is interrupted from now on; without Unix's signals it does not.
#[cfg(not(unix))]
pub(super) fn removes(_: &std::path::Path) {}

#[cfg(unix)]
mod signals {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, Once, PoisonError};
    use std::thread;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    /// The files to remove when the process is interrupted.
    static FILES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    static LISTEN: Once = Once::new();

    /// Removes the file if the process is interrupted from now on.
    pub(in crate::cli) fn removes(path: &Path) {
        FILES.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
        LISTEN.call_once(|| {
            // Without a listener an interruption ends the process all the same, and leaves the file.
            if let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) {
                thread::spawn(move || signals.forever().for_each(end));
            }
        });
    }

    fn end(signal: i32) {
        for path in FILES.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = fs::remove_file(path);
        }
        let _ = emulate_default_handler(signal);
    }
}
