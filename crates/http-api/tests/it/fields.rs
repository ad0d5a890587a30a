//! A user's own fields.

use serde_json::{Value, json};

use crate::world::World;

fn field(digit: &str) -> Value {
    json!({
        "name": "Upper meadow",
        "geo_id": digit.repeat(64),
        "boundary": { "type": "Polygon", "coordinates": [[[7.1, 46.9], [7.2, 46.9], [7.2, 47.00000000000001, 12.5], [7.1, 46.9]]] },
    })
}

#[tokio::test]
async fn a_field_reads_back_equal() {
    let world = World::new();
    let token = world.token("maya@example.org", false).await;
    let added = world.call("POST", "/me/fields", Some(&token), Some(field("a"))).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let added = added.json();
    assert_eq!(added["boundary"], field("a")["boundary"]);
    let listed = world.call("GET", "/me/fields", Some(&token), None).await.json();
    assert_eq!(listed["fields"], json!([added]));
    let me = world.call("GET", "/me", Some(&token), None).await.json();
    assert_eq!((&me["fields"], &me["more_fields"]), (&json!([added]), &json!(false)));

    let path = format!("/me/fields/{}", added["id"].as_str().unwrap());
    let mut nameless = field("b");
    nameless.as_object_mut().unwrap().remove("name");
    let replaced = world.call("PUT", &path, Some(&token), Some(nameless)).await.json();
    assert_eq!(
        (&replaced["id"], &replaced["geo_id"], replaced.get("name")),
        (&added["id"], &json!("b".repeat(64)), None)
    );
    let stranger = world.token("other@example.org", false).await;
    assert_eq!(world.call("PUT", &path, Some(&stranger), Some(field("c"))).await.status, 404, "it is not theirs");
    assert_eq!(world.call("DELETE", &path, Some(&stranger), None).await.status, 404);
    assert_eq!(world.call("DELETE", &path, Some(&token), None).await.status, 204);
    assert_eq!(world.call("DELETE", &path, Some(&token), None).await.status, 404);
}

#[tokio::test]
async fn two_fields_do_not_share_a_geo_id() {
    let world = World::new();
    let token = world.token("maya@example.org", false).await;
    assert_eq!(world.call("POST", "/me/fields", Some(&token), Some(field("a"))).await.status, 201);
    let answer = world.call("POST", "/me/fields", Some(&token), Some(field("a"))).await;
    assert_eq!((answer.status, answer.problem().as_str()), (409, "conflict"));
}

#[tokio::test]
async fn pages_follow_each_other_and_cursors_are_ones_own() {
    let world = World::new();
    let token = world.token("maya@example.org", false).await;
    for digit in ["a", "b", "c"] {
        world.call("POST", "/me/fields", Some(&token), Some(field(digit))).await;
    }
    let first = world.call("GET", "/me/fields?limit=2", Some(&token), None).await.json();
    assert_eq!(first["fields"].as_array().unwrap().len(), 2);
    let after = format!("/me/fields?after={}", first["next"].as_str().unwrap());
    let second = world.call("GET", &after, Some(&token), None).await.json();
    assert_eq!((second["fields"].as_array().unwrap().len(), second["next"].as_str()), (1, None));
    let stranger = world.token("other@example.org", false).await;
    let answer = world.call("GET", &after, Some(&stranger), None).await;
    assert_eq!(answer.wrong(), [("after".to_owned(), "foreign-cursor".to_owned())]);
    let answer = world.call("GET", "/me/fields?limit=0&after=x&page=2", Some(&token), None).await;
    let fields: Vec<_> = answer.wrong().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["page", "limit", "after"]);
}
