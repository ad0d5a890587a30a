//! The catalogue of each language holds every text that a page asks for, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use domain::accounts::email::EmailError;
use domain::accounts::locale::LocaleError;
use domain::accounts::password::PasswordError;
use domain::accounts::phone::PhoneNumberError;
use domain::events::EventKind;
use domain::form::Refusal;
use domain::land::boundary::BoundaryError;
use domain::land::field::FieldNameError;
use domain::land::field_form::FieldListError;
use domain::land::geo_id::GeoIdError;
use fluent_templates::fluent_bundle::FluentResource;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What stands before a key where one is asked for.
const ASKED_BY: [&str; 5] = ["frame.t(\"", "frame.count(\"", "self.count(\"", "texts.text(\"", "texts.with(\""];

#[test]
fn every_text_is_there_and_none_is_left_over() {
    let (sources, refusals) = (sources(), refusal_keys());
    let errors = fallible_pages().into_iter().flat_map(|key| [format!("{key}-title"), format!("{key}-text")]);
    let mut asked: BTreeSet<String> = ASKED_BY.iter().flat_map(|call| after(&sources, call)).collect();
    asked.extend(refusals.into_iter().chain(errors).chain(event_keys()));
    let quoted: BTreeSet<_> = after(&sources, "\"").collect();
    for language in languages() {
        let held = keys(&language);
        let missing: Vec<_> = asked.difference(&held).collect();
        assert!(missing.is_empty(), "missing in {language}: {missing:?}");
        let unused: Vec<_> = held.iter().filter(|key| !asked.contains(*key) && !quoted.contains(*key)).collect();
        assert!(unused.is_empty(), "unused in {language}: {unused:?}");
    }
}

#[test]
fn every_language_has_the_same_texts_with_the_same_values_in_them() {
    let english = entries("en");
    let (names, values): (BTreeSet<_>, BTreeSet<_>) = (english.keys().collect(), english.values().flatten().collect());
    assert!(names.len() > 100 && values.contains(&"$minimum".to_owned()), "the catalogue is read: {values:?}");
    assert!(languages().len() > 1, "there is a language to compare");
    for language in languages() {
        let entries = entries(&language);
        assert_eq!(entries.keys().collect::<BTreeSet<_>>(), names, "{language}");
        for (key, values) in &entries {
            assert_eq!(values, &english[key], "{key} in {language}");
        }
    }
}

#[test]
fn every_catalogue_is_good_fluent_and_names_each_text_once() {
    for language in languages() {
        let text = catalogue(&language);
        let good = FluentResource::try_new(text.clone());
        assert!(good.is_ok(), "{language}: {:?}", good.err().map(|(_, errors)| errors));
        let mut seen = BTreeSet::new();
        let doubled: Vec<_> = names(&text).filter(|name| !seen.insert(*name)).collect();
        assert!(doubled.is_empty(), "{language}: {doubled:?}");
    }
}

#[test]
fn every_key_in_code_is_held() {
    let is_key = |text: &String| {
        ["error-", "notice-"].iter().any(|start| text.starts_with(start)) && !text.contains('{')
            || text.ends_with("-title")
                && !text.contains(['{', ' '])
                && !["summary-title", "dialog-title"].contains(&&**text)
    };
    let sources = sources();
    for language in languages() {
        let held = keys(&language);
        let missing: Vec<_> = after(&sources, "\"").filter(is_key).filter(|key| !held.contains(key)).collect();
        assert!(missing.is_empty(), "missing in {language}: {missing:?}");
    }
}

/// The texts of the keys of a refused request: see `Refused::key`.
fn fallible_pages() -> BTreeSet<String> {
    let source = fs::read_to_string(Path::new(ROOT).join("src/refused.rs")).expect("the source");
    let start = source.find("fn key(").expect("the function");
    let end = source[start..].find("\n    }\n").expect("its end") + start;
    after(&source[start..end], "=> \"").collect()
}

