//! Access tokens as they are written: JWTs (RFC 7519) of the profile RFC 9068.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{SessionId, UserId};
use domain::ports::clock::Timestamp;
use domain::sessions::claims::{AccessClaims, ShownSession};
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::options::Options;
use crate::signing_key::TYPE;

/// The longest token that is looked at, in bytes; ours have about 900.
pub(crate) const MAX_LENGTH: usize = 8 * 1024;

/// By how many seconds the clock of the replica that signed may be ahead of ours. The other way round
/// there is no leeway: an expired token is expired.
const CLOCK_SKEW: i64 = 30;

/// Every claim of an access token. Times are in whole seconds since 1970.
#[derive(Serialize)]
pub(crate) struct SignedClaims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    sub: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    sid: String,
    auth_time: i64,
    amr: &'a [&'static str],
    email: &'a str,
    is_activated: bool,
    roles: &'a [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'a str>,
}

impl<'a> SignedClaims<'a> {
    pub(crate) fn of(claims: &'a AccessClaims, options: &'a Options) -> Self {
        Self {
            iss: &options.issuer,
            aud: options.audience.as_deref(),
            sub: claims.subject.to_string(),
            iat: claims.issued_at.timestamp(),
            nbf: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
            jti: claims.id.to_string(),
            sid: claims.session.to_string(),
            auth_time: claims.auth_time.timestamp(),
            amr: &claims.methods,
            email: &claims.email,
            is_activated: claims.is_activated,
            roles: &claims.roles,
            domain: claims.domain.as_deref(),
        }
    }
}

/// What a token's header says about how to verify it. Whatever else stands there, such as `jku`,
/// `x5u` or `jwk`, is not even read.
#[derive(Deserialize)]
pub(crate) struct PresentedHeader {
    typ: String,
    alg: String,
    pub(crate) kid: String,
    #[serde(default, rename = "crit", deserialize_with = "is_there")]
    has_crit: bool,
}

impl PresentedHeader {
    /// The header of a token of three parts; `None` for any other text.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let (header, rest) = token.split_once('.')?;
        let (payload, signature) = rest.split_once('.')?;
        if payload.is_empty() || signature.is_empty() || signature.contains('.') {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
    }

    /// Whether it says that this is an access token, and asks for no extension: we know none, and
    /// RFC 7515, section 4.1.11, has us refuse then.
    pub(crate) fn is_of_access_token(&self) -> bool {
        // A media type, so letter case does not matter and `application/` may be left out.
        let typ = self.typ.to_ascii_lowercase();
        typ.strip_prefix("application/").unwrap_or(&typ) == TYPE && !self.has_crit
    }

    /// Whether it names this algorithm.
    pub(crate) fn names(&self, algorithm: &str) -> bool {
        self.alg == algorithm
    }
}

/// What we read of the claims of a token. Its signature is good, so the other claims are ours, too.
#[derive(Deserialize)]
pub(crate) struct PresentedClaims {
    iss: String,
    #[serde(default)]
    aud: Option<Audience>,
    #[serde(deserialize_with = "id")]
    sub: Uuid,
    #[serde(deserialize_with = "id")]
    sid: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl PresentedClaims {
    /// Whether the token is from this issuer and for this audience. One for an audience is refused
    /// where none is configured, too: RFC 7519, section 4.1.3.
    pub(crate) fn are_for(&self, options: &Options) -> bool {
        let audience_fits = match (&options.audience, &self.aud) {
            (None, None) => true,
            (Some(ours), Some(Audience::One(theirs))) => ours == theirs,
            (Some(ours), Some(Audience::Several(theirs))) => theirs.contains(ours),
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.iss == options.issuer && audience_fits
    }

    /// Whose session it shows.
    pub(crate) const fn shown(&self) -> ShownSession {
        ShownSession { user: UserId::restore(self.sub), session: SessionId::restore(self.sid) }
    }

    /// When the token holds.
    pub(crate) fn validity(&self) -> Validity {
        Validity { from: self.nbf.max(self.iat), until: self.exp }
    }
}

/// When a token holds, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    /// The later one of `nbf` and `iat`.
    pub(crate) from: i64,
    /// `exp`: from then on no more.
    pub(crate) until: i64,
}

impl Validity {
    pub(crate) fn includes(self, now: Timestamp) -> bool {
        let now = now.timestamp();
        self.from <= now.saturating_add(CLOCK_SKEW) && now < self.until
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    Uuid::parse_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// True for any value, `null` included.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use super::{PresentedHeader, Validity};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use domain::ports::clock::Timestamp;

    #[test]
    fn a_header_is_read_from_three_parts_that_say_something() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"ES256","kid":"k"}"#);
        let read = PresentedHeader::of(&format!("{header}.e30.AA")).unwrap();
        assert_eq!((read.kid.as_str(), read.names("ES256"), read.names("EdDSA")), ("k", true, false));
        for rest in ["", ".", ".e30", "..", "..AA", ".e30.", ".e30.AA.", ".e30.AA.AA", "..AA.AA", ".e30..AA"] {
            assert!(PresentedHeader::of(&format!("{header}{rest}")).is_none(), "{rest}");
        }
    }

    #[test]
    fn a_token_holds_from_half_a_minute_before_its_start_until_its_end() {
        let holds =
            |from, until, now| Validity { from, until }.includes(Timestamp::from_timestamp(now, 999_999_999).unwrap());
        for (now, expected) in [(969, false), (970, true), (1000, true), (1899, true), (1900, false), (3000, false)] {
            assert_eq!(holds(1000, 1900, now), expected, "{now}");
        }
        // One that ends before it starts never holds, within the leeway neither.
        assert!(!holds(1000, 900, 950) && !holds(1000, 900, 980));
    }
}
