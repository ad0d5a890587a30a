//! The other values of forms.

use domain::accounts::locale::Locale;
use domain::accounts::phone::PhoneNumber;
use domain::land::field::FieldName;
use domain::land::geo_id::GeoId;

use crate::text::{self, in_other_case, is_one_line};

/// A language tag has one spelling, in ASCII, whatever the letter case.
pub(super) fn locale(data: &[u8]) {
    let typed = text::of(data);
    let Ok(locale) = Locale::parse(&typed) else { return };
    let tag = locale.as_str();
    assert!(tag.eq_ignore_ascii_case(&typed) && (1..=35).contains(&tag.len()), "{tag:?} of {typed:?}");
    assert!(tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{tag:?}");
    assert!(tag.starts_with(locale.language()) && locale.language() == locale.language().to_ascii_lowercase());
    for spelling in [tag.to_owned(), in_other_case(&typed)] {
        assert_eq!(Locale::parse(&spelling).as_ref(), Ok(&locale), "{spelling:?}");
    }
}

/// A phone number is a plus sign and digits, as it was typed.
pub(super) fn phone(data: &[u8]) {
    let typed = text::of(data);
    let Ok(number) = PhoneNumber::parse(&typed) else { return };
    assert_eq!(number.as_str(), typed);
    let digits = typed.strip_prefix('+').unwrap_or_default();
    assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()), "{typed:?}");
    assert_eq!(PhoneNumber::restore(&typed), Ok(number));
}

/// Names of fields and `GeoID`s are kept as they were typed, and have no control characters.
pub(super) fn field(data: &[u8]) {
    let typed = text::of(data);
    if let Ok(name) = FieldName::parse(&typed) {
        assert_eq!(name.as_str(), typed);
        assert!((1..=100).contains(&typed.chars().count()) && !typed.contains(char::is_control), "{typed:?}");
    }
    if let Ok(geo_id) = GeoId::parse(&typed) {
        assert!(geo_id.as_str() == typed && typed.len() == 64 && is_one_line(&typed));
        assert!(GeoId::parse(&typed.to_uppercase()).is_err() || !typed.contains(|c: char| c.is_ascii_alphabetic()));
    }
}
