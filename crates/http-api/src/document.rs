//! The OpenAPI document: what poem-openapi generates, made exact.

use std::collections::{BTreeMap, BTreeSet};

use poem_openapi::registry::{MetaOperation, Registry};
use poem_openapi::types::{ToJSON as _, Type as _};
use poem_openapi::{ContactObject, LicenseObject, OpenApi as _, OpenApiService, ServerObject};
use serde_json::{Map, Value, json};

use crate::caller::operation_of;
use crate::problem::{Kind, PROBLEM_JSON, Problem};
use crate::resources::accounts::Accounts;
use crate::resources::authority::Authority;
use crate::resources::domains::Domains;
use crate::resources::email_change::EmailChange;
use crate::resources::emails::Emails;
use crate::resources::events::Events;
use crate::resources::fields::Fields;
use crate::resources::health::Health;
use crate::resources::keys::Keys;
use crate::resources::own_sessions::OwnSessions;
use crate::resources::passwords::Passwords;
use crate::resources::sessions::Sessions;

pub(crate) type Resources =
    (Accounts, Emails, EmailChange, Passwords, Sessions, OwnSessions, Events, Fields, Domains, Authority, Keys, Health);

/// What else an operation answers, beside what a credential, a body and the database bring.
const PROBLEMS: &[(&str, &[Kind])] = &[
    ("signUp", &[Kind::NotAllowedToRegister, Kind::TooManyRequests, Kind::Overloaded]),
    (
        "logIn",
        &[
            Kind::UnknownUser,
            Kind::WrongPassword,
            Kind::LogInRefused,
            Kind::EmailNotVerified,
            Kind::AccountDisabled,
            Kind::TooManyRequests,
            Kind::Overloaded,
        ],
    ),
    ("refresh", &[Kind::RefreshTokenNotValid]),
    ("logOut", &[Kind::SessionNeeded]),
    ("listSessions", &[Kind::SessionNeeded]),
    ("listOwnEvents", &[Kind::SessionNeeded]),
    ("endSession", &[Kind::SessionNeeded, Kind::NotFound]),
    ("askForVerification", &[Kind::TooManyRequests]),
    (
        "confirmVerification",
        &[Kind::MailedTokenNotValid, Kind::DomainNotAllowed, Kind::Conflict, Kind::TooManyRequests],
    ),
    ("changeEmail", &[Kind::SessionNeeded, Kind::DomainNotAllowed, Kind::TooManyRequests, Kind::Overloaded]),
    ("undoEmailChange", &[Kind::MailedTokenNotValid, Kind::TooManyRequests]),
    ("forgotPassword", &[Kind::TooManyRequests]),
    ("resetPassword", &[Kind::MailedTokenNotValid, Kind::TooManyRequests, Kind::Overloaded]),
    ("changePassword", &[Kind::SessionNeeded, Kind::TooManyRequests, Kind::Overloaded]),
    ("updateUser", &[]),
    ("getMe", &[]),
    ("updateMe", &[]),
    ("showTokenRequired", &[Kind::SessionNeeded, Kind::NotFound]),
    ("issueTokenRequired", &[Kind::SessionNeeded]),
    ("removeTokenRequired", &[Kind::SessionNeeded]),
    ("listFields", &[]),
    ("addField", &[Kind::Conflict]),
    ("replaceField", &[Kind::NotFound, Kind::Conflict]),
    ("removeField", &[Kind::NotFound]),
    ("listDomains", &[Kind::SessionNeeded, Kind::NotPermitted]),
    ("putDomains", &[Kind::SessionNeeded, Kind::NotPermitted]),
    ("removeDomain", &[Kind::SessionNeeded, Kind::NotPermitted, Kind::NotFound]),
    ("getAuthorityToken", &[Kind::NotPermitted, Kind::NotFound]),
    ("issueAuthorityToken", &[Kind::SessionNeeded, Kind::NotPermitted, Kind::Conflict]),
    ("revokeAuthorityToken", &[Kind::SessionNeeded, Kind::NotPermitted, Kind::NotFound]),
    ("getKeys", &[]),
    ("getLiveness", &[]),
    ("getReadiness", &[]),
];

/// What a body can bring.
const BODY_PROBLEMS: &[Kind] = &[Kind::BadJson, Kind::BadRequest, Kind::Timeout, Kind::UnsupportedMediaType];

/// The operations that never ask the database.
const WITHOUT_DATABASE: &[&str] = &["getLiveness", "getKeys"];

