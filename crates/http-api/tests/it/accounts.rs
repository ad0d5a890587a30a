//! Sign-up, login, the own account, logout.

use serde_json::{Value, json};

use crate::world::{PASSWORD, World};

const EMAIL: &str = "Maya@Example.org";

fn form() -> Value {
    json!({ "email": EMAIL, "password": PASSWORD })
}

#[tokio::test]
async fn a_sign_up_answers_in_the_words_of_the_contract() {
    let world = World::new();
    let answer = world.call("POST", "/signup", None, Some(form())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["message"], "Successfully registered.");
    assert_eq!(body["email"], EMAIL);
    assert!(body["token_required"].as_str().unwrap().starts_with("urt_"));
    let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["message", "id", "email", "token_required"]);

    let again = json!({ "email": "maya@EXAMPLE.org", "password": PASSWORD });
    let answer = world.call("POST", "/signup", None, Some(again)).await;
    assert_eq!((answer.status, answer.json()), (202, json!({ "message": "User already exists. Please log in" })));
    assert_eq!(answer.header("content-type").split(';').next(), Some("application/json"));
}

#[tokio::test]
async fn a_sign_up_names_everything_that_is_wrong() {
    let world = World::new();
    let body = json!({
        "email": "nobody", "password": "short", "phone_number": "12", "is_admin": true,
        "fields": [{ "geo_id": "x", "boundary": { "type": "Polygon", "coordinates": [[[1, 2]]] } }, 5],
    });
    let answer = world.call("POST", "/signup", None, Some(body)).await;
    let mut wrong = answer.wrong();
    wrong.sort();
    let expected = [
        ("email", "not-an-address"),
        ("fields[0].boundary", "short-ring"),
        ("fields[0].geo_id", "not-a-geo-id"),
        ("fields[1]", "wrong-type"),
        ("is_admin", "unknown"),
        ("password", "too-short"),
        ("phone_number", "not-a-phone-number"),
    ];
    assert_eq!(wrong, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    assert!(!answer.text.contains("\"short\""), "a password was repeated");
}

#[tokio::test]
async fn a_sign_up_takes_nothing_that_nobody_asked_for() {
    let world = World::new();
    for member in ["id", "roles", "is_activated", "administrator", "state", "token_required", "created_at", "version"] {
        let mut body = form();
        body[member] = json!("x");
        let answer = world.call("POST", "/signup", None, Some(body)).await;
        assert_eq!(answer.wrong(), [(member.to_owned(), "unknown".to_owned())]);
    }
    assert_eq!(world.call("POST", "/signup", None, Some(form())).await.status, 201, "nobody was made before");
}

#[tokio::test]
async fn duplicate_members_are_refused_also_deep_inside() {
    let world = World::new();
    let body = format!(r#"{{"email": "{EMAIL}", "email": "a@b.example", "password": "{PASSWORD}"}}"#);
    assert_eq!(world.raw("/signup", body).await.wrong(), [("email".to_owned(), "duplicate".to_owned())]);
    let body = format!(
        r#"{{"email": "{EMAIL}", "password": "{PASSWORD}", "fields": [{{"geo_id": "{0}", "geo_id": "{0}",
            "boundary": {{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}}}]}}"#,
        "a".repeat(64)
    );
    assert_eq!(world.raw("/signup", body).await.wrong(), [("fields[0].geo_id".to_owned(), "duplicate".to_owned())]);
}

#[tokio::test]
async fn a_login_tells_its_refusals_apart() {
    let world = World::new();
    world.call("POST", "/signup", None, Some(form())).await;
    let log_in = |email: &str, password: &str| json!({ "email": email, "password": password });
    for (body, problem, message) in [
        (log_in("none@example.org", PASSWORD), "unknown-user", "User does not exist"),
        (log_in(EMAIL, "something else"), "wrong-password", "Wrong password"),
    ] {
        let answer = world.call("POST", "/login", None, Some(body)).await;
        assert_eq!((answer.status, answer.problem().as_str()), (401, problem));
        assert_eq!(answer.json()["message"], message);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        assert!(!answer.text.contains(PASSWORD) && !answer.text.contains("something else"));
    }
    assert_eq!(world.hashing.verified(), 2, "an unknown user costs a hash, too");
}

