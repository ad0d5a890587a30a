//! What must hold whatever a caller sends. Only tests and `cargo fuzz` compile this.

use std::sync::Arc;

use domain::accounts::password::PasswordPolicy;
use domain::accounts::ports::CommonPasswords;
use domain::form::{FieldError, FormErrors};
use domain::page::Listing;
use poem::Request;
use poem::http::{HeaderValue, header};
use serde_json::Value;

use crate::body::{Body, is_json, parse};
use crate::json::Tree;
use crate::problem::Refusal;
use crate::query::{check_names, flag, page};
use crate::resources::accounts::bodies::{IssueTokenBody, PhoneBody, PreferencesBody, SignUpBody};
use crate::resources::boundary::GeoJson;
use crate::resources::domains::DomainsBody;
use crate::resources::fields::FieldBody;
use crate::resources::sessions::{LogInBody, RefreshBody};
use crate::resources::{email_change, emails, passwords};

/// A text that another reader of JSON refuses is refused here, too, and what is read can be written and read again.
pub fn json(data: &[u8]) {
    let Ok(tree) = Tree::parse(data) else { return };
    let other: Value = serde_json::from_slice(data).expect("what is read here is JSON");
    assert!(holds_no_more(&other, &tree), "{other} is another value than {tree:?}");
    assert_eq!(Tree::parse(written(&tree).as_bytes()).as_ref(), Ok(&tree));
    let mut errors = FormErrors::none();
    let geometry = GeoJson::read(&tree, "boundary", &mut errors);
    let errors = errors.into_list();
    expect_plain(&errors);
    if errors.is_empty() {
        let again = Tree::parse(&serde_json::to_vec(&geometry.value()).expect("JSON is written")).expect("and read");
        assert_eq!(GeoJson::read(&again, "", &mut FormErrors::none()), geometry);
    }
}

/// Whatever a body is, it is a value or a list of wrong fields, and no password is repeated there.
pub fn body(data: &[u8]) {
    let request = Request::default();
    let text = String::from_utf8_lossy(data);
    for read in READERS {
        let Err(refusal) = read(&request, data) else { continue };
        expect_plain(refusal.errors());
        let told = format!("{refusal:?}");
        let password = text.split('"').skip_while(|part| *part != "password").nth(2).unwrap_or_default();
        // A text that stands elsewhere, too, may be the name of a member, and names may be told; one with blanks may be
        // a sentence of ours, which libFuzzer soon writes itself.
        let is_secret = password.len() >= 24 && !password.contains(' ') && text.matches(password).count() == 1;
        assert!(!is_secret || !told.contains(password), "{told}");
    }
}

/// The query first, then, behind a line feed, a `Content-Type`.
pub fn query(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (query, content_type) = text.split_once('\n').unwrap_or((&text, ""));
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        let mut request = Request::default();
        request.headers_mut().insert(header::CONTENT_TYPE, content_type.clone());
        let kind = content_type.to_str().unwrap_or_default().to_ascii_lowercase();
        assert!(!is_json(&request) || kind.trim().starts_with("application/json"), "{kind}");
    }
    let Ok(uri) = format!("/me/events?{query}").parse() else { return };
    let (request, mut errors) = (Request::builder().uri(uri).finish(), FormErrors::none());
    check_names(&request, &["limit", "after"], &mut errors);
    let given = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let (limit, after) = page(given("limit"), given("after"), Listing::Events, "filter", &mut errors);
    flag("all", given("all"), &mut errors);
    assert!((1..=100).contains(&limit.items()));
    assert_eq!(
        after.as_ref().map(|after| after.encode(Listing::Events, "filter")).as_deref().or(given("after")),
        given("after")
    );
    expect_plain(&errors.into_list());
}

type Reading = fn(&Request, &[u8]) -> Result<(), Refusal>;

const READERS: [Reading; 13] = [
    sign_up,
    read::<PhoneBody>,
    read::<PreferencesBody>,
    read::<IssueTokenBody>,
    read::<DomainsBody>,
    read::<FieldBody>,
    read::<LogInBody>,
    read::<RefreshBody>,
    read::<email_change::ChangeBody>,
    read::<emails::EmailBody>,
    read::<emails::TokenBody>,
    read::<passwords::ResetBody>,
    read::<passwords::ChangeBody>,
];

fn read<T: Body>(request: &Request, data: &[u8]) -> Result<(), Refusal> {
    parse::<T>(request, data)?.check(|_| Ok(()))
}

fn sign_up(request: &Request, data: &[u8]) -> Result<(), Refusal> {
    let policy = PasswordPolicy::new(8, Arc::new(NoneAreCommon));
    parse::<SignUpBody>(request, data)?.check(|body| body.form().check(&policy)).map(|_| ())
}

struct NoneAreCommon;

impl CommonPasswords for NoneAreCommon {
    fn contains(&self, _folded: &str) -> bool {
        false
    }
}

/// The path of a wrong field is of names that look like such, and its sentence is one line.
fn expect_plain(errors: &[FieldError]) {
    for FieldError { field, code, message } in errors {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]?".contains(&byte);
        assert!(field.bytes().all(is_plain) && field.len() <= 100, "{field:?}");
        assert!(!code.is_empty() && message.len() <= 200 && !message.contains(char::is_control), "{message:?}");
    }
}

/// Whether another reader found nothing in a text that is not in the tree; of several members of one name it keeps
/// the last.
fn holds_no_more(other: &Value, tree: &Tree) -> bool {
    match (other, tree) {
        (Value::Null, Tree::Null) => true,
        (Value::Bool(one), Tree::Bool(other)) => one == other,
        (Value::Number(one), Tree::Whole(other)) => one.as_i64() == Some(*other),
        (Value::Number(one), Tree::Number(other)) => one.as_f64() == Some(*other),
        (Value::String(one), Tree::Text(other)) => one == other,
        (Value::Array(some), Tree::List(others)) => {
            some.len() == others.len() && some.iter().zip(others).all(|(one, other)| holds_no_more(one, other))
        }
        (Value::Object(some), Tree::Object(others)) => some.iter().all(|(name, value)| {
            others.iter().rfind(|(other, _)| other == name).is_some_and(|(_, other)| holds_no_more(value, other))
        }),
        _ => false,
    }
}

fn written(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".into(),
        Tree::Bool(value) => value.to_string(),
        Tree::Whole(value) => value.to_string(),
        Tree::Number(value) => Value::from(*value).to_string(),
        Tree::Text(text) => Value::from(text.as_str()).to_string(),
        Tree::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(",")),
        Tree::Object(members) => {
            let member = |(name, value): &(String, Tree)| format!("{}:{}", Value::from(name.as_str()), written(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use fuzz::short_form;

    #[test]
    fn every_property_holds_for_the_seeds_and_what_is_near_them() {
        short_form::run("json", super::json);
        short_form::run("body", super::body);
        short_form::run("query", super::query);
    }
}