/// Everything that can happen has its words on the page of activity.
fn event_keys() -> impl Iterator<Item = String> {
    EventKind::ALL.iter().map(|kind| format!("event-{}", kind.name().replace('.', "-")))
}

fn refusal_keys() -> Vec<String> {
    let mut keys = Vec::new();
    let mut add = |field: &str, refusals: &[&dyn Refusal]| {
        keys.extend(refusals.iter().map(|refusal| format!("error-{field}-{}", refusal.code())));
    };
    add(
        "email",
        &[&EmailError::NotAnAddress, &EmailError::TooLong, &EmailError::ControlCharacter, &EmailError::Quoted],
    );
    add("password", &[&PasswordError::Empty, &PasswordError::TooShort { minimum: 8 }, &PasswordError::TooLong]);
    add("current-password", &[&PasswordError::Empty, &PasswordError::TooLong]);
    add("password", &[&PasswordError::ControlCharacter, &PasswordError::Unsuitable]);
    add("password", &[&PasswordError::Common, &PasswordError::LikeAddress]);
    add("phone-number", &[&PhoneNumberError::Shape, &PhoneNumberError::Unassigned]);
    add("locale", &[&LocaleError::TooLong, &LocaleError::NotALanguageTag]);
    add("name", &[&FieldNameError::Blank, &FieldNameError::TooLong, &FieldNameError::ControlCharacter]);
    add("geo-id", &[&GeoIdError::NotAGeoId, &FieldListError::SameGeoId, &FieldListError::TooMany]);
    add("boundary", &[&BoundaryError::Empty, &BoundaryError::TooManyPositions, &BoundaryError::ShortRing]);
    add("boundary", &[&BoundaryError::OpenRing, &BoundaryError::OffTheGlobe, &BoundaryError::Crossing]);
    keys.extend(["missing", "not-json", "not-a-polygon", "stray-member"].map(|code| format!("error-boundary-{code}")));
    keys
}

/// The languages that there is a catalogue for.
fn languages() -> Vec<String> {
    let folders = fs::read_dir(Path::new(ROOT).join("locales")).expect("a folder");
    folders.map(|folder| folder.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

fn catalogue(language: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join("locales").join(language).join("pages.ftl")).expect("the catalogue")
}

/// The names of the texts, and of the terms, which begin with a hyphen.
fn names(catalogue: &str) -> impl Iterator<Item = &str> {
    let entries = catalogue.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase() || c == '-'));
    entries.filter_map(|line| line.split_once(" =")).map(|(name, _)| name)
}

fn keys(language: &str) -> BTreeSet<String> {
    names(&catalogue(language)).filter(|name| !name.starts_with('-')).map(String::from).collect()
}

/// The texts by name: the values that each has in it.
fn entries(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let catalogue = catalogue(language);
    let mut entries: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut name = String::new();
    for line in catalogue.lines().filter(|line| !line.starts_with('#')) {
        if let Some(begun) = names(line).next() {
            name = begun.into();
            entries.entry(name.clone()).or_default();
        }
        let is_of_value = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let values = line.match_indices('$').map(|(at, _)| {
            let rest = &line[at + 1..];
            format!("${}", &rest[..rest.find(|c| !is_of_value(c)).unwrap_or(rest.len())])
        });
        entries.entry(name.clone()).or_default().extend(values);
    }
    entries
}

fn sources() -> String {
    let mut files = Vec::new();
    for folder in ["src", "src/pages", "templates"] {
        let entries = fs::read_dir(Path::new(ROOT).join(folder)).expect("a folder");
        files.extend(entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()));
    }
    files.iter().map(|path| fs::read_to_string(path).expect("a text")).collect()
}

/// The texts between what stands before them and the next quotation mark.
fn after<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = String> + 'a {
    text.match_indices(before).filter_map(move |(at, _)| {
        let rest = &text[at + before.len()..];
        rest.split_once('"').map(|(key, _)| key.to_owned())
    })
}
