//! The texts of the letters: those of this program, and the operator's own in front of them.

use std::path::Path;

use domain::accounts::locale::Locale;
use domain::mail::letter::{Letter, Template};
use fluent_templates::LanguageIdentifier;

use crate::catalogue;
use crate::facts;
use crate::links::Link;
use crate::overrides::{self, Override, Overrides};
use crate::pattern::Pattern;
use crate::rendering::{self, Told, Written};

/// The texts of the letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    overrides: Overrides,
}

impl Texts {
    /// The texts of this program, with the operator's own files in front of them: in
    /// `<directory>/<language>/<template>`, each of `.subject`, `.txt` and `.html` takes the place of that
    /// part. In a language that this program does not speak, a template has all three.
    ///
    /// # Errors
    /// A sentence for each file that does not hold.
    pub fn read(directory: &Path) -> Result<Self, Vec<String>> {
        let overrides = overrides::read(directory)?;
        let spoken = catalogue::languages();
        let lacking = overrides.iter().filter(|((language, _), own)| {
            !own.is_whole() && !spoken.iter().any(|spoken| spoken.to_string() == *language)
        });
        let wrong = lacking.map(|((language, template), _)| {
            let (name, directory) = (template.name(), directory.display());
            format!(
                "The mail template {name} in {directory}/{language} needs {name}.subject, {name}.txt and {name}.html: \
                 this program has no text of its own in that language."
            )
        });
        let wrong = wrong.collect::<Vec<_>>();
        if wrong.is_empty() { Ok(Self { overrides }) } else { Err(wrong) }
    }

    /// Writes a letter in the language of its reader, or else in English.
    pub(crate) fn write(&self, letter: &Letter, host: &str, link: Option<&str>) -> Written {
        let language = self.language(letter.template, letter.locale.as_ref());
        let facts = facts::shown(letter);
        let told = Told { template: letter.template, address: letter.to.as_str(), host, link, facts: &facts };
        let own = self.overrides.get(&(language.to_string(), letter.template));
        // Which language the text of this program is in matters only where the operator's is not whole.
        let written = rendering::write(&told, &language);
        match own {
            Some(own) => replaced(written, own, &told),
            None => written,
        }
    }

    fn language(&self, template: Template, wanted: Option<&Locale>) -> LanguageIdentifier {
        // A tag may say more than the library reads; its first part is the language in any case.
        let read = |locale: &Locale| locale.as_str().parse().or_else(|_| locale.language().parse()).ok();
        let Some(wanted): Option<LanguageIdentifier> = wanted.and_then(read) else {
            return catalogue::FALLBACK;
        };
        let own =
            self.overrides.keys().filter(|(_, of)| *of == template).filter_map(|(language, _)| language.parse().ok());
        let spoken = own.chain(catalogue::languages()).collect::<Vec<LanguageIdentifier>>();
        let same = spoken.iter().find(|language| **language == wanted);
        let near = || spoken.iter().find(|language| language.language == wanted.language);
        same.or_else(near).cloned().unwrap_or(catalogue::FALLBACK)
    }
}

fn replaced(written: Written, own: &Override, told: &Told<'_>) -> Written {
    let hours = Link::of(told.template).lifetime().map(|lifetime| lifetime.num_hours().to_string());
    let value = |name: &str| match name {
        "link" => told.link.unwrap_or_default().to_owned(),
        "address" => told.address.into(),
        "host" => told.host.into(),
        "hours" => hours.clone().unwrap_or_default(),
        fact => told.facts.iter().find(|(name, _)| *name == fact).map(|(_, value)| value.clone()).unwrap_or_default(),
    };
    let plain = |pattern: &Option<Pattern>, or: String| pattern.as_ref().map_or(or, |own| own.plain(value));
    Written {
        subject: plain(&own.subject, written.subject),
        text: plain(&own.text, written.text),
        html: own.html.as_ref().map_or(written.html, |own| own.html(value)),
    }
}
