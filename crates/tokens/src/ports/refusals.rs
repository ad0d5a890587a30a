use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use domain::keys::rows::{KeyState, SigningAlgorithm};
use domain::ports::clock::{Clock as _, Timestamp};
use domain::sessions::ports::TokenSigner as _;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use crate::access_token::MAX_LENGTH;
use crate::fakes::{ISSUER, Installation};
use crate::keys::Keys;
use crate::options::Options;

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;

/// One that tries tokens: an installation with keys of all algorithms.
struct Forger {
    keys: Keys,
    now: Timestamp,
    header: Value,
    claims: Value,
}

impl Forger {
    async fn of(algorithm: SigningAlgorithm, audience: Option<&str>) -> Self {
        let installation = Installation::new();
        let options = Options {
            algorithm,
            audience: audience.map(Into::into),
            further_algorithms: SigningAlgorithm::ALL.to_vec(),
            ..Options::new(ISSUER)
        };
        let keys = installation.try_open(options).await.unwrap();
        let token = keys.sign(&installation.claims()).unwrap();
        let part = |number| URL_SAFE_NO_PAD.decode(token.reveal().split('.').nth(number).unwrap()).unwrap();
        let (header, claims) = (serde_json::from_slice(&part(0)).unwrap(), serde_json::from_slice(&part(1)).unwrap());
        Self { now: installation.clock.now(), header, claims, keys }
    }

    fn accepts(&self, token: &str) -> bool {
        self.keys.verify(token, self.now).is_ok()
    }

    /// Signs any two texts with our own active key: what even its owner must not get through.
    fn signed(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let ring = self.keys.ring();
        let signature = ring.active(self.keys.options.algorithm).unwrap().signature(&message);
        format!("{message}.{signature}")
    }

    /// Whether a token passes whose header is changed by these members; `null` leaves one out.
    fn accepts_header(&self, changes: &Value) -> bool {
        self.accepts(&self.signed(&changed(&self.header, changes), &self.claims.to_string()))
    }

    fn accepts_claims(&self, changes: &Value) -> bool {
        self.accepts(&self.signed(&self.header.to_string(), &changed(&self.claims, changes)))
    }
}

fn changed(object: &Value, changes: &Value) -> String {
    let mut object = object.as_object().unwrap().clone();
    for (name, value) in changes.as_object().unwrap() {
        object.remove(name);
        if !value.is_null() {
            object.insert(name.clone(), value.clone());
        }
    }
    Value::Object(object).to_string()
}

#[tokio::test]
async fn a_change_of_any_byte_is_refused() {
    for algorithm in SigningAlgorithm::ALL {
        let forger = Forger::of(algorithm, None).await;
        let good = forger.signed(&forger.header.to_string(), &forger.claims.to_string());
        assert!(forger.accepts(&good));
        for at in 0..good.len() {
            for other in [b'A', b'x', b'.', b'='] {
                let mut bytes = good.clone().into_bytes();
                if bytes[at] != other {
                    bytes[at] = other;
                    assert!(!forger.accepts(str::from_utf8(&bytes).unwrap()), "{algorithm} {at}");
                }
            }
            // Also one bit further on in the alphabet: the last letter of a part has bits to spare.
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(!forger.accepts(&String::from_utf8_lossy(&bytes)), "{algorithm} {at}");
        }
        for length in 0..good.len() {
            assert!(!forger.accepts(&good[..length]), "{algorithm} {length}");
        }
        for longer in [format!("{good}A"), format!("{good}."), format!(" {good}"), format!("{good}\n")] {
            assert!(!forger.accepts(&longer), "{algorithm}");
        }
    }
}

#[tokio::test]
async fn no_signature_and_the_public_key_as_a_secret_are_refused() {
    for algorithm in SigningAlgorithm::ALL {
        let forger = Forger::of(algorithm, None).await;
        let claims = URL_SAFE_NO_PAD.encode(forger.claims.to_string());
        for name in ["none", "None", "NONE", ""] {
            let header = URL_SAFE_NO_PAD.encode(changed(&forger.header, &json!({"alg": name})));
            for signature in ["", "AAAA", &"A".repeat(86)] {
                assert!(!forger.accepts(&format!("{header}.{claims}.{signature}")), "{name}");
            }
        }
        let ring = forger.keys.ring();
        let jwk = serde_json::to_value(&ring.active(algorithm).unwrap().jwk).unwrap();
        let member = |name: &str| jwk[name].as_str().map(|text| URL_SAFE_NO_PAD.decode(text).unwrap_or_default());
        let mut secrets: Vec<Vec<u8>> = ["x", "y", "n", "kid"].into_iter().filter_map(member).collect();
        secrets.push(jwk.to_string().into_bytes());
        secrets.push(format!("-----BEGIN PUBLIC KEY-----\n{}", STANDARD.encode(&secrets[0])).into_bytes());
        for (name, method) in [("HS256", Algorithm::HS256), ("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
            let header = URL_SAFE_NO_PAD.encode(changed(&forger.header, &json!({"alg": name})));
            for secret in &secrets {
                let message = format!("{header}.{claims}");
                let code = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), method).unwrap();
                assert!(!forger.accepts(&format!("{message}.{code}")), "{algorithm} {name}");
            }
        }
    }
}

