//! What the source text keeps to: the library names no options of the command line, and what is a system's own has a
//! fallback for the others.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file with its text up to its tests.
fn sources() -> Vec<(PathBuf, String)> {
    let (mut folders, mut found) = (vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let end = text.find("#[cfg(test)]").unwrap_or(text.len());
                found.push((path, text[..end].to_owned()));
            }
        }
    }
    assert!(found.len() > 100);
    found
}

/// Whether a line of code names an option, such as those of the command line: two hyphens and a letter.
fn names_option(line: &str) -> bool {
    // An option of h5repack, which is no part of this program.
    let line = line.replace("h5repack --", "h5repack ");
    let is_comment = line.trim_start().starts_with("//");
    let mut places = line.match_indices("--");
    !is_comment && places.any(|(place, _)| line[place + 2..].starts_with(|c: char| c.is_ascii_lowercase()))
}

#[test]
fn texts_of_the_library_name_no_options() {
    for (path, text) in sources().iter().filter(|(path, _)| !path.components().any(|part| part.as_os_str() == "cli")) {
        let found: Vec<&str> = text.lines().filter(|line| names_option(line)).collect();
        assert!(found.is_empty(), "{}: use setting::Setting: {found:?}", path.display());
    }
}

#[test]
fn what_is_of_one_system_has_a_fallback() {
    for (path, text) in sources() {
        let of_one_system = ["std::os::", "rustix::", "signal_hook::", "unchecked_advise"];
        if of_one_system.iter().any(|name| text.contains(name)) {
            let chosen = text.contains("#[cfg(unix)]") || text.contains("#[cfg(target_os = \"linux\")]");
            assert!(chosen && text.contains("#[cfg(not("), "{}", path.display());
        }
    }
}
