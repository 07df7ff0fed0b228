//! Compiles `.proto` files: by protoc or, with the feature `protox`, by a compiler in Rust.

use std::error::Error;

use prost_types::FileDescriptorSet;

/// The descriptors of the files, comments included.
#[cfg(feature = "protox")]
pub fn load(files: &[String], includes: &[&str]) -> Result<FileDescriptorSet, Box<dyn Error>> {
    println!("cargo:warning=the schema is compiled by protox");
    Ok(protox::Compiler::new(includes)?
        .include_imports(false)
        .include_source_info(true)
        .open_files(files)?
        .file_descriptor_set())
}

/// The descriptors of the files, comments included.
///
/// protoc is the one that `PROTOC` names, else the first on the `PATH`, else that of the feature `vendored-protoc`.
#[cfg(not(feature = "protox"))]
pub fn load(files: &[String], includes: &[&str]) -> Result<FileDescriptorSet, Box<dyn Error>> {
    let protoc = choice::protoc()?;
    println!("cargo:warning=the schema is compiled by {}", protoc.display());
    Ok(prost_build::Config::new().protoc_executable(protoc).load_fds(files, includes)?)
}

#[cfg(not(feature = "protox"))]
mod choice {
    use std::env;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    /// The oldest protoc that will do, by its major version: earlier ones know no proto3, which prost's descriptors are
    /// written in.
    const OLDEST: u32 = 3;

    pub fn protoc() -> Result<PathBuf, String> {
        println!("cargo:rerun-if-env-changed=PROTOC");
        println!("cargo:rerun-if-env-changed=PATH");
        if let Some(named) = env::var_os("PROTOC").map(PathBuf::from) {
            let help = "PROTOC names it: set it to a protoc of version 3 or later, or unset it";
            return if fits(&named) {
                Ok(named)
            } else {
                Err(format!("{} is no such protoc; {help}", named.display()))
            };
        }
        let on_path = env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
        let candidates = on_path.map(|folder| folder.join("protoc").with_extension(env::consts::EXE_EXTENSION));
        let mut fitting = candidates.filter(|candidate| candidate.is_file() && fits(candidate));
        fitting.next().or_else(vendored).ok_or_else(|| {
            "there is no protoc: install one (Debian: protobuf-compiler), set PROTOC, or build with the feature \
             vendored-protoc or protox"
                .into()
        })
    }

    /// Whether it is a protoc that is new enough: `libprotoc 3.21.12`, `libprotoc 29.3`.
    fn fits(protoc: &Path) -> bool {
        let Ok(output) = Command::new(protoc).arg("--version").output() else { return false };
        let version = String::from_utf8_lossy(&output.stdout);
        let major = version.trim().strip_prefix("libprotoc ").and_then(|version| version.split('.').next());
        major.and_then(|major| major.parse().ok()).is_some_and(|major: u32| major >= OLDEST)
    }

    #[cfg(feature = "vendored-protoc")]
    fn vendored() -> Option<PathBuf> {
        Some(protobuf_src::protoc())
    }

    #[cfg(not(feature = "vendored-protoc"))]
    fn vendored() -> Option<PathBuf> {
        None
    }
}