#[tokio::test]
async fn from_login_to_logout() {
    let world = World::new();
    world.call("POST", "/signup", None, Some(form())).await;
    let answer = world.call("POST", "/login", None, Some(form())).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    let token = tokens["access_token"].as_str().unwrap();

    let me = world.call("GET", "/me", Some(token), None).await.json();
    assert_eq!((&me["email"], &me["phone_number"], &me["fields"]), (&json!(EMAIL), &Value::Null, &json!([])));
    let phone = json!({ "phone_number": "+14155552671" });
    let updated = world.call("PATCH", "/update", Some(token), Some(phone)).await;
    assert_eq!(updated.json()["message"], "User updated successfully.");
    assert_eq!(updated.json()["phone_number"], "+14155552671");
    let updated = world.call("PATCH", "/update", Some(token), Some(json!({ "phone_number": null }))).await;
    assert_eq!((updated.status, &updated.json()["phone_number"]), (200, &Value::Null));
    for body in [json!({}), json!({ "phone_number": null, "email": "x@y.example" }), json!([])] {
        assert_eq!(world.call("PATCH", "/update", Some(token), Some(body)).await.status, 422);
    }
    let found = world.call("PATCH", "/me", Some(token), Some(json!({ "discoverable": true }))).await;
    assert_eq!(found.json()["discoverable"], true);

    let refreshed =
        world.call("POST", "/refresh", None, Some(json!({ "refresh_token": tokens["refresh_token"] }))).await;
    assert_eq!(refreshed.status, 200);
    assert_ne!(refreshed.json()["refresh_token"], tokens["refresh_token"]);
    let answer = world.call("POST", "/logout", Some(token), None).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "message": "Successfully logged out." })));
    let answer = world.call("GET", "/me", Some(token), None).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
    let dead = json!({ "refresh_token": refreshed.json()["refresh_token"] });
    let answer = world.call("POST", "/refresh", None, Some(dead)).await;
    assert_eq!((answer.status, answer.problem().as_str()), (401, "refresh-token-not-valid"));
}

#[tokio::test]
async fn a_token_required_reaches_its_own_record_and_no_further() {
    let world = World::new();
    let first = world.call("POST", "/signup", None, Some(form())).await.json();
    let token = first["token_required"].as_str().unwrap();
    assert_eq!(world.call("GET", "/me", Some(token), None).await.status, 200);
    for (method, path) in [("POST", "/logout"), ("POST", "/me/token-required"), ("DELETE", "/me/token-required")] {
        let answer = world.call(method, path, Some(token), None).await;
        assert_eq!((answer.status, answer.problem().as_str()), (403, "session-needed"), "{path}");
    }
    let tokens = world.call("POST", "/login", None, Some(form())).await.json();
    let session = tokens["access_token"].as_str();
    let second = world.call("POST", "/me/token-required", session, None).await;
    assert_eq!((second.status, second.header("cache-control")), (201, "no-store"));
    assert_eq!(world.call("GET", "/me", Some(token), None).await.status, 401, "the first is dead");
    assert_eq!(world.call("DELETE", "/me/token-required", session, None).await.status, 204);
    assert_eq!(world.call("GET", "/me", second.json()["token_required"].as_str(), None).await.status, 401);
}

#[tokio::test]
async fn a_token_required_may_end_and_shows_its_last_use() {
    let world = World::new();
    let token = world.call("POST", "/signup", None, Some(form())).await.json()["token_required"].clone();
    let tokens = world.call("POST", "/login", None, Some(form())).await.json();
    let (session, path) = (tokens["access_token"].as_str(), "/me/token-required");
    let unused = json!({ "last_used_at": null, "expires_at": null });
    assert_eq!(world.call("GET", path, session, None).await.json(), unused);
    assert_eq!(world.call("GET", path, token.as_str(), None).await.problem(), "session-needed");
    assert_eq!(world.call("GET", "/me", token.as_str(), None).await.status, 200);
    assert!(world.call("GET", path, session, None).await.json()["last_used_at"].is_string());
    for (body, code) in [
        (json!({ "expires_at": "2000-01-01T00:00:00Z" }), "past"),
        (json!({ "expires_at": "tomorrow" }), "not-a-time"),
        (json!({ "expires_at": 7 }), "wrong-type"),
        (json!({ "expires": "2999-01-01T00:00:00Z" }), "unknown"),
    ] {
        let answer = world.call("POST", path, session, Some(body.clone())).await;
        assert_eq!((answer.status, answer.json()["errors"][0]["code"].clone()), (422, json!(code)), "{body}");
    }
    let end = json!({ "expires_at": "2999-01-01T00:00:00+00:00" });
    let issued = world.call("POST", path, session, Some(end.clone())).await;
    assert_eq!((issued.status, issued.json()["expires_at"].clone()), (201, end["expires_at"].clone()));
    let held = world.call("GET", path, session, None).await.json();
    assert_eq!((held["last_used_at"].clone(), held["expires_at"].clone()), (json!(null), end["expires_at"].clone()));
    world.call("DELETE", path, session, None).await;
    assert_eq!(world.call("GET", path, session, None).await.problem(), "not-found");
}

