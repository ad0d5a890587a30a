//! The texts of the pages, from the catalogues in `locales/`.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::accounts::locale::Locale;
use domain::form::FieldError;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _, langid, static_loader};

static_loader! {
    static CATALOGUES = {
        locales: "./locales",
        fallback_language: "en",
        // Values go into HTML, which isolates them itself where that matters (`<bdi>`).
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const FALLBACK: LanguageIdentifier = langid!("en");

/// The texts in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Texts {
    language: LanguageIdentifier,
}

impl Texts {
    /// The texts in the language that the reader likes best, by their `Accept-Language` (RFC 9110).
    pub(crate) fn for_reader(accept_language: Option<&str>) -> Self {
        let liked = accept_language.map(by_preference).unwrap_or_default();
        let known: Vec<_> = CATALOGUES.locales().collect();
        let best = liked.iter().find_map(|liked| known.iter().find(|known| known.language == liked.language));
        Self { language: best.map_or(FALLBACK, |&best| best.clone()) }
    }

    /// The texts in the language that a user has named; `None` when there are none.
    pub(crate) fn of(locale: &Locale) -> Option<Self> {
        Self::all().into_iter().find(|texts| texts.language.language.as_str() == locale.language())
    }

    /// The texts in each language, in the order of their tags.
    pub(crate) fn all() -> Vec<Self> {
        let mut all: Vec<_> = CATALOGUES.locales().map(|language| Self { language: language.clone() }).collect();
        all.sort_by_cached_key(Self::language);
        all
    }

    /// The language, as a BCP 47 tag.
    pub(crate) fn language(&self) -> String {
        self.language.to_string()
    }

    /// The text of a key.
    pub(crate) fn text(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The text of a key, with values in it.
    pub(crate) fn with(&self, key: &str, values: &[(&'static str, FluentValue<'static>)]) -> String {
        // A missing text is a mistake that a test finds; its key is the best that is left to show.
        self.find(key, values).unwrap_or_else(|| key.into())
    }

    /// The sentence for a wrong field: by field and code, or as the domain says it.
    pub(crate) fn refusal(&self, error: &FieldError, values: &[(&'static str, FluentValue<'static>)]) -> String {
        self.find(&refusal_key(&error.field, error.code), values).unwrap_or_else(|| error.message.clone())
    }

    fn find(&self, key: &str, values: &[(&'static str, FluentValue<'static>)]) -> Option<String> {
        let values: HashMap<_, _> = values.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
        CATALOGUES.try_lookup_with_args(&self.language, key, &values)
    }
}

/// The key of the sentence for a wrong field.
pub(crate) fn refusal_key(field: &str, code: &str) -> String {
    format!("error-{}-{code}", field.replace('_', "-"))
}

/// The languages of an `Accept-Language`, best first, without those of quality 0.
fn by_preference(header: &str) -> Vec<LanguageIdentifier> {
    let mut liked: Vec<(f32, LanguageIdentifier)> = header
        .split(',')
        .take(20)
        .filter_map(|item| {
            let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
            let quality = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.parse().ok())?;
            (quality > 0.0).then_some(())?;
            Some((quality, tag.trim().parse().ok()?))
        })
        .collect();
    liked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    liked.into_iter().map(|(_, language)| language).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_a_language_that_is_there() {
        for header in [None, Some(""), Some("en-GB,en;q=0.9"), Some("xx;q=1, *;q=0.5"), Some("tlh"), Some(";;,q=")] {
            assert_eq!(Texts::for_reader(header).language(), "en", "{header:?}");
        }
        for header in ["es", "es-MX", "xx, es;q=0.5, en;q=0.4"] {
            assert_eq!(Texts::for_reader(Some(header)).language(), "es", "{header:?}");
        }
    }

    #[test]
    fn a_user_gets_the_language_that_they_named_in_any_of_its_regions() {
        for (tag, language) in [
            ("es", Some("es")),
            ("es-MX", Some("es")),
            ("es-419-u-nu-latn", Some("es")),
            ("en-GB", Some("en")),
            ("de", None),
            ("est", None),
            ("x-es", None),
        ] {
            let texts = Texts::of(&Locale::parse(tag).expect("a tag"));
            assert_eq!(texts.map(|texts| texts.language()).as_deref(), language, "{tag}");
        }
    }

    #[test]
    fn every_language_has_a_name_of_its_own() {
        let all = Texts::all();
        let names: Vec<_> = all.iter().map(|texts| (texts.language(), texts.text("language-name"))).collect();
        assert_eq!(names, [("en".into(), "English".into()), ("es".into(), "Español".into())]);
    }

    #[test]
    fn languages_are_ordered_by_quality() {
        let tags: Vec<_> =
            by_preference("de;q=0.5, fr;q=0, en-GB, pt-BR;q=0.8, en;q=x").iter().map(ToString::to_string).collect();
        assert_eq!(tags, ["en-GB", "pt-BR", "de"]);
    }

    #[test]
    fn a_sentence_that_no_catalogue_has_is_the_domains() {
        let texts = Texts::for_reader(None);
        let error = FieldError { field: "email".into(), code: "no-such-code", message: "As the domain says.".into() };
        assert_eq!(texts.refusal(&error, &[]), "As the domain says.");
    }
}
