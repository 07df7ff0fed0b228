//! How the program is linked.

use std::env;

/// For releases on Linux with glibc: a fixed address, and no index of unwinding tables.
///
/// Tables and calls between crates hold some 27,000 addresses. Were the program to be loaded anywhere, each would take
/// 24 bytes of relocation and be written at every start, which is an eighth of the time that LeNet takes. And a program
/// that aborts on panic looks unwinding tables up for backtraces only, in which a stripped one has no names.
pub fn settings() {
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if is_release && target("OS") == "linux" && target("ENV") == "gnu" && !is_static {
        println!("cargo:rustc-link-arg-bins=-no-pie");
        println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    }
}
