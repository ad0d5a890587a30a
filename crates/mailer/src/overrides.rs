//! The operator's own texts: `<directory>/<language>/<template>.subject`, `.txt` and `.html`.

use std::collections::BTreeMap;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

use domain::mail::letter::Template;
use fluent_templates::LanguageIdentifier;

use crate::facts::FACTS;
use crate::links::Link;
use crate::pattern::Pattern;

/// What the operator has written of one template in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Override {
    pub(crate) subject: Option<Pattern>,
    pub(crate) text: Option<Pattern>,
    pub(crate) html: Option<Pattern>,
}

impl Override {
    /// Whether nothing of the template is left to another text.
    pub(crate) const fn is_whole(&self) -> bool {
        self.subject.is_some() && self.text.is_some() && self.html.is_some()
    }
}

/// The overrides by language and template.
pub(crate) type Overrides = BTreeMap<(String, Template), Override>;

/// Reads all files of a directory.
///
/// # Errors
/// A sentence for each file that is wrong or of no use, so that no slip goes out as a letter.
pub(crate) fn read(directory: &Path) -> Result<Overrides, Vec<String>> {
    let mut found = Found::default();
    for path in found.entries(directory) {
        let language = name_of(&path).parse::<LanguageIdentifier>();
        match language {
            Ok(language) if path.is_dir() => found.read_language(&language.to_string(), &path),
            _ => found.refuse(&path, "is no directory that is named after a language, such as en or pt-BR"),
        }
    }
    if found.wrong.is_empty() { Ok(found.overrides) } else { Err(found.wrong) }
}

#[derive(Default)]
struct Found {
    overrides: Overrides,
    wrong: Vec<String>,
}

impl Found {
    fn refuse(&mut self, path: &Path, why: &str) {
        self.wrong.push(format!("The mail template {} {why}.", path.display()));
    }

    /// What is in a directory, in order, without hidden files.
    fn entries(&mut self, directory: &Path) -> Vec<PathBuf> {
        let paths = read_dir(directory).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut paths: Vec<PathBuf> = paths.unwrap_or_else(|error: std::io::Error| {
            self.wrong.push(format!("The mail templates in {} cannot be read: {error}.", directory.display()));
            Vec::new()
        });
        paths.retain(|path| !name_of(path).starts_with('.'));
        paths.sort();
        paths
    }

    fn read_language(&mut self, language: &str, directory: &Path) {
        for path in self.entries(directory) {
            let name = name_of(&path);
            let (name, part) = name.rsplit_once('.').unwrap_or((&name, ""));
            match Template::of_name(name) {
                Some(template) if ["subject", "txt", "html"].contains(&part) => {
                    self.read_part(language, template, part, &path);
                }
                _ => self.refuse(&path, "is not named after a template and a part, such as reset-password.txt"),
            }
        }
    }

    fn read_part(&mut self, language: &str, template: Template, part: &str, path: &Path) {
        let text = match read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.refuse(path, &format!("cannot be read: {error}")),
        };
        let text = if part == "subject" { text.trim() } else { &text };
        if text.trim().is_empty() || (part == "subject" && text.contains(char::is_control)) {
            return self.refuse(path, if part == "subject" { "is not one line" } else { "is empty" });
        }
        let pattern = match Pattern::parse(text, &placeholders(template, part)) {
            Ok(pattern) => pattern,
            Err(error) => return self.refuse(path, &error.to_string()),
        };
        if Link::of(template).has_token() && part != "subject" && !pattern.names("link") {
            return self.refuse(path, "does not name {{link}}, which its reader needs");
        }
        let place = self.overrides.entry((language.into(), template)).or_default();
        match part {
            "subject" => place.subject = Some(pattern),
            "txt" => place.text = Some(pattern),
            _ => place.html = Some(pattern),
        }
    }
}

/// What a part of a template may name. A subject never holds the link: it is shown where mails are listed.
fn placeholders(template: Template, part: &str) -> Vec<&'static str> {
    let link = Link::of(template);
    let mut known = vec!["address", "host"];
    known.extend(FACTS);
    if link.has_token() {
        known.push("hours");
    }
    if link != Link::None && part != "subject" {
        known.push("link");
    }
    known
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
