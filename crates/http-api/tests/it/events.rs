//! What happened to one's own account.

use serde_json::{Value, json};

use crate::world::{PASSWORD, World};

const EVE: &str = "eve@example.org";

#[tokio::test]
async fn an_owner_sees_what_happened_the_newest_first_and_nothing_of_others() {
    let world = World::new();
    world.sign_up().await;
    world.user(EVE, false).await;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    let token = world.access_token(PASSWORD).await;
    let answer = world.call("GET", "/me/events", Some(&token), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let events = answer.json()["events"].as_array().cloned().unwrap();
    let seen = |event: &Value| (event["kind"].as_str().unwrap().to_owned(), event["by"].as_str().unwrap().to_owned());
    let expected = [("session.started", "you"), ("user.signed-up", "somebody")];
    let expected = expected.map(|(kind, by)| (kind.to_owned(), by.to_owned()));
    assert_eq!(events.iter().map(seen).collect::<Vec<_>>(), expected);
    assert!(answer.json().get("next").is_none());
    let mut members: Vec<_> = events[0].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["address", "at", "by", "device", "id", "kind", "request_id"], "and nothing else");
    let body = json!({ "phone_number": null });
    let changed = world.call("PATCH", "/update", Some(&token), Some(body)).await;
    assert_eq!(changed.status, 200);
    let newest = world.call("GET", "/me/events?limit=1", Some(&token), None).await.json()["events"][0].clone();
    assert_eq!(newest["request_id"].as_str().map(str::len), Some(36));
}

#[tokio::test]
async fn events_come_page_by_page_and_a_place_is_its_owners() {
    let world = World::new();
    world.sign_up().await;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    let token = world.access_token(PASSWORD).await;
    let (mut kinds, mut after) = (Vec::new(), String::new());
    loop {
        let page = world.call("GET", &format!("/me/events?limit=1{after}"), Some(&token), None).await.json();
        kinds.extend(page["events"].as_array().unwrap().iter().map(|event| event["kind"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(kinds, ["session.started", "user.signed-up"]);
    let eve = world.token(EVE, false).await;
    let foreign = world.call("GET", &format!("/me/events?limit=1{after}"), Some(&eve), None).await.wrong();
    assert_eq!(foreign, [("after".into(), "foreign-cursor".into())]);
    let wrong = world.call("GET", "/me/events?limit=0&x=1", Some(&token), None).await.wrong();
    assert_eq!(wrong, [("x".into(), "unknown".into()), ("limit".into(), "out-of-range".into())]);
}

#[tokio::test]
async fn events_are_for_sessions_only() {
    let world = World::new();
    world.sign_up().await;
    let token = world.access_token(PASSWORD).await;
    let user_token = world.call("POST", "/me/token-required", Some(&token), None).await.json();
    let user_token = user_token["token_required"].as_str().unwrap().to_owned();
    assert_eq!(world.call("GET", "/me/events", Some(&user_token), None).await.problem(), "session-needed");
    assert_eq!(world.call("GET", "/me/events", None, None).await.status, 401);
}
