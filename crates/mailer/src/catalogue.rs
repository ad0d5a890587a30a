//! The texts of the letters, from the catalogues in `locales/`.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _, langid, static_loader};

static_loader! {
    static CATALOGUES = {
        locales: "./locales",
        fallback_language: "en",
        // Values stand in lines and cells of their own, and mail programs show marks of isolation as boxes.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The language of letters whose reader has named none that is there.
pub(crate) const FALLBACK: LanguageIdentifier = langid!("en");

/// Values in a text.
pub(crate) type Values = [(&'static str, FluentValue<'static>)];

/// The languages that there is a catalogue for.
pub(crate) fn languages() -> Vec<LanguageIdentifier> {
    CATALOGUES.locales().cloned().collect()
}

/// The text of a key; `key.part` names an attribute. `None` when the catalogue of this language has none.
pub(crate) fn text(language: &LanguageIdentifier, key: &str, values: &Values) -> Option<String> {
    let values: HashMap<_, _> = values.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
    CATALOGUES.try_lookup_with_args(language, key, &values)
}
