//! How findings look on the terminal: with an excerpt of the source where the place is known.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::color::shows_color;
use super::{options, print};
use crate::error::{Diagnostic, Error, Location};
use crate::plan::Warning;
use crate::proto::text::caret;
use crate::setting::Advice;

/// How much is told beside warnings and errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verbosity {
    /// Nothing.
    Quiet,
    /// What was done, in a few lines.
    #[default]
    Normal,
    /// The details.
    Verbose,
}

static VERBOSITY: OnceLock<Verbosity> = OnceLock::new();

/// Whether warnings look like errors.
static DENIED: AtomicBool = AtomicBool::new(false);

/// How many warnings were printed.
static WARNED: AtomicU64 = AtomicU64::new(0);

/// Settles, once for the process, how much is told.
pub(super) fn set_verbosity(verbosity: Verbosity) {
    let _ = VERBOSITY.set(verbosity);
}

fn verbosity() -> Verbosity {
    VERBOSITY.get().copied().unwrap_or_default()
}

/// Whether only warnings and errors are told.
pub(super) fn is_quiet() -> bool {
    verbosity() == Verbosity::Quiet
}

/// Whether details are told.
pub(super) fn is_verbose() -> bool {
    verbosity() == Verbosity::Verbose
}

/// Lets warnings look like errors from now on.
pub(super) fn deny_warnings() {
    DENIED.store(true, Ordering::Relaxed);
}

/// How many warnings were printed.
pub(super) fn warned() -> u64 {
    WARNED.load(Ordering::Relaxed)
}

/// Prints an error to standard error.
pub(super) fn error(error: &anyhow::Error) {
    match error.downcast_ref::<Error>() {
        Some(Error::Input(diagnostics)) => diagnostics.iter().for_each(diagnostic),
        Some(error) => print::message(&format!("error: {}", options::error(error))),
        None => print::message(&format!("error: {error:#}")),
    }
}

/// Prints what was done without being asked for to standard error, unless quiet.
pub(super) fn note(text: &str) {
    if !is_quiet() {
        print::message(&format!("note: {text}"));
    }
}

/// Prints what was done to standard error, unless quiet.
pub(super) fn done(text: &str) {
    if !is_quiet() {
        print::message(text);
    }
}

/// Prints a warning to standard error.
pub(super) fn warning(warning: &Warning) {
    let Warning { message, notes, help, location, .. } = warning.clone();
    show_warning(&Diagnostic { message, location, help: Some(help) }, &notes);
}

/// Prints a warning that is about no place to standard error.
pub(super) fn warn(text: &str, notes: &[String], help: impl Into<Advice>) {
    let finding = Diagnostic { message: text.to_owned(), location: None, help: Some(help.into()) };
    show_warning(&finding, notes);
}

fn show_warning(finding: &Diagnostic, notes: &[String]) {
    WARNED.fetch_add(1, Ordering::Relaxed);
    let level = if DENIED.load(Ordering::Relaxed) { Level::ERROR } else { Level::WARNING };
    show(level, finding, notes);
}

fn diagnostic(finding: &Diagnostic) {
    show(Level::ERROR, finding, &[]);
}

fn show(level: Level<'_>, finding: &Diagnostic, notes: &[String]) {
    let mut group = Group::with_title(level.primary_title(&finding.message));
    if let Some(location) = &finding.location {
        group = group.element(excerpt(location));
    }
    for note in notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(options::advice(help)));
    }
    let color = shows_color(&std::io::stderr());
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    print::message(&format!("{}\n", renderer.render(&[group])));
}

fn excerpt(location: &Location) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let text = location.excerpt.as_str();
    let offset = |chars: usize| text.char_indices().nth(chars).map_or(text.len(), |(offset, _)| offset);
    let before = caret(location.column);
    Snippet::source(text)
        .line_start(location.line)
        .path(&*location.file)
        .annotation(AnnotationKind::Primary.span(offset(before)..offset(before + location.width)))
}
