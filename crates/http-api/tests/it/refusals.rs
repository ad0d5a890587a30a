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
    for body in [&b""[..], b"{", b"hunter2", b"{\"email\": \"\xff\"}", b"{} {}"] {
        let answer = world.raw("/login", body.to_vec()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "bad-json"), "{body:?}");
        assert!(!answer.text.contains("hunter2"));
    }
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
async fn a_path_that_is_no_text_names_nothing() {
    let world = World::new();
    let admin = world.token("admin@example.org", true).await;
    let answer = world.call("DELETE", "/domains/%FF", Some(&admin), None).await;
    assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"));
    assert_eq!(world.call("DELETE", "/me/fields/1", Some(&admin), None).await.wrong().len(), 1);
}

#[tokio::test]
async fn a_part_of_a_path_that_is_empty_names_nothing() {
    let world = World::new();
    let admin = world.token("admin@example.org", true).await;
    for path in
        ["/domains//authority-token", "/domains/", "/me/fields/", "//me", "/me/", "/domains/%FF/authority-token"]
    {
        for method in ["GET", "POST", "DELETE"] {
            for token in [None, Some("x"), Some(admin.as_str())] {
                let answer = world.call(method, path, token, None).await;
                assert_eq!((answer.status, answer.problem().as_str()), (404, "not-found"), "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn what_can_be_read_can_be_asked_for_its_head() {
    let world = World::new();
    for path in ["/health/live", "/openapi.json", "/docs", "/.well-known/jwks.json"] {
        assert_eq!(world.call("HEAD", path, None, None).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn what_is_json_but_no_body_is_told_with_its_place() {
    let world = World::new();
    let told = |field: &str, code: &str| vec![(field.to_owned(), code.to_owned())];
    for body in ["[]", "null", "\"hunter2\"", "7"] {
        assert_eq!(world.raw("/login", body).await.wrong(), told("", "wrong-type"), "{body}");
    }
    let deep = format!("{{\"email\": {}{}}}", "[".repeat(200), "]".repeat(200));
    for body in [deep.as_str(), r#"{"password": 1e400}"#, r#"{"password": "\ud800"}"#] {
        assert_eq!(world.raw("/login", body.to_owned()).await.wrong(), told("", "beyond-limits"), "{body}");
    }
    let nul = r#"{"email": "ada@example.org", "password": "pass\u0000word12"}"#;
    assert_eq!(world.raw("/signup", nul).await.wrong(), told("password", "control-character"));
    let stray = world.raw("/login?stray=1", "[]").await.wrong();
    assert_eq!(stray, [told("stray", "unknown"), told("", "wrong-type")].concat());
}

#[tokio::test]
async fn wrong_parameters_and_a_wrong_body_are_told_together() {
    let world = World::new();
    let admin = world.token("admin@example.org", true).await;
    let fields = async |method: &str, path: &str, body: Option<Value>| {
        let wrong = world.call(method, path, Some(&admin), body).await.wrong();
        wrong.into_iter().map(|(field, _)| field).collect::<Vec<_>>()
    };
    let body = json!({ "geo_id": "x", "boundary": null });
    assert_eq!(fields("PUT", "/me/fields/xyz?a=1", Some(body)).await, ["a", "boundary", "id", "geo_id"]);
    assert_eq!(fields("DELETE", "/me/fields/xyz?a=1", None).await, ["a", "id"]);
    assert_eq!(fields("GET", "/authority-token?domain=localhost&a=1", None).await, ["a", "domain"]);
    assert_eq!(fields("POST", "/domains/x/authority-token?rotate=1", None).await, ["rotate", "domain"]);
    assert_eq!(fields("GET", "/domains?limit=%2B5", None).await, ["limit"]);
    let body = json!({ "belongs_to": 0, "domains": ["bad domain", null, "example.org"] });
    assert_eq!(fields("POST", "/domains", Some(body)).await, ["domains[1]", "domains[0]"]);
}

#[tokio::test]
async fn a_body_of_thousands_of_members_is_read_once_over() {
    let world = World::new();
    let members = (0..6_000).map(|index| format!("\"{index:x}\":0")).collect::<Vec<_>>().join(",");
    let answer = world.raw("/login", format!("{{{members}}}")).await;
    assert_eq!(answer.wrong().len(), 1_000, "the answer stays short");
    let fields = format!(r#"{{"email":"a@b.example","password":"{}","fields":[{}{{}}]}}"#, "x", "{},".repeat(15_000));
    let wrong = world.raw("/signup", fields).await.wrong();
    assert!(wrong.contains(&("fields".into(), "too-many-fields".into())), "{wrong:?}");
}

#[tokio::test]
async fn only_one_content_type_and_only_utf_8_is_read() {
    let world = World::new();
    let send = |types: &[&str]| {
        let request = Request::builder().method(Method::POST).uri_str("/login");
        let request = types.iter().fold(request, |request, kind| request.header("content-type", *kind));
        world.send(request.body("{"))
    };
    for good in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
        assert_eq!(send(&[good]).await.status, 400, "{good}");
    }
    for bad in [&[][..], &["text/json"], &["application/json; charset=evilutf-8"], &["application/json", "text/plain"]]
    {
        assert_eq!(send(bad).await.status, 415, "{bad:?}");
    }
}
