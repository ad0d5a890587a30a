//! E-mail addresses and the names of domains.

use domain::accounts::email::{EmailAddress, MAX_OCTETS};
use domain::domains::name::DomainName;

use crate::text::{self, in_other_case, is_one_line};

/// An address is kept as it was typed; its key is an address of that key, whatever the letter case.
pub(super) fn email(data: &[u8]) {
    let typed = text::of(data);
    let Ok(email) = EmailAddress::parse(&typed) else { return };
    let key = email.key().as_str();
    assert_eq!(email.as_str(), typed);
    assert!(is_one_line(&typed) && is_one_line(key), "{typed:?} is more than a line");
    assert!(typed.len() <= MAX_OCTETS && key.len() <= MAX_OCTETS, "{typed:?} is too long");
    assert_eq!(key, format!("{}@{}", email.key().local(), email.domain()));
    let again = EmailAddress::parse(key).unwrap_or_else(|error| panic!("the key {key:?} is no address: {error}"));
    assert_eq!(again.key(), email.key(), "a key is its own key");
    let other = EmailAddress::parse(&in_other_case(&typed)).expect("letter case makes no difference");
    assert_eq!(other.key(), email.key(), "letter case makes no other address");
}

/// A name has one spelling, in ASCII; the one in Unicode leads back to it.
pub(super) fn domain_name(data: &[u8]) {
    let typed = text::of(data);
    let Ok(name) = DomainName::parse(&typed) else { return };
    let ascii = name.as_str();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    assert!(ascii.bytes().all(is_plain), "{ascii:?} is no plain name");
    assert!(ascii.len() <= 253 && ascii.contains('.') && !ascii.ends_with('.'), "{ascii:?}");
    assert!(ascii.split('.').all(|label| (1..=63).contains(&label.len())), "{ascii:?}");
    assert!(ascii.parse::<std::net::IpAddr>().is_err(), "{ascii} is an address of the network");
    for spelling in [ascii.to_owned(), format!("{ascii}."), in_other_case(ascii), name.to_unicode()] {
        assert_eq!(DomainName::parse(&spelling).as_ref(), Ok(&name), "{spelling:?}");
    }
}
