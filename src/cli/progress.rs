//! A bar on the terminal for work that takes a while.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report;
use super::table::one_line;
use crate::Plan;
use crate::filler::Sink;
use crate::formats::{Output, SavedLayer};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often the bar is drawn, at most.
const DRAWS_A_SECOND: u8 = 10;

/// A bar that appears on a terminal only, and not at all when quiet.
pub(super) struct Bar {
    bar: ProgressBar,
    /// When the work started, until the bar is shown; `None` as well where it is not to be shown.
    waiting_since: Option<Instant>,
}

impl Bar {
    /// A bar for so many bytes.
    pub(super) fn new(bytes: u64) -> Bar {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:40} {binary_bytes} of {binary_total_bytes}, {eta} left{msg}");
        let wanted = io::stderr().is_terminal() && !report::is_quiet();
        Bar {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            waiting_since: wanted.then(Instant::now),
        }
    }

    /// Moves on by so many bytes.
    pub(super) fn advance(&mut self, bytes: usize) {
        if self.waiting_since.is_some_and(|start| start.elapsed() > PATIENCE) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWS_A_SECOND));
            self.waiting_since = None;
        }
        self.bar.inc(bytes as u64);
    }

    /// Says what is being worked on, also for a bar that is shown later only.
    fn tell(&self, what: &str) {
        if self.waiting_since.is_some() || !self.bar.is_hidden() {
            self.bar.set_message(format!(", {}", one_line(what)));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Shows how much of a net has been written, and passes everything on.
pub(super) struct Progress<'a> {
    output: Box<dyn Output + 'a>,
    bar: Bar,
}

impl<'a> Progress<'a> {
    /// A bar as long as the plan's values.
    pub(super) fn new(plan: &Plan, output: Box<dyn Output + 'a>) -> Progress<'a> {
        Progress { output, bar: Bar::new(plan.values() * 4) }
    }
}

impl Sink for Progress<'_> {
    fn write(&mut self, values: &[f32]) -> io::Result<()> {
        self.output.write(values)?;
        self.bar.advance(size_of_val(values));
        Ok(())
    }
}

impl Output for Progress<'_> {
    fn begin_layer(&mut self, layer: &SavedLayer<'_>) -> io::Result<()> {
        self.bar.tell(layer.name());
        self.output.begin_layer(layer)
    }

    fn begin_blob(&mut self, layer: &SavedLayer<'_>, blob: usize) -> io::Result<()> {
        self.output.begin_blob(layer, blob)
    }

    fn end_blob(&mut self) -> io::Result<()> {
        self.output.end_blob()
    }

    fn end_layer(&mut self) -> io::Result<()> {
        self.output.end_layer()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.output.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_knows_the_layer_that_began_before_it_is_shown() {
        let mut waiting = Bar::new(8);
        waiting.waiting_since = Some(Instant::now());
        waiting.tell("conv1\x1b");
        assert_eq!(waiting.bar.message(), ", conv1\\u{1b}");
    }
}
