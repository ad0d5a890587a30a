//! The settings as text, from wherever they come.

use std::collections::BTreeMap;
use std::fs::read_to_string;
use std::path::Path;

use toml::{Table, Value};

use crate::cli::flags::Flags;
use crate::config::settings::{PREFIX, SETTINGS, Setting};

/// What the tests of this project are told by the environment, where the program finds it as well.
const OF_TESTS: [&str; 10] = [
    "TEST_EXAMPLES",
    "TEST_LEAST_REQUESTS",
    "TEST_NODE_FETCHED",
    "TEST_POSTGRES_CONTROL",
    "TEST_POSTGRES_URL",
    "TEST_PROGRAM",
    "TEST_SCREENSHOTS",
    "TEST_SOAK_SECONDS",
    "TEST_VERIFIER",
    "TEST_WORKSHOP",
];

/// The value of every setting that has one.
pub(crate) struct Raw(BTreeMap<&'static str, String>);

impl Raw {
    /// The value of a setting; empty when there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Every setting with its value, as in the file, and beside it what `holds` says it comes to; of
    /// secrets only whether there is one.
    pub(crate) fn shown(&self, holds: impl Fn(&str) -> Option<String>) -> String {
        let line = |setting: &Setting| {
            let value = self.get(setting.name);
            let value = if setting.secret && !value.is_empty() { "(set, not shown)" } else { value };
            let holds = holds(setting.name).filter(|holds| holds != value);
            let holds = holds.map(|holds| format!(" # {holds}")).unwrap_or_default();
            format!("{} = {value:?}{holds}\n", setting.name)
        };
        SETTINGS.iter().map(line).collect()
    }
}

/// Reads all sources.
///
/// # Errors
/// A sentence for everything that is unknown or cannot be read.
pub(crate) fn read(flags: &Flags, environment: Vec<(String, String)>) -> Result<Raw, Vec<String>> {
    let mut values = SETTINGS.iter().map(|setting| (setting.name, setting.default.to_owned())).collect();
    let mut wrong = Vec::new();
    let named = environment
        .iter()
        .find(|(name, path)| name == "USER_REGISTRY_CONFIG" && !path.is_empty())
        .map(|(_, path)| path.into());
    if let Some(path) = flags.config.clone().or(named) {
        from_file(&path, &mut values, &mut wrong);
    }
    let twice = given_twice(&environment);
    wrong.extend(twice.iter().map(|(name, file)| format!("Both {name} and {file} are given: give one of them.")));
    for (name, value) in &environment {
        if twice.iter().any(|(_, file)| file == name) {
            continue;
        }
        if let Some(rest) = name.strip_prefix(PREFIX) {
            from_environment(rest, value, &mut values, &mut wrong);
        }
    }
    values.extend(flags.values.iter().cloned());
    if wrong.is_empty() { Ok(Raw(values)) } else { Err(wrong) }
}

/// The secrets that are in the environment and also in a file: one of them is not the one that is meant.
fn given_twice(environment: &[(String, String)]) -> Vec<(String, String)> {
    let is_given = |name: &str| environment.iter().any(|(given, value)| given == name && !value.is_empty());
    let secrets = SETTINGS.iter().filter(|setting| setting.secret).map(Setting::variable);
    let pairs = secrets.map(|name| (name.clone(), format!("{name}_FILE")));
    pairs.filter(|(name, file)| is_given(name) && is_given(file)).collect()
}

fn from_file(path: &Path, values: &mut BTreeMap<&'static str, String>, wrong: &mut Vec<String>) {
    let file = path.display();
    let text = match read_to_string(path) {
        Ok(text) => text,
        Err(error) => return wrong.push(format!("The configuration {file} cannot be read: {error}.")),
    };
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            // What the parser would show may be the line of a secret: only its number is told.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            return wrong.push(format!("The configuration {file} is not TOML: look at line {line}."));
        }
    };
    for (name, value) in table {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            wrong.push(unknown(&format!("{name} in {file}"), &name, |setting| setting.name.into()));
            continue;
        };
        match text_of(&value) {
            Some(text) => _ = values.insert(setting.name, text),
            None => {
                wrong.push(format!(
                    "The setting {name} in {file} is neither a text, a number, true or false, nor a list of texts."
                ));
            }
        }
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(value) => Some(value.to_string()),
        Value::Array(items) => {
            let texts = items.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
            Some(texts.join(","))
        }
        _ => None,
    }
}

fn from_environment(rest: &str, value: &str, values: &mut BTreeMap<&'static str, String>, wrong: &mut Vec<String>) {
    if rest == "CONFIG" || OF_TESTS.contains(&rest) {
        return;
    }
    let name = rest.to_lowercase();
    if let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) {
        // What a container engine leaves empty was not given.
        if !value.is_empty() {
            values.insert(setting.name, value.into());
        }
        return;
    }
    let of_file = name.strip_suffix("_file");
    let Some(setting) = SETTINGS.iter().find(|setting| setting.secret && Some(setting.name) == of_file) else {
        return wrong.push(unknown(&format!("{PREFIX}{rest} in the environment"), &name, Setting::variable));
    };
    if value.is_empty() {
        return;
    }
    match read_to_string(value) {
        Ok(text) => _ = values.insert(setting.name, text.trim_end_matches(['\r', '\n']).into()),
        // Who gives the secret itself where its file is to be named does not find it in a log.
        Err(error) => wrong.push(format!("The file that {PREFIX}{rest} names cannot be read: {error}.")),
    }
}

