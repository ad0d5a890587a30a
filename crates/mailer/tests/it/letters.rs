//! Sample letters, and the mails that come of them.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::DateTime;
use domain::accounts::email::EmailAddress;
use domain::accounts::locale::Locale;
use domain::ids::{DeliveryId, MailedTokenId};
use domain::mail::letter::{Letter, Template};
use domain::mail::mailed_token::IssuedMailedToken;
use domain::mail::ports::{Mailer as _, NotSent};
use domain::ports::clock::Timestamp;
use mailer::options::{Destination, Options};
use mailer::outbox::{Outbox, Posted};
use mailer::post_office::PostOffice;
use mailer::sender::Sender;
use mailer::texts::Texts;
use memory::secrets::FakeSecretKeeper;
use uuid::Uuid;

pub(crate) const PUBLIC_URL: &str = "https://registry.example";

pub(crate) fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

/// A letter with all that its template may name.
pub(crate) fn letter(template: Template, locale: Option<&str>) -> Letter {
    let letter = Letter::new(template, email("Ada@example.org"), locale.map(|tag| Locale::parse(tag).expect("a tag")));
    let carries_token =
        [Template::VerifyAddress, Template::ResetPassword, Template::ConfirmNewAddress, Template::AddressChanged];
    let letter = if carries_token.contains(&template) { letter.with_token(token_id()) } else { letter };
    match template {
        Template::NewDevice => letter
            .with("when", "25 November 2026, 09:00 UTC")
            .with("device", "Firefox on <Linux> & \"friends\"")
            .with("network", "192.0.2.0/24"),
        Template::AddressChanged => letter.with("new-address", "grace@example.org"),
        _ => letter,
    }
}

fn token_id() -> MailedTokenId {
    MailedTokenId::restore(Uuid::from_u128(7))
}

pub(crate) fn token() -> IssuedMailedToken {
    IssuedMailedToken::of(token_id(), &FakeSecretKeeper::new(1))
}

pub(crate) fn delivery_id(number: u128) -> DeliveryId {
    DeliveryId::restore(Uuid::from_u128(number))
}

pub(crate) fn at(microseconds: i64) -> Timestamp {
    DateTime::from_timestamp_micros(1_795_597_200_000_000 + microseconds).expect("a time")
}

pub(crate) fn post_office(destination: Destination, texts: Texts) -> PostOffice {
    let sender = Sender::parse("Example registry <registry@registry.example>").expect("a sender");
    PostOffice::open(Options { public_url: PUBLIC_URL.into(), sender, destination, texts }).expect("it opens")
}

/// Sends a letter with a token if it takes one.
pub(crate) async fn send(post_office: &PostOffice, letter: &Letter) -> Result<(), NotSent> {
    post_office.send(delivery_id(1), letter, letter.token.map(|_| token()), at(0)).await
}

/// The mail that comes of a letter.
pub(crate) async fn written(letter: &Letter, texts: Texts) -> Posted {
    let outbox = Arc::new(Outbox::default());
    send(&post_office(Destination::Outbox(outbox.clone()), texts), letter).await.expect("memory takes everything");
    outbox.posted().pop().expect("a letter")
}

/// Compares texts with the checked-in ones, and leaves those that differ where they can be looked at.
pub(crate) fn assert_golden(texts: &[(String, String)]) {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let new = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden");
    let holds = |name: &str, text: &str| std::fs::read_to_string(golden.join(name)).is_ok_and(|is| is == text);
    let changed = texts.iter().filter(|(name, text)| !holds(name, text)).collect::<Vec<_>>();
    for (name, text) in &changed {
        let path = new.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    }
    let names = changed.iter().map(|(name, _)| name).collect::<Vec<_>>();
    let (golden, new) = (golden.display(), new.display());
    assert!(names.is_empty(), "look at {names:?}, and if they are good: cp -r {new}/. {golden}");
}
