//! Where the files are that a net names.

use std::path::{Path, PathBuf};

use crate::proto::escape;

/// Finds the files that a net names.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    folders: Vec<PathBuf>,
}

impl Sources {
    /// Relative paths start from `folder`.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Sources {
        Sources { folders: vec![folder.into()] }
    }

    /// Relative paths start from the current folder, as Caffe has it, or else, with a notice, from `folder`, that of
    /// the net.
    pub fn beside(folder: impl Into<PathBuf>) -> Sources {
        Sources { folders: vec![PathBuf::new(), folder.into()] }
    }

    /// The place of a file or folder that the net names; where there is none, the one looked at first. What the user
    /// should know of that goes to `notices`.
    pub fn find(&self, name: impl AsRef<Path>, notices: &mut Vec<String>) -> PathBuf {
        let restored = name.as_ref().to_str().map(escape::path);
        let name = restored.as_deref().map_or(name.as_ref(), Path::new);
        let mut places = self.folders.iter().map(|folder| folder.join(name));
        let Some(first) = places.next() else { return name.to_owned() };
        if is_there(&first) {
            return first;
        }
        let Some(other) = places.find(|place| *place != first && is_there(place)) else { return first };
        notices.push(format!("no {:?} in the current folder: reading {}", name, other.display()));
        other
    }
}

/// Whether the name leads to something; what cannot be looked at is there, so that reading it says why.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_folder_of_the_caller_is_the_only_one() {
        let (sources, mut notices) = (Sources::in_folder("/nowhere"), Vec::new());
        assert_eq!(sources.find("Cargo.toml", &mut notices), Path::new("/nowhere/Cargo.toml"));
        assert_eq!(sources.find("/etc/passwd", &mut notices), Path::new("/etc/passwd"));
        assert!(notices.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn paths_have_the_bytes_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"\xca\xfd.txt");
        std::fs::write(folder.path().join(name), "").unwrap();
        let found = Sources::in_folder(folder.path()).find("\u{f7ca}\u{f7fd}.txt", &mut Vec::new());
        assert_eq!(found, folder.path().join(name));
    }

    #[test]
    fn the_folder_of_the_net_comes_second_and_is_announced() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Cargo.toml", "list.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let (sources, mut notices) = (Sources::beside(folder.path()), Vec::new());
        assert_eq!(sources.find("Cargo.toml", &mut notices), Path::new("Cargo.toml"));
        assert_eq!(sources.find("absent", &mut notices), Path::new("absent"));
        let beside = folder.path().join("list.txt");
        assert_eq!(sources.find("list.txt", &mut notices), beside);
        let notice = format!("no \"list.txt\" in the current folder: reading {}", beside.display());
        assert_eq!(notices, [notice]);
    }

    #[test]
    fn without_folders_names_are_paths() {
        assert_eq!(Sources::default().find("a/b", &mut Vec::new()), Path::new("a/b"));
    }
}
