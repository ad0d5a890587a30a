//! What only the keys of an installation can make: no other text passes for it.

use std::sync::LazyLock;

use domain::ids::{GrantId, MailedTokenId};
use domain::mail::mailed_token::IssuedMailedToken;
use domain::ports::secrets::{SealedSecret, SecretKeeper as _};
use domain::sessions::claims::ShownSession;
use domain::sessions::known_browser::KnownBrowser;
use domain::sessions::opaque::hex;
use domain::sessions::ports::TokenSigner as _;
use domain::sessions::refresh_token::RefreshToken;
use tokens::root_secret::RootSecret;

use crate::installation::{INSTALLATION, NOW};
use crate::recipe::cook;
use crate::text;

/// Of each token its header, its claims, its signature and the whole of it; then the ids of the keys.
static PARTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let parts_of = |token: &String| {
        let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        parts.into_iter().chain([token.clone()])
    };
    let kids = INSTALLATION.keys.active_kids().into_iter().map(|(_, kid)| kid);
    INSTALLATION.access_tokens.iter().flat_map(parts_of).chain(kids).collect()
});

/// A token is accepted if it is one that was issued, to the last character.
pub(super) fn access_token(data: &[u8]) {
    let token = cook(data, &PARTS);
    let accepted = INSTALLATION.keys.verify(&token, NOW);
    let (user, session) = (INSTALLATION.claims.subject, INSTALLATION.claims.session);
    let is_issued = INSTALLATION.access_tokens.contains(&token);
    assert_eq!(accepted.ok(), is_issued.then_some(ShownSession { user, session }), "{token}");
}

/// What was handed out with a code, and what it is made of.
struct Coded {
    refresh: RefreshToken,
    mailed: MailedTokenId,
    texts: [String; 3],
    pieces: Vec<String>,
}

const CONTEXT: &str = "example.org";
const SECRET: &str = "a secret";

static CODED: LazyLock<Coded> = LazyLock::new(|| {
    let (keys, entropy) = (&INSTALLATION.keys, &*INSTALLATION.entropy);
    let refresh = RefreshToken { grant: GrantId::fresh(NOW, entropy), generation: 3 };
    let mailed = MailedTokenId::fresh(NOW, entropy);
    let sealed = keys.seal(SECRET, CONTEXT).expect("the keys seal").as_str().to_owned();
    let elsewhere = keys.seal(SECRET, "example.com").expect("the keys seal").as_str().to_owned();
    let texts =
        [refresh.issue(keys).reveal().to_owned(), IssuedMailedToken::of(mailed, keys).reveal().to_owned(), sealed];
    let middle = |text: &String| (text[..text.len() / 2].to_owned(), text[text.len() / 2..].to_owned());
    let halves = texts.iter().map(middle).flat_map(|(one, other)| [one, other]);
    let pieces = texts.iter().cloned().chain(halves).chain([elsewhere, hex(mailed.uuid().as_bytes())]).collect();
    Coded { refresh, mailed, texts, pieces }
});

/// Refresh tokens, tokens in mails and sealed secrets hold for what they were made for, to the last character; what a
/// browser is known by can be sealed by nobody else, and whatever is in it is read without harm.
pub(super) fn code(data: &[u8]) {
    let (keys, Coded { refresh, mailed, texts, pieces }) = (&INSTALLATION.keys, &*CODED);
    let shown = cook(data, pieces);
    assert_eq!(RefreshToken::read(&shown, keys), (shown == texts[0]).then_some(*refresh), "{shown}");
    assert_eq!(IssuedMailedToken::read(&shown, keys), (shown == texts[1]).then_some(*mailed), "{shown}");
    let opened = keys.open(&SealedSecret::restore(&*shown), CONTEXT).ok();
    assert_eq!(opened.as_deref(), (shown == texts[2]).then_some(SECRET), "{shown}");
    assert!(KnownBrowser::read(&shown, keys, NOW).is_none(), "{shown} was sealed for something else");
    let sealed = keys.seal(&hex(data), "known-browser").expect("the keys seal");
    let browser = KnownBrowser::read(sealed.as_str(), keys, NOW);
    assert!(browser.is_none_or(|browser| browser.id() == hex(&data[..16])));
    issued_reads_back(data);
}

/// A token of any generation reads back, and a code that no key has made is none.
fn issued_reads_back(data: &[u8]) {
    let Some((generation, _)) = data.split_first_chunk() else { return };
    let token = RefreshToken { generation: u32::from_be_bytes(*generation), ..CODED.refresh };
    assert_eq!(RefreshToken::read(token.issue(&INSTALLATION.keys).reveal(), &INSTALLATION.keys), Some(token));
    assert!(IssuedMailedToken::read(&format!("urm_{}", hex(data)), &INSTALLATION.keys).is_none());
}

/// A root secret reads back from its text, and no refusal repeats what was given.
pub(super) fn root_secret(data: &[u8]) {
    let given = text::of(data);
    match RootSecret::parse(&given) {
        Ok(secret) => {
            let again = RootSecret::parse(&secret.to_text()).expect("a secret reads back");
            assert_eq!(again.fingerprint(), secret.fingerprint());
            assert!(!secret.fingerprint().contains(given.trim()) && format!("{secret:?}") == "RootSecret(..)");
        }
        // What is shorter, or of several words, may be a piece of our own sentence.
        Err(refusal) => {
            let may_be_ours = given.trim().len() < 12 || given.trim().contains(' ');
            assert!(may_be_ours || !refusal.to_string().contains(given.trim()), "{given:?}");
        }
    }
}