#[tokio::test]
async fn the_key_alone_says_the_algorithm() {
    let forgers = [
        Forger::of(ES256, None).await,
        Forger::of(SigningAlgorithm::EdDsa, None).await,
        Forger::of(SigningAlgorithm::Rs256, None).await,
    ];
    for forger in &forgers {
        for name in ["ES256", "ES384", "EdDSA", "RS256", "RS384", "RS512", "PS256", "es256", "HS256"] {
            let own = forger.header["alg"] == name;
            assert_eq!(forger.accepts_header(&json!({"alg": name})), own, "{} {name}", forger.header["alg"]);
        }
        // Signed by one key of ours, said to be of another one.
        for algorithm in SigningAlgorithm::ALL {
            let ring = forger.keys.ring();
            let key = ring.active(algorithm).unwrap();
            let other = json!({"alg": key.algorithm.name(), "kid": key.kid});
            assert_eq!(forger.accepts_header(&other), forger.header["kid"] == key.kid.as_str());
        }
    }
}

#[tokio::test]
async fn the_key_must_be_one_of_ours() {
    let forger = Forger::of(ES256, None).await;
    let stranger = Forger::of(ES256, None).await;
    let next = {
        let ring = forger.keys.ring();
        let mut keys = ring.in_state(KeyState::Next).map(|key| key.kid.clone());
        keys.find(|kid| forger.header["kid"] != kid.as_str()).unwrap()
    };
    for kid in [json!(null), json!(""), json!(next), json!("../../dev/null"), json!(7), json!(["a"]), json!({})] {
        assert!(!forger.accepts_header(&json!({"kid": kid})), "{kid}");
    }
    // The stranger's private keys are drawn by the library, so they differ although the rest is equal.
    let token = stranger.signed(&stranger.header.to_string(), &stranger.claims.to_string());
    assert!(stranger.accepts(&token) && !forger.accepts(&token));
    let claimed = stranger.signed(&forger.header.to_string(), &forger.claims.to_string());
    assert!(!forger.accepts(&claimed));
    // A key that the token brings itself is never looked at.
    let ring = stranger.keys.ring();
    let jwk = serde_json::to_value(&ring.active(ES256).unwrap().jwk).unwrap();
    for kid in [&forger.header["kid"], &stranger.header["kid"]] {
        let header = json!({
            "jwk": jwk, "jku": "https://evil.example/keys", "x5u": "https://evil.example/c", "x5c": ["AAAA"], "kid": kid,
        });
        let token = stranger.signed(&changed(&forger.header, &header), &forger.claims.to_string());
        assert!(!forger.accepts(&token));
    }
}

#[tokio::test]
async fn what_the_header_brings_beside_our_own_is_ignored_but_for_crit() {
    let forger = Forger::of(ES256, None).await;
    for more in
        [json!({"jku": "https://evil.example/keys"}), json!({"x5u": "https://evil.example/c"}), json!({"more": 1})]
    {
        assert!(forger.accepts_header(&more), "{more}");
    }
    for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!("exp"), json!(1)] {
        assert!(!forger.accepts_header(&json!({"crit": crit})), "{crit}");
    }
    let null = forger.header.to_string().replace('}', r#","crit":null}"#);
    assert!(!forger.accepts(&forger.signed(&null, &forger.claims.to_string())));
}

#[tokio::test]
async fn only_access_tokens_are_accepted() {
    let forger = Forger::of(ES256, None).await;
    for (typ, accepted) in [
        (json!("at+jwt"), true),
        (json!("AT+JWT"), true),
        (json!("application/at+jwt"), true),
        (json!("Application/At+JWT"), true),
        (json!(null), false),
        (json!("JWT"), false),
        (json!("jwt"), false),
        (json!(""), false),
        (json!("at+jwt "), false),
        (json!("id_token+jwt"), false),
        (json!("application/application/at+jwt"), false),
        (json!("text/at+jwt"), false),
        (json!(["at+jwt"]), false),
    ] {
        assert_eq!(forger.accepts_header(&json!({"typ": typ})), accepted, "{typ}");
    }
}