/// The operations.
pub(crate) fn service() -> OpenApiService<Resources, ()> {
    let resources = (
        Accounts,
        Emails,
        EmailChange,
        Passwords,
        Sessions,
        OwnSessions,
        Events,
        Fields,
        Domains,
        Authority,
        Keys,
        Health,
    );
    OpenApiService::new(resources, "User registry", env!("CARGO_PKG_VERSION"))
        .description(
            "User registration and account tasks, authenticated by self-contained JSON Web Tokens. Log in to get an access token, and present it as `Authorization: Bearer <token>`. \
             Every error is a problem document (RFC 9457), and every wrong field is told at once. \
             Other services verify the access tokens by the keys at `/.well-known/jwks.json`.",
        )
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .contact(ContactObject::new().name("The user registry"))
        .server(ServerObject::new("/"))
}

/// The document, as `/openapi.json` gives it.
#[must_use]
pub fn document() -> String {
    // What poem-openapi prints is JSON.
    let mut document = serde_json::from_str::<Value>(&service().spec()).unwrap_or_default();
    tidy(&mut document);
    // No answer of an operation names the problems, so poem-openapi knows nothing of them.
    let mut registry = Registry::new();
    Problem::register(&mut registry);
    for (name, schema) in registry.schemas {
        document["components"]["schemas"][name] = serde_json::to_value(schema).unwrap_or_default();
    }
    describe_bodies(&mut document);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            complete(method, operation);
        }
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

/// Says what poem-openapi cannot say of bodies.
fn describe_bodies(document: &mut Value) {
    let asked = of_bodies_alone(document);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| asked.contains(*name)) {
        // An unknown member is refused: it may be one that is misspelt.
        schema["additionalProperties"] = false.into();
        for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
            match name.as_str() {
                // Beyond ASCII as well (RFC 6531).
                "email" | "new_email" => property["format"] = "idn-email".into(),
                "password" | "new_password" | "current_password" => property["format"] = "password".into(),
                "expires_at" => property["format"] = "date-time".into(),
                _ => {}
            }
        }
    }
    // Each member may be left out, but not all.
    schemas["Preferences"]["minProperties"] = 1.into();
    // It may be `null`, and must be there.
    schemas["Update"]["required"] = json!(["phone_number"]);
    // Only a problem with wrong fields names them.
    if let Some(required) = schemas["Problem"]["required"].as_array_mut() {
        required.retain(|name| name != "errors");
    }
}

/// The names of the schemas that stand in bodies of requests, and in no answer.
fn of_bodies_alone(document: &Value) -> BTreeSet<String> {
    let parts = |part: &str| {
        let operations = document["paths"].as_object().into_iter().flatten();
        let operations = operations.flat_map(|(_, operations)| operations.as_object().into_iter().flatten());
        operations.map(|(_, operation)| operation[part].to_string()).collect::<String>()
    };
    let (asked, answered) = (reached(document, parts("requestBody")), reached(document, parts("responses")));
    asked.difference(&answered).cloned().collect()
}

/// The names of the schemas to which a part of the document leads.
fn reached(document: &Value, part: String) -> BTreeSet<String> {
    let (mut names, mut parts) = (BTreeSet::new(), vec![part]);
    while let Some(part) = parts.pop() {
        let references = part.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
        for name in references.map(str::to_owned) {
            parts.extend(names.insert(name.clone()).then(|| document["components"]["schemas"][&name].to_string()));
        }
    }
    names
}

/// Says of an operation whether it needs a credential, and every problem that it can answer.
fn complete(method: &str, operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let is_public = operation_of(&id).is_none();
    if is_public {
        operation["security"] = json!([]);
    }
    let mut kinds = PROBLEMS.iter().find(|(name, _)| *name == id).map(|(_, kinds)| kinds.to_vec()).unwrap_or_default();
    kinds.extend([Kind::HeadTooLarge, Kind::Invalid, Kind::Internal]);
    if matches!(method, "post" | "put" | "patch") {
        kinds.push(Kind::BodyTooLarge);
    }
    if !is_public {
        kinds.push(Kind::NotAuthenticated);
    }
    if operation.get("requestBody").is_some() {
        kinds.extend(BODY_PROBLEMS);
    }
    if !WITHOUT_DATABASE.contains(&id.as_str()) {
        kinds.push(Kind::Unavailable);
    }
    kinds.sort_by_key(|kind| (kind.status(), kind.slug()));
    kinds.dedup();
    if let Some(responses) = operation["responses"].as_object_mut() {
        for kind in kinds {
            let known = responses.entry(kind.status().to_string());
            let another = |known: &mut Value| {
                let description = known["description"].as_str().unwrap_or_default();
                known["description"] = format!("{description} Or: {}.", kind.title()).into();
            };
            known.and_modify(another).or_insert_with(|| answer(kind));
        }
    }
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        describe(parameter);
    }
}

