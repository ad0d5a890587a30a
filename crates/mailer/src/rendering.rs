//! A letter of the catalogue as subject, plain text and HTML.

use std::fmt;

use askama::Template as _;
use domain::mail::letter::Template;
use fluent_templates::LanguageIdentifier;
use fluent_templates::fluent_bundle::FluentValue;

use crate::catalogue;
use crate::links::Link;

/// What a letter says to whom.
pub(crate) struct Told<'a> {
    pub(crate) template: Template,
    pub(crate) address: &'a str,
    pub(crate) host: &'a str,
    pub(crate) link: Option<&'a str>,
    pub(crate) facts: &'a [(&'static str, String)],
}

/// A letter, written. Its link may hold a token, so it hides itself in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written(..)")
    }
}

/// Where a line of plain text ends.
const WIDTH: usize = 72;

/// Writes a letter with the catalogue of a language.
pub(crate) fn write(told: &Told<'_>, language: &LanguageIdentifier) -> Written {
    let said = Said::new(told, language);
    let subject = said.text("");
    let letter = LetterPage {
        language: language.to_string(),
        lead: paragraphs(&said.text(".lead")),
        facts: told.facts.iter().map(|(name, value)| (said.shared(&format!("fact-{name}")), value.clone())).collect(),
        button: told.link.map(|link| Button {
            label: said.text(".button"),
            hint: said.shared("link-as-text"),
            link: link.into(),
        }),
        after: paragraphs(&said.text(".after")),
        footer: said.shared("footer"),
        subject,
    };
    let html = letter.render().expect("writing into a text does not fail");
    Written { text: letter.plain(), subject: letter.subject, html }
}

/// How long the link of a template works, in words.
pub(crate) fn lifetime(template: Template, language: &LanguageIdentifier) -> String {
    let Some(lifetime) = Link::of(template).lifetime() else { return String::new() };
    let (key, count) =
        if lifetime.num_days() > 0 { ("days", lifetime.num_days()) } else { ("hours", lifetime.num_hours()) };
    catalogue::text(language, key, &[("count", FluentValue::from(count))]).unwrap_or_default()
}

/// The catalogue with what a letter tells.
struct Said<'a> {
    template: Template,
    language: &'a LanguageIdentifier,
    values: [(&'static str, FluentValue<'static>); 3],
}

impl<'a> Said<'a> {
    fn new(told: &Told<'_>, language: &'a LanguageIdentifier) -> Self {
        let value = |text: &str| FluentValue::from(text.to_owned());
        let lifetime = lifetime(told.template, language);
        let values = [("host", value(told.host)), ("address", value(told.address)), ("lifetime", value(&lifetime))];
        Self { template: told.template, language, values }
    }

    /// A part of the letter; empty when it has none.
    fn text(&self, part: &str) -> String {
        self.shared(&format!("{}{part}", self.template.name()))
    }

    fn shared(&self, key: &str) -> String {
        catalogue::text(self.language, key, &self.values).unwrap_or_default()
    }
}

#[derive(askama::Template)]
#[template(path = "letter.html")]
struct LetterPage {
    language: String,
    subject: String,
    lead: Vec<String>,
    facts: Vec<(String, String)>,
    button: Option<Button>,
    after: Vec<String>,
    footer: String,
}

struct Button {
    label: String,
    hint: String,
    link: String,
}

impl LetterPage {
    fn plain(&self) -> String {
        let mut blocks = self.lead.iter().map(|paragraph| wrapped(paragraph)).collect::<Vec<_>>();
        if !self.facts.is_empty() {
            let lines = self.facts.iter().map(|(label, value)| format!("{label}: {value}"));
            blocks.push(lines.collect::<Vec<_>>().join("\n"));
        }
        if let Some(Button { label, link, .. }) = &self.button {
            blocks.push(format!("{label}:\n{link}"));
        }
        blocks.extend(self.after.iter().map(|paragraph| wrapped(paragraph)));
        // The line that ends a letter, by which mail programs know what needs no quoting.
        blocks.push(format!("-- \n{}", wrapped(&self.footer)));
        format!("{}\n", blocks.join("\n\n"))
    }
}

fn paragraphs(text: &str) -> Vec<String> {
    let joined = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split("\n\n").map(joined).filter(|paragraph| !paragraph.is_empty()).collect()
}

/// The text in lines; a word that is longer than a line stays whole.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_every_text() {
        let values = ["host", "address", "lifetime", "count"].map(|name| (name, FluentValue::from(1)));
        let languages = catalogue::languages();
        assert!(languages.len() >= 2, "{languages:?}");
        for language in languages {
            for template in Template::ALL {
                let key = |part: &str| format!("{}{part}", template.name());
                let has = |part: &str| catalogue::text(&language, &key(part), &values).is_some();
                assert!(has("") && has(".lead"), "{language} {template:?}");
                let linked = Link::of(*template) != Link::None;
                assert_eq!((has(".button"), has(".after")), (linked, linked), "{language} {template:?}");
            }
            let facts = crate::facts::FACTS.map(|name| format!("fact-{name}"));
            let shared = ["link-as-text", "footer", "days", "hours"].map(String::from);
            for key in facts.iter().chain(&shared) {
                assert!(catalogue::text(&language, key, &values).is_some(), "{language} {key}");
            }
        }
    }

    #[test]
    fn debug_hides_a_letter() {
        let link = Some("https://registry.example/mail/reset?token=urm_canary");
        let (template, address, host) = (Template::ResetPassword, "ada@example.org", "registry.example");
        let written = write(&Told { template, address, host, link, facts: &[] }, &catalogue::FALLBACK);
        assert!(written.text.contains("urm_canary") && written.html.contains("urm_canary"));
        assert_eq!(format!("{written:?}"), "Written(..)");
    }

    #[test]
    fn lines_end_between_words_and_long_words_stay_whole() {
        let long = "x".repeat(100);
        assert_eq!(wrapped(&format!("{} {} {long} b", "a".repeat(40), "é".repeat(31))).lines().count(), 3);
        assert_eq!(wrapped(&format!("{} {}", "a".repeat(40), "é".repeat(32))).lines().count(), 2);
        assert_eq!(paragraphs("a\nb\n\n\nc\n"), ["a b", "c"]);
    }
}
