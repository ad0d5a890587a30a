//! The table of domains, and authority tokens.

use serde_json::json;

use crate::world::{PASSWORD, World};

#[tokio::test]
async fn a_blocked_domain_may_not_register_in_any_spelling() {
    let world = World::new();
    let admin = world.token("admin@example.org", true).await;
    let body = json!({ "belongs_to": 1, "domains": ["MÜLLER.example", "gmail.com"] });
    let answer = world.call("POST", "/domains", Some(&admin), Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let domains =
        answer.json()["domains"].as_array().unwrap().iter().map(|row| row["domain"].clone()).collect::<Vec<_>>();
    assert_eq!(domains, ["gmail.com", "xn--mller-kva.example"]);
    for email in ["a@Gmail.com", "a@müller.example", "a@XN--MLLER-KVA.example"] {
        let body = json!({ "email": email, "password": PASSWORD });
        let answer = world.call("POST", "/signup", None, Some(body)).await;
        assert_eq!((answer.status, answer.json()["message"].as_str()), (401, Some("You are not allowed to register.")));
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    assert_eq!(world.call("DELETE", "/domains/GMAIL.com", Some(&admin), None).await.status, 204);
    assert_eq!(world.call("DELETE", "/domains/gmail.com", Some(&admin), None).await.status, 404);
    let listed = world.call("GET", "/domains?limit=1", Some(&admin), None).await.json();
    assert_eq!((&listed["domains"][0]["belongs_to"], listed["next"].as_str()), (&json!(1), None));
}

#[tokio::test]
async fn only_administrators_see_the_table() {
    let world = World::new();
    let token = world.token("maya@example.org", false).await;
    let body = json!({ "belongs_to": 1, "domains": ["gmail.com"] });
    for (method, path, body) in [
        ("GET", "/domains", None),
        ("POST", "/domains", Some(body)),
        ("DELETE", "/domains/gmail.com", None),
        ("POST", "/domains/gmail.com/authority-token", None),
        ("DELETE", "/domains/gmail.com/authority-token", None),
    ] {
        let answer = world.call(method, path, Some(&token), body).await;
        assert_eq!((answer.status, answer.problem().as_str()), (403, "not-permitted"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_wrong_list_is_told_in_full() {
    let world = World::new();
    let admin = world.token("admin@example.org", true).await;
    let body = json!({ "belongs_to": 2, "domains": ["ok.example", "no domain", ""] });
    let answer = world.call("POST", "/domains", Some(&admin), Some(body)).await;
    let fields: Vec<_> = answer.wrong().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["belongs_to", "domains[1]", "domains[2]"]);
}

#[tokio::test]
async fn an_authority_token_is_for_its_own_domain() {
    let world = World::new();
    let admin = world.token("admin@example.net", true).await;
    let owner = world.token("maya@example.org", false).await;
    let path = "/domains/example.org/authority-token";
    let read = "/authority-token?domain=Example.ORG";
    assert_eq!(world.call("GET", read, Some(&owner), None).await.status, 404);
    let issued = world.call("POST", path, Some(&admin), None).await;
    assert_eq!((issued.status, issued.header("cache-control")), (201, "no-store"));
    let shown = world.call("GET", read, Some(&owner), None).await.json();
    assert_eq!(shown["authority_token"], issued.json()["authority_token"]);
    assert_eq!((&shown["domain"], shown["message"].is_string()), (&json!("example.org"), true));
    assert_eq!(world.call("GET", "/authority-token?domain=example.net", Some(&owner), None).await.status, 403);
    assert_eq!(world.call("GET", "/authority-token?domain=-", Some(&owner), None).await.status, 422);
    assert_eq!(world.call("GET", "/authority-token", Some(&owner), None).await.status, 422);
    // Which of two is meant, or what another spelling of the name means, is nobody's to guess.
    for query in ["domain=example.org&domain=example.net", "d%6Fmain=example.org", "domain=example.org&d%6Fmain=a.net"]
    {
        let asked =
            async |token: &str| world.call("GET", &format!("/authority-token?{query}"), Some(token), None).await.status;
        assert_eq!((asked(&owner).await, asked("nonsense").await), (422, 401), "{query}");
    }
    assert_eq!(world.call("POST", path, Some(&admin), None).await.status, 409);
    let rotated = world.call("POST", &format!("{path}?rotate=true"), Some(&admin), None).await;
    assert_ne!(rotated.json()["authority_token"], issued.json()["authority_token"]);
    assert_eq!(world.call("DELETE", path, Some(&admin), None).await.status, 204);
    let body = json!({ "belongs_to": 1, "domains": ["example.org"] });
    world.call("POST", "/domains", Some(&admin), Some(body)).await;
    assert_eq!(world.call("POST", path, Some(&admin), None).await.status, 409, "a blocked domain gets none");
}
