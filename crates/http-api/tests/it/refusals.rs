//! What is refused, in which order, and how.

use poem::Request;
use poem::http::Method;
use serde_json::{Value, json};

use crate::world::World;

/// The operations of the committed document: method, path, and whether anybody may call them.
fn operations() -> Vec<(String, String, bool, Value)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let path = path.replace("{id}", "019b76da-a800-7000-8000-000000000001").replace("{domain}", "example.org");
            let public = operation["security"] == json!([]);
            operations.push((method.to_uppercase(), path, public, operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn nobody_gets_past_an_operation_that_is_not_public() {
    let world = World::new();
    for (method, path, public, operation) in operations() {
        // The body is no JSON at all: who has no credential learns nothing about it.
        let request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri_str(&path);
        let answer = world.send(request.body("{")).await;
        assert!(operation["responses"].get(answer.status.to_string()).is_some(), "{method} {path}: {}", answer.status);
        if public {
            assert_ne!(answer.status, 401, "{method} {path}");
        } else {
            assert_eq!((answer.status, answer.problem().as_str()), (401, "not-authenticated"), "{method} {path}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            let forged = world.call(&method, &path, Some("forged"), Some(json!(1))).await;
            assert_eq!((forged.status, forged.header("www-authenticate")), (401, "Bearer error=\"invalid_token\""));
        }
    }
}

#[tokio::test]
async fn every_operation_refuses_parameters_that_it_does_not_have() {
    let world = World::new();
    let admin = world.token("admin@example.org", true).await;
    for (method, path, _, operation) in operations() {
        let body = operation.get("requestBody").map(|_| json!({}));
        let answer = world.call(&method, &format!("{path}?stray=1"), Some(&admin), body).await;
        let stray = ("stray".to_owned(), "unknown".to_owned());
        assert!(answer.wrong().contains(&stray), "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_order_of_refusals_is_kept() {
    let world = World::new();
    let send = |method: Method, path: &str, headers: &[(&str, &str)], body: &str| {
        let mut request = Request::builder().method(method).uri_str(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        world.send(request.body(body.to_owned()))
    };
    let long = "x".repeat(17_000);
    let json_type = ("content-type", "application/json");
    let too_long = ("content-length", "65537");
    assert_eq!(send(Method::GET, "/nothing", &[("x-long", &long)], "").await.status, 431);
    assert_eq!(send(Method::POST, "/nothing", &[too_long], "").await.problem(), "not-found");
    let answer = send(Method::DELETE, "/domains", &[too_long], "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, "GET, POST, HEAD"));
    assert_eq!(send(Method::POST, "/domains", &[too_long], "").await.problem(), "body-too-large");
    assert_eq!(send(Method::POST, "/domains", &[], "{").await.problem(), "not-authenticated");
    let token = format!("Bearer {}", world.token("maya@example.org", false).await);
    let authorization = ("authorization", token.as_str());
    assert_eq!(send(Method::POST, "/domains", &[authorization], "{").await.problem(), "not-permitted");
    assert_eq!(send(Method::PATCH, "/update", &[authorization], "{").await.problem(), "unsupported-media-type");
    assert_eq!(send(Method::PATCH, "/update?x", &[authorization, json_type], "{").await.problem(), "bad-json");
    assert_eq!(send(Method::PATCH, "/update?x", &[authorization, json_type], "{}").await.problem(), "invalid");
}

#[tokio::test]
async fn what_is_no_json_is_told_without_repeating_it() {
    let world = World::new();
    for body in [&b""[..], b"{", b"hunter2", b"{\"email\": \"\xff\"}", b"{} {}", b"\"\\ud800\""] {
        let answer = world.raw("/login", body.to_vec()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "bad-json"), "{body:?}");
        assert!(!answer.text.contains("hunter2"));
    }
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(world.raw("/login", deep).await.status, 400);
    assert_eq!(world.raw("/login", vec![b' '; 65_537]).await.problem(), "body-too-large");
    let token = format!(r#"{{"email": {{}}, "password": ["hunter2"], "urt_{}": 1}}"#, "0".repeat(64));
    let answer = world.raw("/login", token).await;
    assert!(!answer.text.contains("hunter2") && !answer.text.contains("urt_"), "{}", answer.text);
    let fields: Vec<_> = answer.wrong().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["email", "password", "?"]);
}

#[tokio::test]
async fn only_named_origins_may_read_answers() {
    let world = World::new();
    let ask = |method: Method, origin: &str| {
        let request = Request::builder().method(method).uri_str("/login").header("origin", origin);
        world.send(request.header("access-control-request-method", "POST").finish())
    };
    let answer = ask(Method::OPTIONS, "https://app.example").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (204, "https://app.example"));
    assert!(answer.header("access-control-allow-credentials").is_empty());
    let answer = ask(Method::OPTIONS, "https://evil.example").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, ""));
}

#[tokio::test]
async fn documents_are_served_with_a_policy() {
    let world = World::new();
    for path in
        ["/openapi.json", "/docs", "/docs/swagger-ui.js", "/docs/swagger-ui.css", "/docs/start.js", "/problems/invalid"]
    {
        let answer = world.call("GET", path, None, None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(!answer.text.is_empty());
    }
    assert_eq!(world.call("GET", "/problems/nothing", None, None).await.problem(), "not-found");
    let keys = world.call("GET", "/.well-known/jwks.json", None, None).await;
    assert_eq!((keys.status, keys.json()), (200, json!({ "keys": [] })));
    assert!(keys.header("cache-control").contains("max-age"));
}

#[tokio::test]
async fn a_path_that_is_no_text_names_nothing() {
    let world = World::new();
    let admin = world.token("admin@example.org", true).await;
    let answer = world.call("DELETE", "/domains/%FF", Some(&admin), None).await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"));
    assert_eq!(world.call("DELETE", "/me/fields/1", Some(&admin), None).await.wrong().len(), 1);
}

#[tokio::test]
async fn what_can_be_read_can_be_asked_for_its_head() {
    let world = World::new();
    for path in ["/health/live", "/openapi.json", "/docs", "/.well-known/jwks.json"] {
        assert_eq!(world.call("HEAD", path, None, None).await.status, 200, "{path}");
    }
}
