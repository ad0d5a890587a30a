//! Passwords.

use std::sync::Arc;

use domain::accounts::email::EmailAddress;
use domain::accounts::password::{MAX_BYTES, MAX_CODE_POINTS, MAX_TYPED_BYTES, Password, PasswordPolicy};
use memory::passwords::FewCommonPasswords;

use crate::text;

const MINIMUM: usize = 8;

/// A normalised password is its own normal form; a new one keeps every bound, and is not the address.
pub(super) fn password(data: &[u8]) {
    let (typed, email) = text::two_of(data);
    let email = EmailAddress::parse(&email).ok();
    let policy = PasswordPolicy::new(MINIMUM, Arc::new(FewCommonPasswords));
    let accepted = policy.accept(&typed, email.as_ref());
    let Ok(password) = Password::typed(&typed) else {
        assert!(accepted.is_err());
        return;
    };
    assert!(typed.len() <= MAX_TYPED_BYTES && password.as_bytes().len() <= MAX_BYTES);
    assert_eq!((password.bytes_as_typed(), &*format!("{password:?}")), (typed.as_bytes(), "Password(..)"));
    let normalised = str::from_utf8(password.as_bytes()).expect("a normalised password is a text");
    let again = Password::typed(normalised).expect("a normalised password is one");
    assert_eq!(again.as_bytes(), password.as_bytes(), "{typed:?}");
    // What is normalised is judged like what was typed.
    assert_eq!(policy.accept(normalised, email.as_ref()).err(), accepted.as_ref().err().copied(), "{typed:?}");
    if accepted.is_ok() {
        assert!((MINIMUM..=MAX_CODE_POINTS).contains(&normalised.chars().count()), "{normalised:?}");
        assert!(!normalised.contains(char::is_control), "{normalised:?}");
        let is_address = |email: &EmailAddress| email.as_str().eq_ignore_ascii_case(normalised);
        assert!(!email.is_some_and(|email| is_address(&email)), "{normalised:?} is the address");
    }
}