/// Says what a parameter may be. It is read as a text, so that all that is wrong is told at once.
fn describe(parameter: &mut Value) {
    match parameter["name"].as_str() {
        Some("limit") => {
            parameter["schema"] = json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 50 });
        }
        Some("rotate" | "all") => parameter["schema"] = json!({ "type": "boolean", "default": false }),
        Some("domain") if parameter["in"] == "query" => {
            parameter["required"] = true.into();
            parameter["schema"] = json!({ "type": "string", "minLength": 1, "maxLength": 253 });
        }
        Some("after") => parameter["schema"] = json!({ "type": "string", "minLength": 1, "maxLength": 512 }),
        Some("id") => parameter["schema"] = json!({ "type": "string", "format": "uuid" }),
        _ => {}
    }
}

/// How a problem is answered.
fn answer(kind: Kind) -> Value {
    let mut headers = Map::new();
    if kind.status() == 401 {
        let description = "How to show who you are.";
        headers
            .insert("WWW-Authenticate".into(), json!({ "description": description, "schema": { "type": "string" } }));
    }
    if kind == Kind::TooManyRequests {
        for (name, description) in [
            ("RateLimit", "The limit that is met, how much is left of it, and in how many seconds there is more."),
            ("RateLimit-Policy", "The limit that is met: how many it admits in how many seconds."),
        ] {
            headers.insert(name.into(), json!({ "description": description, "schema": { "type": "string" } }));
        }
    }
    if matches!(kind.status(), 429 | 503) {
        let description = "After how many seconds to try again.";
        headers.insert("Retry-After".into(), json!({ "description": description, "schema": { "type": "integer" } }));
    }
    let mut answer = json!({
        "description": format!("{}.", kind.title()),
        "content": { PROBLEM_JSON: {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "example": Problem::example_of(kind).to_json(),
        } },
    });
    if !headers.is_empty() {
        answer["headers"] = Value::Object(headers);
    }
    answer
}

/// Says what JSON says by itself without a character set, and header names as everybody writes them.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (from, to) in
                [("application/json; charset=utf-8", "application/json"), ("CACHE-CONTROL", "Cache-Control")]
            {
                if let Some(member) = members.shift_remove(from) {
                    members.insert(to.into(), member);
                }
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Methods, each with the id of its operation.
pub(crate) type Methods = Vec<(String, &'static str)>;

/// The path templates of the operations, each with its methods. They do not come from the document, since whoever only
/// starts the program need not wait until that is made.
pub(crate) fn operations() -> Vec<(String, Methods)> {
    let mut operations = BTreeMap::<_, Vec<_>>::new();
    for path in Resources::meta().into_iter().flat_map(|resource| resource.paths) {
        let named =
            |operation: MetaOperation| (operation.method.to_string(), operation.operation_id.unwrap_or_default());
        operations.entry(path.path).or_default().extend(path.operations.into_iter().map(named));
    }
    operations.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_the_one_that_is_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == document(), "docs/openapi.json is out of date: run `make openapi`");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::from_str::<Value>(&document()).unwrap();
        let text = document.to_string();
        let references = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next());
        let lost = references.filter(|pointer| document.pointer(pointer).is_none()).collect::<BTreeSet<_>>();
        assert_eq!(lost, BTreeSet::new());
    }

    #[test]
    fn the_operations_are_those_of_the_document() {
        let document = serde_json::from_str::<Value>(&document()).unwrap();
        for (path, methods) in operations() {
            for (method, id) in methods {
                assert_eq!(document["paths"][&path][method.to_lowercase()]["operationId"], id, "{method} {path}");
            }
        }
        let told = document["paths"].as_object().into_iter().flatten();
        let told = told.flat_map(|(_, operations)| operations.as_object().into_iter().flatten());
        assert_eq!(operations().iter().flat_map(|(_, methods)| methods).count(), told.count());
    }

    #[test]
    fn every_operation_stands_in_the_table_of_problems() {
        let operations = operations();
        let ids = operations.iter().flat_map(|(_, methods)| methods.iter().map(|(_, id)| *id));
        let ids = ids.collect::<BTreeSet<_>>();
        assert_eq!(ids, PROBLEMS.iter().map(|(id, _)| *id).collect());
    }

    #[test]
    fn these_operations_and_no_others_are_public() {
        let operations = operations();
        let public = operations.iter().flat_map(|(path, methods)| {
            let public = methods.iter().filter(|(_, id)| operation_of(id).is_none());
            public.map(move |(method, _)| format!("{method} {path}"))
        });
        let expected = [
            "GET /.well-known/jwks.json",
            "GET /health/live",
            "GET /health/ready",
            "POST /email/change/undo",
            "POST /email/verification",
            "POST /email/verification/confirm",
            "POST /login",
            "POST /password/forgot",
            "POST /password/reset",
            "POST /refresh",
            "POST /signup",
        ];
        assert_eq!(public.collect::<BTreeSet<_>>(), expected.map(String::from).into());
    }
}
