//! What is only handed back: opaque secrets, cursors, and the end of a token.

use domain::accounts::user_token::{UserToken, parse_expiry};
use domain::page::{Cursor, Listing};
use domain::sessions::opaque::{hex, unhex};
use domain::sessions::page_secret::PageSecret;

use crate::installation::NOW;
use crate::text;

/// Hex has one spelling, and a secret is what was shown.
pub(super) fn opaque(data: &[u8]) {
    assert_eq!(unhex(&hex(data)).as_deref(), Some(data));
    let shown = text::of(data);
    if let Some(bytes) = unhex(&shown) {
        assert_eq!(hex(&bytes), shown);
    }
    let user_token = UserToken::parse(&shown).map(|token| token.reveal().to_owned());
    let page_secret = PageSecret::parse(&shown).map(|secret| secret.reveal().to_owned());
    for (read, prefix) in [(user_token, UserToken::PREFIX), (page_secret, PageSecret::PREFIX)] {
        let bytes = shown.strip_prefix(prefix).and_then(unhex).filter(|bytes| bytes.len() == 32);
        assert_eq!(read.as_deref(), bytes.map(|_| &*shown));
    }
}

const LISTINGS: [Listing; 4] = [Listing::Domains, Listing::Events, Listing::Fields, Listing::Users];

/// A cursor has one spelling, and is of one list and one filter.
pub(super) fn cursor(data: &[u8]) {
    let (text, filter) = text::two_of(data);
    let read: Vec<_> = LISTINGS.map(|listing| (listing, Cursor::decode(&text, listing, &filter))).into();
    let read: Vec<_> = read.into_iter().filter_map(|(listing, cursor)| Some((listing, cursor.ok()?))).collect();
    assert!(read.len() <= 1, "{text} is of several lists");
    for (listing, cursor) in read {
        assert_eq!(cursor.encode(listing, &filter), text, "a cursor has one spelling");
        assert!(Cursor::decode(&text, listing, &format!("{filter}x")).is_err(), "{text} is of another filter");
    }
    let cursor = Cursor::after(&*text);
    let is_short = text.len() + filter.len() < 900;
    if is_short && !filter.contains('\0') {
        for listing in LISTINGS {
            assert_eq!(Cursor::decode(&cursor.encode(listing, &filter), listing, &filter), Ok(cursor.clone()));
        }
    }
}

/// A time in the future, which can be told again as it was read.
pub(super) fn expiry(data: &[u8]) {
    let typed = text::of(data);
    let Ok(end) = parse_expiry(&typed, NOW) else { return };
    assert!(end > NOW);
    assert_eq!(parse_expiry(&end.to_rfc3339(), NOW), Ok(end), "{typed:?}");
}
