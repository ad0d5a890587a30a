//! The configuration: first every setting as text, then checked values for each concern.

pub(crate) mod checked;
mod holds;
mod listen;
mod mail;
mod proxies;
pub(crate) mod raw;
mod retention;
pub(crate) mod settings;
mod tokens;

use checked::Config;

use crate::cli::flags::Flags;
use crate::failure::Failure;

/// The configuration of this process: defaults, file, environment, flags.
pub(crate) fn load(flags: &Flags) -> Result<Config, Failure> {
    let raw = raw::read(flags, process_environment()).map_err(Failure::usage)?;
    Config::check(&raw).map_err(Failure::usage)
}

/// Every setting with its value and what it comes to, without secrets.
pub(crate) fn shown(flags: &Flags) -> Result<String, Failure> {
    let raw = raw::read(flags, process_environment()).map_err(Failure::usage)?;
    let config = Config::check(&raw).map_err(Failure::usage)?;
    Ok(raw.shown(|name| config.holds(name)))
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn process_environment() -> Vec<(String, String)> {
    // A value that is no UTF-8 is told as a wrong value of its setting.
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}
