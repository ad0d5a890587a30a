//! The facts without which no figure means anything.

use std::fs::read_to_string;

use e2e::database::{Database, Engine};

/// What machine it was.
pub(crate) fn facts() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into());
    let memory = line_of("/proc/meminfo", "MemTotal").unwrap_or_else(|| "unknown".into());
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.trim();
    format!("- processor: {processor}, {cores} cores; memory: {memory}; Linux {kernel}")
}

/// How busy it is.
pub(crate) fn load() -> String {
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    format!("- load averages at the end of the run, the run's own load included: {load}")
}

/// Which databases it had.
pub(crate) async fn databases() -> String {
    let postgres = Database::new(Engine::Postgres).await;
    let version = postgres.number("SELECT CAST(current_setting('server_version_num') AS bigint) / 10000").await;
    let fsync = postgres.number("SELECT CASE current_setting('fsync') WHEN 'on' THEN 1::bigint ELSE 0 END").await;
    let durable = if fsync == 1 { "fsync on" } else { "fsync off: its writes cost less than where they must last" };
    format!("- PostgreSQL {version} on the same machine, {durable}; SQLite with synchronous = FULL")
}

/// What a file of the kernel says after a name and a colon.
fn line_of(file: &str, name: &str) -> Option<String> {
    let text = read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}
