//! The top-level modules of the library import each other downwards only: no two of them lie on a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// For each module those that it imports, each with the first place that does so.
type Imports = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn no_circle_of_modules() {
    let imports = imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(imports["cli"].contains_key("error"), "the test finds no imports");
    let circles = circles(&imports);
    let told: Vec<String> = circles.iter().map(|circle| tell(circle, &imports)).collect();
    assert!(told.is_empty(), "modules import each other in circles:\n{}", told.join("\n"));
}

#[test]
fn circles_are_found() {
    let arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("f", "d")];
    let mut imports = Imports::new();
    for (from, to) in arrows {
        imports.entry(from.to_owned()).or_default().insert(to.to_owned(), format!("src/{from}.rs:1"));
    }
    let found = circles(&imports);
    assert_eq!(found, [["a", "b", "c"].map(str::to_owned).into()]);
    let told = tell(&found[0], &imports);
    assert_eq!(told, "a, b, c:\n  a imports b in src/a.rs:1\n  b imports c in src/b.rs:1\n  c imports a in src/c.rs:1");
}

#[test]
fn imports_are_those_of_the_code_alone() {
    let text = r##"
        //! [`x`](crate::comment)
        use crate::{Shape, error::{Error, Result}, net};
        use crate::proto::{text, wire};
        /* crate::block */ const TEXT: &str = "crate::string \" crate::string";
        const RAW: &str = r#"" crate::raw"#;
        fn f<'a>(c: char) -> crate::plan::Plan { match c { '"' => crate::init::fill(), _ => g() } }
        #[cfg(test)]
        use crate::test_only;
        #[cfg(test)]
        mod stub;
        #[cfg(test)]
        mod tests { use crate::tests_only; fn f() { if true { } } }
        fn g() { crate::limits::x() }"##;
    let code = without_tests(&code_of(text));
    let found: BTreeSet<String> = paths(&code).into_iter().map(|(_, name)| name).collect();
    let expected = ["Shape", "error", "init", "limits", "net", "plan", "proto"];
    assert_eq!(found, expected.map(str::to_owned).into());
    assert_eq!(test_modules(&code_of(text)), ["stub"]);
}

/// The imports of all modules below `src`, outside of test code.
fn imports(src: &Path) -> Imports {
    let root = code_of(&fs::read_to_string(src.join("lib.rs")).unwrap());
    let reexported = reexported(&root);
    let mut imports = Imports::new();
    for (module, file) in files(src) {
        let code = without_tests(&code_of(&fs::read_to_string(&file).unwrap()));
        let module = imports.entry(module).or_default();
        for (offset, name) in paths(&code) {
            let line = 1 + code[..offset].matches('\n').count();
            let place = format!("src/{}:{line}", file.strip_prefix(src).unwrap().display());
            module.entry(reexported.get(&name).unwrap_or(&name).clone()).or_insert(place);
        }
    }
    let modules: BTreeSet<String> = imports.keys().cloned().collect();
    for (module, imported) in &mut imports {
        imported.retain(|name, _| name != module && modules.contains(name));
    }
    imports
}

/// The source files below `src` with the top-level modules that they belong to, without modules for tests.
fn files(src: &Path) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    let mut folders = vec![src.to_owned()];
    let mut skipped: BTreeSet<PathBuf> = ["lib.rs", "main.rs"].map(|name| src.join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let code = code_of(&fs::read_to_string(&path).unwrap());
                skipped.extend(test_modules(&code).into_iter().map(|name| folder_of(&path).join(name)));
                files.push(path);
            }
        }
    }
    let is_skipped = |file: &PathBuf| {
        file.ancestors().any(|path| skipped.contains(path) || skipped.contains(&path.with_extension("")))
    };
    let module = |file: &Path| {
        let first = file.strip_prefix(src).unwrap().components().next().unwrap();
        Path::new(first.as_os_str()).file_stem().unwrap().to_str().unwrap().to_owned()
    };
    files.retain(|file| !is_skipped(file));
    files.into_iter().map(|file| (module(&file), file)).collect()
}

/// The folder of the modules that a file declares.
fn folder_of(file: &Path) -> PathBuf {
    if file.ends_with("mod.rs") { file.parent().unwrap().to_owned() } else { file.with_extension("") }
}

