//! How the program is linked.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script what it builds by the environment")]

use std::process::Command;

/// The first glibc that relocates by packed relative relocations (2022).
const GLIBC: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of_target = |name| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    let is_native = std::env::var("HOST").ok() == std::env::var("TARGET").ok();
    let is_glibc = of_target("OS") == "linux" && of_target("ENV") == "gnu";
    // They make the program 0.7 MB smaller. It needs no newer glibc by that than the one it is built with.
    if is_native && is_glibc && glibc().is_some_and(|version| version >= GLIBC) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The glibc that the programs of this machine run with.
fn glibc() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
