//! What the API serves beside its operations: documents for programs and their developers.

use poem::Request;
use poem::http::Method;
use serde_json::json;

use crate::world::World;

const DOCUMENTS: [&str; 8] = [
    "/openapi.json",
    "/docs",
    "/docs/swagger-ui.js",
    "/docs/swagger-ui.css",
    "/docs/start.js",
    "/problems",
    "/problems/style.css",
    "/problems/invalid",
];

#[tokio::test]
async fn documents_are_served_with_a_policy() {
    let world = World::new();
    for path in DOCUMENTS {
        let answer = world.call("GET", path, None, None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=63072000", "{path}");
        assert_eq!(answer.header("cache-control"), "public, max-age=3600", "{path}");
        assert!(!answer.text.is_empty());
    }
    assert_eq!(world.call("GET", "/problems/nothing", None, None).await.problem(), "not-found");
    let keys = world.call("GET", "/.well-known/jwks.json", None, None).await;
    assert_eq!((keys.status, keys.json()), (200, json!({ "keys": [] })));
    assert_eq!(keys.header("cache-control"), "public, max-age=300");
}

#[tokio::test]
async fn who_has_the_keys_already_is_told_so() {
    let world = World::new();
    let ask = |known: &str| {
        let request = Request::builder().method(Method::GET).uri_str("/.well-known/jwks.json");
        world.bytes(request.header("if-none-match", known.to_owned()).finish())
    };
    let (headers, keys) = ask("\"another\"").await;
    assert!(!keys.is_empty());
    let tag = headers["etag"].to_str().unwrap().to_owned();
    let (headers, nothing) = ask(&tag).await;
    assert_eq!((nothing.len(), headers["etag"].to_str().unwrap()), (0, tag.as_str()));
    assert_eq!(headers["cache-control"], "public, max-age=300");
}

#[tokio::test]
async fn large_documents_travel_compressed_and_once() {
    let world = World::new();
    let ask = |path: &str, name: &str, value: &str| {
        let request = Request::builder().method(Method::GET).uri_str(path).header(name.to_owned(), value.to_owned());
        world.bytes(request.finish())
    };
    for path in ["/openapi.json", "/docs/swagger-ui.css"] {
        let (_, plain) = ask(path, "accept-encoding", "identity").await;
        let (headers, compressed) = ask(path, "accept-encoding", "gzip").await;
        assert_eq!(
            (headers["content-encoding"].to_str().unwrap(), headers["vary"].to_str().unwrap()),
            ("gzip", "accept-encoding")
        );
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&compressed[..]), &mut text).unwrap();
        assert!(text == plain && compressed.len() * 3 < plain.len(), "{path}");
        let tag = headers["etag"].to_str().unwrap().to_owned();
        let (headers, nothing) = ask(path, "if-none-match", &tag).await;
        assert_eq!((nothing.len(), headers["etag"].to_str().unwrap()), (0, tag.as_str()), "{path}");
    }
}