/// A text with blanks in the place of comments, strings and characters.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = literal(rest).unwrap_or(0);
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().map(|c| if c == '\n' { c } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

/// The length of the comment, string or character that a text starts with.
fn literal(text: &str) -> Option<usize> {
    let to = |start: usize, end: &str| Some(text[start..].find(end).map_or(text.len(), |at| start + at + end.len()));
    let hashes = text.strip_prefix('r').map(|rest| rest.len() - rest.trim_start_matches('#').len());
    match text.as_bytes() {
        [b'/', b'/', ..] => to(2, "\n").map(|end| end - usize::from(text[..end].ends_with('\n'))),
        [b'/', b'*', ..] => to(2, "*/"),
        [b'"', ..] => escaped(text, '"'),
        [b'\'', b'\\', ..] => escaped(text, '\''),
        [b'\'', ..] => text.char_indices().nth(2).filter(|&(_, c)| c == '\'').map(|(at, _)| at + 1),
        [b'r', ..] if text[1 + hashes?..].starts_with('"') => to(2 + hashes?, &format!("\"{}", "#".repeat(hashes?))),
        _ => None,
    }
}

/// The length of what stands in these quotes.
fn escaped(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The names of the modules for tests that a file declares and that have files of their own.
fn test_modules(code: &str) -> Vec<&str> {
    let items = code.match_indices("#[cfg(test)]").map(|(at, found)| code[at + found.len()..].trim_start());
    items.filter_map(|item| item.strip_prefix("mod ")?.split_once(';')).map(|(name, _)| name).filter(is_name).collect()
}

fn is_name(text: &&str) -> bool {
    text.chars().all(is_part)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Code with blanks in the place of items for tests.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let (mut depth, mut end) = (0, out.len());
        for (at, c) in out[start..].char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 && matches!(c, '}' | ';') {
                end = start + at + 1;
                break;
            }
        }
        let blanks: String = out[start..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        out.replace_range(start..end, &blanks);
    }
    out
}

/// What stands behind each `crate::`, with its place: a name, or the names at the start of each path of a group.
fn paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let rest = &code[at + path.len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => starts(group),
            None => vec![rest.split(|c| !is_part(c)).next().unwrap_or_default()],
        };
        found.extend(names.into_iter().map(|name| (at, name.to_owned())));
    }
    found
}

/// The names at the start of each path of a group, up to its closing brace.
fn starts(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                let name = group[start..at].trim_start().split(|c| !is_part(c)).next().unwrap_or_default();
                names.extend(Some(name).filter(|name| !name.is_empty()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names
}

/// The modules whose items the root gives out under its own name.
fn reexported(root: &str) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    for item in root.split(';').filter_map(|item| item.trim_start().strip_prefix("pub use ")) {
        let Some((module, names)) = item.split_once("::") else { continue };
        for name in names.split(|c| !is_part(c)).filter(|name| !name.is_empty()) {
            modules.insert(name.to_owned(), module.to_owned());
        }
    }
    modules
}

/// The sets of modules that import each other, directly or through others.
fn circles(imports: &Imports) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        imports.keys().map(|module| (module, reached(module, imports))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (module, below) in reached.iter().filter(|(module, below)| below.contains(*module)) {
        let back = |other: &&&String| reached.get(**other).is_some_and(|below| below.contains(*module));
        let circle: BTreeSet<String> = below.iter().filter(back).map(|other| (*other).clone()).collect();
        if !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

/// What a module imports, directly or through others.
fn reached<'a>(module: &String, imports: &'a Imports) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&String> = imports[module].keys().collect();
    while let Some(other) = next.pop() {
        if reached.insert(other) {
            next.extend(imports.get(other).into_iter().flat_map(BTreeMap::keys));
        }
    }
    reached
}

/// The modules of a circle, and the imports that make it one.
fn tell(circle: &BTreeSet<String>, imports: &Imports) -> String {
    let mut lines = vec![format!("{}:", circle.iter().map(String::as_str).collect::<Vec<_>>().join(", "))];
    for module in circle {
        let within = imports[module].iter().filter(|(other, _)| circle.contains(*other));
        lines.extend(within.map(|(other, place)| format!("  {module} imports {other} in {place}")));
    }
    lines.join("\n")
}
