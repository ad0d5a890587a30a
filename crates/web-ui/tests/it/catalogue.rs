//! The catalogue holds every text that a page asks for, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use domain::accounts::email::EmailError;
use domain::accounts::password::PasswordError;
use domain::accounts::phone::PhoneNumberError;
use domain::form::Refusal;
use domain::land::boundary::BoundaryError;
use domain::land::field::FieldNameError;
use domain::land::field_form::FieldListError;
use domain::land::geo_id::GeoIdError;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What stands before a key where one is asked for.
const ASKED_BY: [&str; 5] = ["frame.t(\"", "frame.count(\"", "self.count(\"", "texts.text(\"", "texts.with(\""];

#[test]
fn every_text_is_there_and_none_is_left_over() {
    let (sources, held, refusals) = (sources(), keys(), refusal_keys());
    let errors = fallible_pages().into_iter().flat_map(|key| [format!("{key}-title"), format!("{key}-text")]);
    let mut asked: BTreeSet<String> = ASKED_BY.iter().flat_map(|call| after(&sources, call)).collect();
    asked.extend(refusals.into_iter().chain(errors));
    let missing: Vec<_> = asked.difference(&held).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    let quoted: BTreeSet<_> = after(&sources, "\"").collect();
    let unused: Vec<_> = held.iter().filter(|key| !asked.contains(*key) && !quoted.contains(*key)).collect();
    assert!(unused.is_empty(), "unused: {unused:?}");
}

#[test]
fn every_key_in_code_is_held() {
    let held = keys();
    let is_key = |text: &String| {
        ["error-", "notice-"].iter().any(|start| text.starts_with(start)) && !text.contains('{')
            || text.ends_with("-title")
                && !text.contains(['{', ' '])
                && !["summary-title", "dialog-title"].contains(&&**text)
    };
    let missing: Vec<_> = after(&sources(), "\"").filter(is_key).filter(|key| !held.contains(key)).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
}

/// The texts of the keys of a refused request: see `Refused::key`.
fn fallible_pages() -> BTreeSet<String> {
    let source = fs::read_to_string(Path::new(ROOT).join("src/refused.rs")).expect("the source");
    let start = source.find("fn key(").expect("the function");
    let end = source[start..].find("\n    }\n").expect("its end") + start;
    after(&source[start..end], "=> \"").collect()
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
    add("name", &[&FieldNameError::Blank, &FieldNameError::TooLong, &FieldNameError::ControlCharacter]);
    add("geo-id", &[&GeoIdError::NotAGeoId, &FieldListError::SameGeoId, &FieldListError::TooMany]);
    add("boundary", &[&BoundaryError::Empty, &BoundaryError::TooManyPositions, &BoundaryError::ShortRing]);
    add("boundary", &[&BoundaryError::OpenRing, &BoundaryError::OffTheGlobe, &BoundaryError::Crossing]);
    keys.extend(["missing", "not-json", "not-a-polygon", "stray-member"].map(|code| format!("error-boundary-{code}")));
    keys
}

fn keys() -> BTreeSet<String> {
    let catalogue = fs::read_to_string(Path::new(ROOT).join("locales/en/pages.ftl")).expect("the catalogue");
    let entries = catalogue.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    entries.filter_map(|line| line.split_once(" =")).map(|(key, _)| key.to_owned()).collect()
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