#[tokio::test]
async fn overload_and_a_database_that_is_away_say_when_to_come_back() {
    let world = World::new();
    world.hashing.refuse_next(1);
    let answer = world.call("POST", "/signup", None, Some(form())).await;
    assert_eq!((answer.status, answer.problem().as_str(), answer.header("retry-after")), (503, "overloaded", "1"));
    world.memory.set_away(true);
    for (method, path, body) in
        [("POST", "/signup", Some(form())), ("POST", "/login", Some(form())), ("GET", "/health/ready", None)]
    {
        let answer = world.call(method, path, None, body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"), "{path}");
        assert!(!answer.header("retry-after").is_empty());
    }
    assert_eq!(world.call("GET", "/health/live", None, None).await.status, 200);
}

#[tokio::test]
async fn the_language_of_an_account_is_shown_named_and_taken_back() {
    let world = World::new();
    let token = world.token(EMAIL, false).await;
    let patch = async |body: Value| world.call("PATCH", "/me", Some(&token), Some(body)).await;
    assert_eq!(world.call("GET", "/me", Some(&token), None).await.json()["locale"], Value::Null);
    for (body, discoverable, locale) in [
        (json!({ "locale": "es" }), false, json!("es")),
        (json!({ "discoverable": true }), true, json!("es")),
        (json!({ "discoverable": false, "locale": "PT-br" }), false, json!("pt-BR")),
        (json!({ "locale": "tlh-x-KLINGON" }), false, json!("tlh-x-klingon")),
        (json!({ "discoverable": true, "locale": null }), true, Value::Null),
    ] {
        let answer = patch(body.clone()).await;
        assert_eq!((answer.status, answer.json()["message"].clone()), (200, json!("User updated successfully.")));
        let me = world.call("GET", "/me", Some(&token), None).await.json();
        for shown in [answer.json(), me] {
            assert_eq!((&shown["discoverable"], &shown["locale"]), (&json!(discoverable), &locale), "{body}");
        }
    }
}

#[tokio::test]
async fn what_is_no_preference_is_named_and_nothing_is_written() {
    let world = World::new();
    let token = world.token(EMAIL, false).await;
    let before = world.call("GET", "/me", Some(&token), None).await.json();
    for (body, wrong) in [
        (json!({}), vec![("discoverable", "required")]),
        (json!({ "locale": "" }), vec![("locale", "not-a-language-tag")]),
        (json!({ "locale": "es_MX" }), vec![("locale", "not-a-language-tag")]),
        (json!({ "locale": "a".repeat(36) }), vec![("locale", "too-long")]),
        (json!({ "locale": ["es"] }), vec![("locale", "wrong-type")]),
        (json!({ "discoverable": null }), vec![("discoverable", "wrong-type")]),
        (json!({ "discoverable": true, "locale": "e" }), vec![("locale", "not-a-language-tag")]),
        (
            json!({ "discoverable": 1, "locale": "e" }),
            vec![("discoverable", "wrong-type"), ("locale", "not-a-language-tag")],
        ),
        (json!({ "locale": "es", "state": "active" }), vec![("state", "unknown")]),
        (json!({ "language": "es" }), vec![("discoverable", "required"), ("language", "unknown")]),
    ] {
        let answer = world.call("PATCH", "/me", Some(&token), Some(body.clone())).await;
        assert_eq!(answer.status, 422, "{body}");
        let wrong: Vec<_> = wrong.into_iter().map(|(field, code)| (field.into(), code.into())).collect();
        assert_eq!(answer.wrong(), wrong, "{body}");
    }
    assert_eq!(world.call("GET", "/me", Some(&token), None).await.json(), before);
}