fn unknown(what: &str, name: &str, spelled: impl Fn(&Setting) -> String) -> String {
    let near = SETTINGS.iter().max_by(|one, other| {
        let nearness = |setting: &Setting| strsim::jaro_winkler(setting.name, name);
        nearness(one).total_cmp(&nearness(other))
    });
    let hint = near.map(|setting| format!(" Did you mean {}?", spelled(setting))).unwrap_or_default();
    format!("There is no setting {what}.{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn later_sources_win() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("registry.toml");
        std::fs::write(
            &file,
            "listen = \"1.1.1.1:1\"\npassword_minimum = 9\ncors_origins = [\"a\", \"b\"]\ndata_dir = \"f\"",
        )
        .unwrap();
        let flags = Flags { config: Some(file), values: vec![("data_dir", "g".into())] };
        let raw = read(&flags, environment(&[("USER_REGISTRY_LISTEN", "2.2.2.2:2"), ("OTHER", "x")])).ok().unwrap();
        let values = ["listen", "password_minimum", "cors_origins", "data_dir", "log_level"].map(|name| raw.get(name));
        assert_eq!(values, ["2.2.2.2:2", "9", "a,b", "g", "info"]);
    }

    #[test]
    fn unknown_settings_are_refused_with_the_nearest_name() {
        let wrong =
            read(&Flags::default(), environment(&[("USER_REGISTRY_LISTN", "x"), ("USER_REGISTRY_TEST_PROGRAM", "x")]));
        let wrong = wrong.err().unwrap();
        assert_eq!(
            wrong,
            ["There is no setting USER_REGISTRY_LISTN in the environment. Did you mean USER_REGISTRY_LISTEN?"]
        );
        let wrong = read(&Flags::default(), environment(&[("USER_REGISTRY_TEST_X", "x")])).err().unwrap();
        assert!(wrong[0].starts_with("There is no setting USER_REGISTRY_TEST_X in the environment."), "{wrong:?}");
    }

    #[test]
    fn a_secret_is_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "canary").unwrap();
        for (name, by_file) in [
            ("USER_REGISTRY_SECRET", "USER_REGISTRY_SECRET_FILE"),
            ("USER_REGISTRY_DATABASE_URL", "USER_REGISTRY_DATABASE_URL_FILE"),
        ] {
            for path in [file.to_str().unwrap(), "/nowhere"] {
                let wrong = read(&Flags::default(), environment(&[(name, "canary"), (by_file, path)])).err().unwrap();
                assert_eq!(wrong, [format!("Both {name} and {by_file} are given: give one of them.")]);
            }
            let setting = name.trim_start_matches(PREFIX).to_lowercase();
            for pairs in [[(name, "canary"), (by_file, "")], [(name, ""), (by_file, file.to_str().unwrap())]] {
                let raw = read(&Flags::default(), environment(&pairs)).ok().unwrap();
                assert_eq!(raw.get(&setting), "canary", "what is empty was not given");
            }
        }
    }

    #[test]
    fn secrets_come_from_files_and_are_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "canary\n").unwrap();
        let raw = read(&Flags::default(), environment(&[("USER_REGISTRY_SECRET_FILE", file.to_str().unwrap())]));
        let raw = raw.ok().unwrap();
        assert_eq!(raw.get("secret"), "canary");
        assert!(!raw.shown(|_| None).contains("canary"));
        // Somebody may give the secret itself in the place of its file.
        let missing = read(&Flags::default(), environment(&[("USER_REGISTRY_SECRET_FILE", "canary")])).err().unwrap();
        assert!(
            missing[0].starts_with("The file that USER_REGISTRY_SECRET_FILE names cannot be read: "),
            "{missing:?}"
        );
        assert!(!missing[0].contains("canary"), "{missing:?}");
        assert!(read(&Flags::default(), environment(&[("USER_REGISTRY_CONFIG", "")])).is_ok(), "none was given");
        assert!(read(&Flags::default(), environment(&[("USER_REGISTRY_LISTEN_FILE", "x")])).is_err());
    }

    #[test]
    fn a_file_that_is_no_toml_is_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("registry.toml");
        std::fs::write(&file, "listen = '1.1.1.1:1'\nsecret = canary\n").unwrap();
        let wrong = read(&Flags { config: Some(file), ..Flags::default() }, Vec::new()).err().unwrap();
        assert!(wrong[0].ends_with("is not TOML: look at line 2.") && !wrong[0].contains("canary"), "{wrong:?}");
    }
}
