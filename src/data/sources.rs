//! Where the files are that a net names, and what its layers have to know of each other's.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Finds the files that a net names.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    folders: Vec<PathBuf>,
    notices: RefCell<Vec<String>>,
    /// The databases that can be open only once, and the layers that have them.
    locked: RefCell<BTreeMap<PathBuf, String>>,
}

impl Sources {
    /// Relative paths start from `folder`.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Sources {
        Sources { folders: vec![folder.into()], ..Default::default() }
    }

    /// Relative paths start from the current folder, as Caffe has it, or else, with a notice, from `folder`, that of
    /// the net.
    pub fn beside(folder: impl Into<PathBuf>) -> Sources {
        Sources { folders: vec![PathBuf::new(), folder.into()], ..Default::default() }
    }

    /// The place of a file or folder that the net names; where there is none, the one looked at first.
    pub fn find(&self, name: impl AsRef<Path>) -> PathBuf {
        let name = name.as_ref();
        let mut places = self.folders.iter().map(|folder| folder.join(name));
        let Some(first) = places.next() else { return name.to_owned() };
        if is_there(&first) {
            return first;
        }
        let Some(other) = places.find(|place| *place != first && is_there(place)) else { return first };
        self.note(format!("there is no {:?} in the current folder: {} is read", name, other.display()));
        other
    }

    /// Adds something that the user should know; said once however often it is found.
    pub fn note(&self, notice: String) {
        let mut notices = self.notices.borrow_mut();
        if !notices.contains(&notice) {
            notices.push(notice);
        }
    }

    /// Keeps a database for a layer. Returns the layer that has it already, if there is one.
    pub fn lock(&self, path: &Path, layer: &str) -> Option<String> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut locked = self.locked.borrow_mut();
        let holder = locked.get(&path).cloned();
        locked.entry(path).or_insert_with(|| layer.to_owned());
        holder
    }

    /// What the user should know, in a line each.
    pub fn into_notices(self) -> Vec<String> {
        self.notices.into_inner()
    }
}

/// Whether the name leads to something; what cannot be looked at is there, so that reading it says why.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_the_caller_is_the_only_one() {
        let sources = Sources::in_folder("/nowhere");
        assert_eq!(sources.find("Cargo.toml"), Path::new("/nowhere/Cargo.toml"));
        assert_eq!(sources.find("/etc/passwd"), Path::new("/etc/passwd"));
        assert!(sources.into_notices().is_empty());
    }

    #[test]
    fn the_folder_of_the_net_comes_second_and_is_announced() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Cargo.toml", "list.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let sources = Sources::beside(folder.path());
        assert_eq!(sources.find("Cargo.toml"), Path::new("Cargo.toml"));
        assert_eq!(sources.find("absent"), Path::new("absent"));
        let beside = folder.path().join("list.txt");
        assert_eq!([sources.find("list.txt"), sources.find("list.txt")], [beside.clone(), beside.clone()]);
        let notice = format!("there is no \"list.txt\" in the current folder: {} is read", beside.display());
        assert_eq!(sources.into_notices(), [notice]);
    }

    #[test]
    fn a_database_is_kept_for_the_first_layer_whatever_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let sources = Sources::default();
        assert_eq!(sources.lock(folder.path(), "a"), None);
        assert_eq!(sources.lock(&folder.path().join("."), "b"), Some("a".into()));
        assert_eq!(sources.lock(&folder.path().join("other"), "b"), None);
    }

    #[test]
    fn without_folders_names_are_paths() {
        assert_eq!(Sources::default().find("a/b"), Path::new("a/b"));
    }
}
