//! The configuration: first every setting as text, then checked values for each concern.

pub(crate) mod checked;
mod hashing;
mod holds;
mod listen;
mod mail;
mod proxies;
pub(crate) mod raw;
mod retention;
pub(crate) mod settings;
mod tokens;

use std::ffi::OsString;

use checked::Config;
use raw::Raw;
use settings::PREFIX;

use crate::cli::flags::Flags;
use crate::failure::Failure;

/// The configuration of this process: defaults, file, environment, flags.
pub(crate) fn load(flags: &Flags) -> Result<Config, Failure> {
    Config::check(&read(flags)?).map_err(Failure::usage)
}

/// Every setting with its value and what it comes to, without secrets.
pub(crate) fn shown(flags: &Flags) -> Result<String, Failure> {
    let raw = read(flags)?;
    let config = Config::check(&raw).map_err(Failure::usage)?;
    Ok(raw.shown(|name| config.holds(name)))
}

fn read(flags: &Flags) -> Result<Raw, Failure> {
    let environment = texts_of(process_environment()).map_err(Failure::usage)?;
    raw::read(flags, environment).map_err(Failure::usage)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn process_environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os()
}

/// Our own of these variables.
///
/// # Errors
/// A sentence for each whose value is no text.
fn texts_of(environment: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<(String, String)>, Vec<String>> {
    let (mut texts, mut wrong) = (Vec::new(), Vec::new());
    for (name, value) in environment {
        let name = name.to_string_lossy().into_owned();
        match value.into_string() {
            _ if !name.starts_with(PREFIX) => {}
            Ok(value) => texts.push((name, value)),
            Err(_) => wrong.push(format!("The value of {name} is no UTF-8.")),
        }
    }
    if wrong.is_empty() { Ok(texts) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    #[test]
    fn a_variable_of_ours_that_is_no_text_is_refused_without_its_value() {
        let odd = || OsString::from_vec(vec![b'c', b'a', b'n', b'a', b'r', b'y', 0xff]);
        let pair = |name: &str, value: OsString| (OsString::from(name), value);
        let given = [pair("PATH", odd()), pair("USER_REGISTRY_DATA_DIR", odd()), pair("USER_REGISTRY_ISSUER", odd())];
        let wrong = texts_of(given.into_iter()).unwrap_err();
        let expected =
            ["The value of USER_REGISTRY_DATA_DIR is no UTF-8.", "The value of USER_REGISTRY_ISSUER is no UTF-8."];
        assert_eq!(wrong, expected);
        let given = [pair("PATH", odd()), pair("USER_REGISTRY_ISSUER", "me".into())];
        assert_eq!(texts_of(given.into_iter()).unwrap(), [("USER_REGISTRY_ISSUER".to_owned(), "me".to_owned())]);
    }
}
