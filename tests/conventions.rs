//! What the source text keeps to: the library names no options of the command line, comments are no wider than code,
//! what is a system's own has a fallback for the others, and no two types have the same name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every source file with its text up to its tests.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut found) = (vec![root.join("src"), root.join("crates")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
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
fn comments_are_no_wider_than_code() {
    const WIDTH: usize = 120;
    for (path, text) in sources() {
        let mut in_block = false;
        for line in text.lines().filter(|line| line.trim_start().starts_with("//")) {
            let comment = line.trim_start().trim_start_matches(['/', '!']).trim_start();
            in_block ^= comment.starts_with("```");
            // Blocks and the rows of tables stay as they are.
            let is_prose = !in_block && !comment.starts_with('|');
            assert!(!is_prose || line.chars().count() <= WIDTH, "{}: {line}", path.display());
        }
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

/// Types that share their name with another.
const NAMESAKES: &[&str] = &[
    // A build has one of the two: the reader of HDF5 lists, or what stands in for it.
    "FirstFile",
];

/// The name of the type that a line declares; associated types, which are indented, aside.
fn declared(line: &str) -> Option<&str> {
    let item = line.trim_start();
    let item = if item.starts_with("pub") { item.split_once(' ')?.1 } else { item };
    let words = ["struct ", "enum ", "trait ", "type "];
    let words = if line.starts_with(' ') { &words[..3] } else { &words };
    let rest = words.iter().find_map(|word| item.strip_prefix(word))?;
    rest.split(|c: char| !c.is_alphanumeric()).next()
}

/// Whether a file holds nothing but tests.
fn is_of_tests(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

#[test]
fn no_two_types_have_the_same_name() {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for (path, text) in sources().iter().filter(|(path, _)| !is_of_tests(path)) {
        for name in text.lines().filter_map(declared) {
            places.entry(name.to_owned()).or_default().push(path.clone());
        }
    }
    assert!(places.contains_key("Plan") && places.contains_key("Filler"), "the test finds no types");
    places.retain(|_, files| files.len() > 1);
    let found: Vec<&str> = places.keys().map(String::as_str).collect();
    assert_eq!(found, NAMESAKES, "{places:#?}");
}
