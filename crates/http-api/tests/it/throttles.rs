//! What is tried too often is 429, and tells when to come again.

use std::net::IpAddr;
use std::sync::Arc;

use domain::origin::ClientAddress;
use domain::throttles::account_delay::FREE;
use domain::throttles::limits::Limit;
use memory::secrets::FakeSecretKeeper;
use poem::Request;
use poem::http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::world::{Answer, PASSWORD, World};

const ADA: &str = "ada@example.org";

async fn post_from(world: &World, path: &str, body: Value) -> Answer {
    let address = ClientAddress::new(IpAddr::from([203, 0, 113, 7]), &FakeSecretKeeper::default());
    let request = Request::builder().method(Method::POST).uri_str(path).content_type("application/json");
    let mut request = request.header("origin", "https://app.example").body(body.to_string());
    request.extensions_mut().insert(address);
    world.send(request).await
}

fn fields(answer: &Answer) -> [&str; 3] {
    assert_eq!((answer.status, answer.problem().as_str()), (429, "too-many-requests"), "{}", answer.text);
    ["retry-after", "ratelimit-policy", "ratelimit"].map(|name| answer.header(name))
}

#[tokio::test]
async fn an_account_that_rests_tells_for_how_long() {
    let world = World::throttled();
    let token = world.token(ADA, false).await;
    let wrong = json!({ "email": ADA, "password": "a wrong one" });
    // The login by which there is a token is one of them.
    for _ in 1..FREE {
        assert_eq!(post_from(&world, "/login", wrong.clone()).await.problem(), "wrong-password");
    }
    let right = post_from(&world, "/login", json!({ "email": ADA, "password": PASSWORD })).await;
    assert_eq!(fields(&right), ["1", "\"account\";q=1;w=1", "\"account\";r=0;t=1"]);
    let exposed = right.header("access-control-expose-headers");
    for name in ["retry-after", "ratelimit-policy", "ratelimit"] {
        assert!(exposed.split(", ").any(|field| field == name), "{name} in {exposed}");
    }
    let change = json!({ "current_password": "a wrong one", "new_password": "kettle under glass" });
    for _ in 0..FREE {
        assert_eq!(world.call("POST", "/password/change", Some(&token), Some(change.clone())).await.status, 422);
    }
    let answer = world.call("POST", "/password/change", Some(&token), Some(change)).await;
    assert_eq!(fields(&answer)[0], "1");
}

#[tokio::test]
async fn every_throttled_operation_tells_of_its_limit() {
    let world = Arc::new(World::throttled());
    let body = |path: &str, number: u32| match path {
        "/signup" => json!({ "email": format!("u{number}@example.org"), "password": PASSWORD }),
        "/email/verification" | "/password/forgot" => json!({ "email": format!("u{number}@example.org") }),
        "/password/reset" => json!({ "token": "forged", "new_password": PASSWORD }),
        _ => json!({ "token": "forged" }),
    };
    for (path, limit, next, policy) in [
        ("/signup", Limit::SignUpAddress, "/signup", "\"sign-up-address\";q=120;w=3600"),
        ("/email/verification", Limit::AskAddress, "/password/forgot", "\"ask-address\";q=120;w=3600"),
        ("/email/verification/confirm", Limit::RedeemAddress, "/password/reset", "\"redeem-address\";q=120;w=600"),
    ] {
        let mut admitted = JoinSet::new();
        for number in 0..limit.quota().most {
            let (world, body) = (Arc::clone(&world), body(path, number));
            admitted.spawn(async move { post_from(&world, path, body).await.status });
        }
        assert!(admitted.join_all().await.into_iter().all(|status| status != 429), "{path}");
        for path in [path, next] {
            let answer = post_from(&world, path, body(path, 999)).await;
            let [retry_after, told, state] = fields(&answer);
            assert_eq!(told, policy);
            assert_eq!(state, format!("\"{}\";r=0;t={retry_after}", limit.name()));
        }
    }
}

#[tokio::test]
async fn a_recipient_who_gets_no_more_mail_is_told_to_nobody() {
    let world = World::throttled();
    world.token(ADA, false).await;
    let mut answers = Vec::new();
    for _ in 0..7 {
        let answer = post_from(&world, "/password/forgot", json!({ "email": ADA })).await;
        answers.push((answer.status, answer.text.clone(), answer.header("ratelimit").to_owned()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!((answers[0].0, world.memory.letters().len()), (202, 5));
}

#[tokio::test]
async fn nothing_is_admitted_while_nobody_can_count() {
    let world = World::throttled();
    world.memory.set_away(true);
    let answer = post_from(&world, "/login", json!({ "email": ADA, "password": PASSWORD })).await;
    assert_eq!((answer.status, answer.problem().as_str()), (503, "unavailable"));
    assert!(!answer.header("retry-after").is_empty());
}