#[tokio::test]
async fn times_are_checked_by_our_own_clock() {
    let forger = Forger::of(ES256, None).await;
    let now = forger.now.timestamp();
    for (changes, accepted) in [
        (json!({"exp": now + 1}), true),
        (json!({"exp": now}), false),
        (json!({"exp": now - 1}), false),
        (json!({"exp": 0}), false),
        (json!({"exp": i64::MIN}), false),
        (json!({"exp": i64::MAX}), true),
        (json!({"exp": null}), false),
        (json!({"exp": (now + 900).to_string()}), false),
        (json!({"exp": (now + 900) as f64 + 0.5}), false),
        (json!({"exp": 1e300}), false),
        (json!({"nbf": now + 30}), true),
        (json!({"nbf": now + 31}), false),
        (json!({"nbf": i64::MAX}), false),
        (json!({"nbf": null}), false),
        (json!({"iat": now + 30}), true),
        (json!({"iat": now + 31}), false),
        (json!({"iat": null}), false),
        (json!({"iat": "now"}), false),
    ] {
        assert_eq!(forger.accepts_claims(&changes), accepted, "{changes}");
    }
    let token = forger.signed(&forger.header.to_string(), &forger.claims.to_string());
    for (moved, accepted) in
        [(0, true), (899, true), (900, false), (-30, true), (-31, false), (i64::from(i32::MAX), false)]
    {
        assert_eq!(forger.keys.verify(&token, forger.now + TimeDelta::seconds(moved)).is_ok(), accepted, "{moved}");
    }
}

#[tokio::test]
async fn issuer_and_audience_must_be_ours() {
    let open = Forger::of(ES256, None).await;
    let ours = json!(ISSUER);
    for iss in
        [json!(null), json!(""), json!("https://other.example"), json!(format!("{ISSUER}/")), json!([ours]), json!(1)]
    {
        assert!(!open.accepts_claims(&json!({"iss": iss})), "{iss}");
    }
    for aud in [json!("fields"), json!(["fields"]), json!([]), json!("")] {
        assert!(!open.accepts_claims(&json!({"aud": aud})), "{aud}");
    }
    let closed = Forger::of(ES256, Some("fields")).await;
    for (aud, accepted) in [
        (json!("fields"), true),
        (json!(["fields"]), true),
        (json!(["other", "fields"]), true),
        (json!("other"), false),
        (json!(["other"]), false),
        (json!("FIELDS"), false),
        (json!([]), false),
        (json!(null), false),
        (json!(1), false),
    ] {
        assert_eq!(closed.accepts_claims(&json!({"aud": aud})), accepted, "{aud}");
    }
}

#[tokio::test]
async fn user_and_session_must_be_ids() {
    let forger = Forger::of(ES256, None).await;
    for name in ["sub", "sid"] {
        for value in [json!(null), json!(""), json!("ada"), json!(7), json!(["a"])] {
            assert!(!forger.accepts_claims(&json!({name: value})), "{name} {value}");
        }
    }
    // Unknown to us are claims of a later version.
    assert!(forger.accepts_claims(&json!({"more": {"deep": [1]}})));
}

#[tokio::test]
async fn what_is_no_token_is_refused_whatever_it_is() {
    let forger = Forger::of(ES256, None).await;
    let (header, claims) = (forger.header.to_string(), forger.claims.to_string());
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    for (header, claims) in [
        (header.clone(), String::new()),
        (String::new(), claims.clone()),
        ("{}".into(), claims.clone()),
        ("[]".into(), claims.clone()),
        ("null".into(), claims.clone()),
        (header.clone(), "[]".into()),
        (header.clone(), "\"text\"".into()),
        (header.clone(), "[".repeat(2000)),
        ("[".repeat(2000), claims.clone()),
        (format!("{header}x"), claims.clone()),
        (header.clone(), format!("{claims}x")),
        (twice(&header, r#""alg":"none""#), claims.clone()),
        (twice(&header, r#""kid":"other""#), claims.clone()),
        (header.clone(), twice(&claims, r#""exp":99999999999"#)),
        (header.clone(), twice(&claims, r#""sub":"00000000-0000-7000-8000-000000000000""#)),
    ] {
        assert!(!forger.accepts(&forger.signed(&header, &claims)), "{header} {claims}");
    }
    for text in ["", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", "e30.e30.", "ü.ü.ü", "urt_0123", "\0.\0.\0"] {
        assert!(!forger.accepts(text), "{text}");
    }
}

#[tokio::test]
async fn a_huge_token_is_refused_although_it_is_genuine() {
    let forger = Forger::of(ES256, None).await;
    let of_length = |filler: usize| {
        forger.signed(&forger.header.to_string(), &changed(&forger.claims, &json!({"filler": "x".repeat(filler)})))
    };
    let about = (MAX_LENGTH - of_length(0).len()) / 4 * 3;
    let around: Vec<_> = (about - 6..about + 6).map(of_length).collect();
    assert!(around.iter().any(|token| token.len() == MAX_LENGTH), "one that just fits");
    assert!(around.iter().any(|token| token.len() > MAX_LENGTH));
    for token in &around {
        assert_eq!(forger.accepts(token), token.len() <= MAX_LENGTH, "{}", token.len());
    }
    assert!(forger.accepts(&of_length(5000)), "a token with many claims of a later version");
    assert!(!forger.accepts(&"A".repeat(10 * 1024 * 1024)));
}
