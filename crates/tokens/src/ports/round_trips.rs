use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::keys::rows::SigningAlgorithm;
use domain::ports::clock::Clock as _;
use domain::ports::secrets::{SealedSecret, SecretKeeper as _, SecretPurpose};
use domain::sessions::claims::{AccessClaims, AccessToken, ShownSession};
use domain::sessions::ports::TokenSigner as _;
use domain::sessions::refresh_token::RefreshToken;
use memory::entropy::SeededEntropy;
use serde_json::{Value, json};

use crate::data_key;
use crate::fakes::{ISSUER, Installation, is_ready};
use crate::options::Options;

fn part(token: &AccessToken, number: usize) -> Value {
    let part = token.reveal().split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_says_who_and_verifies_under_every_algorithm() {
    for algorithm in SigningAlgorithm::ALL {
        let installation = Installation::new();
        let keys = installation.open(algorithm).await;
        let (claims, now) = (installation.claims(), installation.clock.now());
        let token = keys.sign(&claims).unwrap();
        let kid = &keys.ring().active(algorithm).unwrap().kid.clone();
        assert_eq!(part(&token, 0), json!({"typ": "at+jwt", "alg": algorithm.name(), "kid": kid}));
        let shown = ShownSession { user: claims.subject, session: claims.session };
        // The second time it is remembered.
        assert_eq!(keys.verify(token.reveal(), now), Ok(shown));
        assert_eq!(keys.verify(token.reveal(), now), Ok(shown));
    }
}

#[tokio::test]
async fn a_token_carries_every_claim() {
    let installation = Installation::new();
    let keys = installation.open(SigningAlgorithm::Es256).await;
    let claims = installation.claims();
    let all = json!({
        "iss": ISSUER, "sub": claims.subject.to_string(), "iat": 1_800_000_000, "nbf": 1_800_000_000,
        "exp": 1_800_000_900, "jti": claims.id.to_string(), "sid": claims.session.to_string(),
        "auth_time": 1_799_996_400, "amr": ["pwd"], "email": "Ada@Example.org", "is_activated": true,
        "roles": ["administrator"], "domain": "example.org",
    });
    assert_eq!(part(&keys.sign(&claims).unwrap(), 1), all);

    let unverified = AccessClaims { is_activated: false, domain: None, roles: vec![], ..claims.clone() };
    let said = part(&keys.sign(&unverified).unwrap(), 1);
    assert_eq!((&said["is_activated"], &said["roles"], said.get("domain")), (&json!(false), &json!([]), None));

    let options = Options { audience: Some("fields".into()), ..Options::new(ISSUER) };
    let keys = installation.try_open(options).await.unwrap();
    let token = keys.sign(&claims).unwrap();
    assert_eq!(part(&token, 1)["aud"], json!("fields"));
    assert!(keys.verify(token.reveal(), installation.clock.now()).is_ok());
}

#[tokio::test]
async fn a_remembered_token_does_not_outlive_its_expiry() {
    let installation = Installation::new();
    let keys = installation.open(SigningAlgorithm::Es256).await;
    let token = keys.sign(&installation.claims()).unwrap();
    let last = TimeDelta::milliseconds(15 * 60 * 1000 - 251);
    for (after, holds) in [
        (TimeDelta::zero(), true),
        (last, true),
        // `exp` is in whole seconds: a quarter of one is cut off.
        (TimeDelta::milliseconds(15 * 60 * 1000 - 250), false),
        (TimeDelta::days(1), false),
        (last, true),
        (TimeDelta::seconds(-30), true),
        (TimeDelta::seconds(-31), false),
    ] {
        assert_eq!(keys.verify(token.reveal(), installation.clock.now() + after).is_ok(), holds, "{after}");
    }
}

#[tokio::test]
async fn a_digest_names_its_key_and_hides_the_secret() {
    let installation = Installation::new();
    let keys = installation.open(SigningAlgorithm::Es256).await;
    let digest = keys.digest("urt_1");
    let (id, code) = digest.as_str().split_once(':').unwrap();
    assert_eq!((id, code.len()), ("token-hash-1", 43));
    assert_ne!(digest, keys.digest("urt_2"));
}

#[tokio::test]
async fn codes_hold_for_their_purpose_and_by_every_key_of_it() {
    let installation = Installation::new();
    let keys = installation.open(SigningAlgorithm::Es256).await;
    let before = keys.code(SecretPurpose::RefreshCode, b"message");
    for purpose in SecretPurpose::ALL {
        let code = keys.code(purpose, b"message");
        assert!(keys.code_holds(purpose, b"message", &code));
        assert!(!keys.code_holds(purpose, b"massage", &code));
        assert!(!keys.code_holds(purpose, b"message", &code[1..]));
        assert_eq!(code == before, purpose == SecretPurpose::RefreshCode, "{purpose:?}");
    }
    installation.clock.advance(TimeDelta::days(1));
    let (id, root, now) = ("refresh-code-2", installation.root.wrapping_key(), installation.clock.now());
    let newer = data_key::make(id.into(), SecretPurpose::RefreshCode, &root, now, &SeededEntropy::default()).unwrap();
    installation.table.rows().data.push(newer);
    keys.refresh().await.unwrap();
    let after = keys.code(SecretPurpose::RefreshCode, b"message");
    assert_ne!(after, before);
    for code in [before, after] {
        assert!(keys.code_holds(SecretPurpose::RefreshCode, b"message", &code));
    }
}

#[tokio::test]
async fn refresh_tokens_of_one_replica_are_read_by_another() {
    let installation = Installation::new();
    let (one, other) =
        (installation.open(SigningAlgorithm::Es256).await, installation.open(SigningAlgorithm::Es256).await);
    let id = domain::ids::GrantId::fresh(installation.clock.now(), &SeededEntropy::default());
    let token = RefreshToken { grant: id, generation: 7 };
    let issued = token.issue(&one);
    assert_eq!(RefreshToken::read(issued.reveal(), &other), Some(token));
    let forged = issued.reveal().replace("00000007", "00000008");
    assert_ne!(forged, issued.reveal());
    assert_eq!(RefreshToken::read(&forged, &other), None);
}

#[tokio::test]
async fn what_is_sealed_opens_in_its_context() {
    let installation = Installation::new();
    let keys = installation.open(SigningAlgorithm::Es256).await;
    let sealed = keys.seal("uat_ü", "example.org").unwrap();
    assert!(sealed.as_str().starts_with("seal-1:"));
    let other = installation.open(SigningAlgorithm::Es256).await;
    assert_eq!(other.open(&sealed, "example.org").unwrap(), "uat_ü");
    for (sealed, context) in [
        (sealed.clone(), "example.com"),
        (SealedSecret::restore(sealed.as_str().replace("seal-1", "seal-2")), "example.org"),
        (SealedSecret::restore(sealed.as_str().replace("seal-1:", "")), "example.org"),
        (SealedSecret::restore(""), "example.org"),
    ] {
        let failure = other.open(&sealed, context).unwrap_err();
        assert!(!failure.retryable());
        assert!(!failure.to_string().contains("uat_"), "{failure}");
    }
    // The key `seal-2` may be one that another replica has made.
    assert!(is_ready(other.refresh_wanted()));
}
