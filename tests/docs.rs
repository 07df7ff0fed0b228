//! Every command line of the README and of the pages in `docs/` gives the output that stands under it.
//!
//! The blocks marked `console` are run, all of a page in one folder, where `models/` are the sample nets. `[..]` in an
//! expected line stands for any text, a line `...` for any lines. With `CAFFEMODEL_DOCS=write` the pages get the
//! output of today where theirs does not fit.

#![cfg(feature = "cli")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use caffemodel::convert::bvlc::{TRANSLATIONS, Translation};
use caffemodel::plan::WARNINGS;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

/// A command of a `console` block: its lines, and those of its output.
struct Step<'a> {
    command: Vec<&'a str>,
    output: Vec<&'a str>,
}

/// The steps of a block. A command goes on in the next line behind a backslash, or up to the end of its here-document.
fn steps<'a>(block: &[&'a str]) -> Vec<Step<'a>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut document_end: Option<&str> = None;
    for &line in block {
        if let Some(command) = line.strip_prefix("$ ") {
            document_end = command.split_once("<<'").and_then(|(_, end)| end.strip_suffix('\''));
            steps.push(Step { command: vec![command], output: Vec::new() });
            continue;
        }
        let step = steps.last_mut().expect("a console block begins with a command");
        if document_end.is_some() || step.command.last().is_some_and(|line| line.ends_with('\\')) {
            document_end = document_end.filter(|end| *end != line);
            step.command.push(line);
        } else {
            step.output.push(line);
        }
    }
    steps
}

/// Runs a command in the folder and returns what it prints, to either stream.
fn run(command: &[&str], folder: &Path) -> Vec<String> {
    let tool = Path::new(env!("CARGO_BIN_EXE_caffemodel")).parent().unwrap();
    let path = format!("{}:{}", tool.display(), std::env::var("PATH").unwrap());
    let script = format!("exec 2>&1\n{}", command.join("\n"));
    let shell = Command::new("sh").args(["-c", &script]).current_dir(folder).env("PATH", path).output().unwrap();
    String::from_utf8(shell.stdout).unwrap().lines().map(|line| line.trim_end().to_owned()).collect()
}

fn fits(expected: &[&str], actual: &[String]) -> bool {
    match (expected, actual) {
        ([], []) => true,
        (["...", rest @ ..], _) => (0..=actual.len()).any(|skipped| fits(rest, &actual[skipped..])),
        ([line, expected @ ..], [found, actual @ ..]) => line_fits(line, found) && fits(expected, actual),
        _ => false,
    }
}

fn line_fits(expected: &str, actual: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == actual,
        Some((start, rest)) => actual.strip_prefix(start).is_some_and(|actual| {
            actual.char_indices().map(|(at, _)| at).chain([actual.len()]).any(|at| line_fits(rest, &actual[at..]))
        }),
    }
}

/// Runs the page's commands; returns the page with their output, and the commands whose output does not fit.
fn check(page: &str) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    symlink(root().join("models"), folder.path().join("models")).unwrap();
    let (mut out, mut failures) = (String::new(), Vec::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out += &format!("{line}\n");
        if line != "```console" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        for Step { command, output } in steps(&block) {
            out += &format!("$ {}\n", command.join("\n"));
            let actual = run(&command, folder.path());
            if fits(&output, &actual) {
                output.iter().for_each(|line| out += &format!("{line}\n"));
            } else {
                failures.push(format!("$ {}\n{}", command.join("\n"), actual.join("\n")));
                actual.iter().for_each(|line| out += &format!("{line}\n"));
            }
        }
        out += "```\n";
    }
    (out, failures)
}

/// What makes a table, by the name of its marks.
type Table = (&'static str, fn() -> String);

const TABLES: [Table; 3] = [("dialects", dialects), ("warnings", warnings), ("translations", translations)];

/// The page with a table of today between its marks, if it has them.
fn with_table(page: &str, name: &str, table: impl FnOnce() -> String) -> String {
    let (start, end) = (format!("<!-- {name}: written by tests/docs.rs -->\n"), format!("<!-- end of {name} -->"));
    let Some((before, rest)) = page.split_once(&start) else { return page.to_owned() };
    let (_, after) = rest.split_once(&end).expect("the table has an end");
    format!("{before}{start}{}{end}{after}", table())
}

fn dialects() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_caffemodel")).args(["dialects", "--json"]).output().unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut table = "| dialect | what it is | from |\n|---|---|---|\n".to_owned();
    for dialect in printed["dialects"].as_array().unwrap() {
        let text = |key: &str| dialect[key].as_str().unwrap();
        table += &format!("| `{}` | {} | {} |\n", text("name"), text("about"), text("source"));
    }
    table
}

fn warnings() -> String {
    WARNINGS.iter().map(|kind| format!("- `{}`: {}. {}\n", kind.name, kind.summary, kind.about)).collect()
}

fn translations() -> String {
    let rows = TRANSLATIONS.iter().map(|Translation { from, to, .. }| format!("| {from} | {to} |\n"));
    "| of a fork | for BVLC's Caffe |\n|---|---|\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn every_command_line_gives_the_output_under_it() {
    let rewrite = std::env::var_os("CAFFEMODEL_DOCS").is_some_and(|value| value == "write");
    let mut wrong = Vec::new();
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        let (today, mut failures) = check(&page);
        let with_tables = TABLES.iter().fold(today.clone(), |page, (name, table)| with_table(&page, name, table));
        if with_tables != today && !rewrite {
            failures.push("a table is not that of today; CAFFEMODEL_DOCS=write writes it".to_owned());
        }
        let today = with_tables;
        if rewrite {
            fs::write(&path, today).unwrap();
        }
        wrong.extend(failures.into_iter().map(|failure| format!("{}:\n{failure}", path.display())));
    }
    assert!(wrong.is_empty(), "{} commands print something else:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Blocks for the shell that are not run hold commands of cargo, which the tests cannot run.
#[test]
fn no_command_line_of_the_tool_is_left_out() {
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        let mut fence = None;
        for line in page.lines() {
            match (fence, line.strip_prefix("```")) {
                (None, Some(kind)) => fence = Some(kind),
                (Some(_), Some(_)) => fence = None,
                (Some("sh"), None) => {
                    let allowed = line.is_empty() || line.starts_with("cargo ") || line.starts_with('#');
                    assert!(allowed, "{}: {line:?} belongs into a console block", path.display());
                }
                _ => {}
            }
        }
    }
}

#[test]
fn elisions_stand_for_text_and_lines() {
    let actual = ["a".to_owned(), "b 1.5 s".to_owned(), "c".to_owned()];
    assert!(fits(&["a", "b [..] s", "c"], &actual) && fits(&["...", "c"], &actual) && fits(&["..."], &[]));
    assert!(!fits(&["a", "b [..] m", "c"], &actual) && !fits(&["a", "..."], &actual[1..]) && !fits(&["a"], &actual));
}
