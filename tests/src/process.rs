//! What a running process holds, as Linux tells.

use std::path::PathBuf;

/// Its resident memory.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn resident_kib(id: u32) -> u64 {
    memory_kib(id, "VmRSS:")
}

/// Its resident memory that is no page of a file: what it has written.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn written_kib(id: u32) -> u64 {
    memory_kib(id, "RssAnon:")
}

/// The most that its resident memory ever was.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn most_resident_kib(id: u32) -> u64 {
    memory_kib(id, "VmHWM:")
}

/// How many descriptors it has open.
///
/// # Panics
/// When there is no such process.
#[must_use]
pub fn descriptors(id: u32) -> usize {
    of(id, "fd").read_dir().expect("the process runs").count()
}

fn memory_kib(id: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(of(id, "status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number of KiB")
}

fn of(id: u32, name: &str) -> PathBuf {
    format!("/proc/{id}/{name}").into()
}
