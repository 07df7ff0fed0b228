//! How the program is linked.

use std::env;

/// For Linux with glibc: a fixed address, and no index of unwinding tables.
///
/// Tables and calls between crates hold some 27,000 addresses. Were the program to be loaded anywhere, each would take 24
/// bytes of relocation and be written at every start, which is an eighth of the time that LeNet takes. And a program that
/// aborts on panic looks nothing up in unwinding tables.
pub fn settings() {
    let target = |key: &str| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if target("OS") == "linux" && target("ENV") == "gnu" && !is_static {
        println!("cargo:rustc-link-arg-bins=-no-pie");
        println!("cargo:rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
    }
}
