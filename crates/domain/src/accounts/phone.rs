//! Phone numbers in E.164.

use std::fmt;

use thiserror::Error;

use crate::form::Refusal;

/// A phone number in E.164, such as `+14155552671`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number: `+`, then 7 to 15 digits, and one that a numbering plan knows.
    ///
    /// # Errors
    /// When it has another shape or cannot be a number of its country.
    pub fn parse(text: &str) -> Result<Self, PhoneNumberError> {
        // The library forgives letters and blanks in a number; the shape is checked first.
        if !has_shape(text) {
            return Err(PhoneNumberError::Shape);
        }
        match phonenumber::parse(None, text) {
            Ok(number) if number.is_valid() => Ok(Self(text.into())),
            _ => Err(PhoneNumberError::Unassigned),
        }
    }

    /// The number that a row holds: numbering plans change, so only the shape counts.
    ///
    /// # Errors
    /// When it has another shape.
    pub fn restore(text: &str) -> Result<Self, PhoneNumberError> {
        if has_shape(text) { Ok(Self(text.into())) } else { Err(PhoneNumberError::Shape) }
    }

    /// The number in E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PhoneNumberError {
    /// It is not a plus sign and 7 to 15 digits.
    #[error("A phone number is a plus sign, the country code and the number, such as +14155552671.")]
    Shape,
    /// No numbering plan knows it.
    #[error("There is no such phone number.")]
    Unassigned,
}

impl Refusal for PhoneNumberError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shape => "not-a-phone-number",
            Self::Unassigned => "no-such-phone-number",
        }
    }
}

fn has_shape(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_many_countries_are_read() {
        for text in ["+14155552671", "+442071838750", "+4930123456", "+919876543210", "+254712345678", "+5511987654321"]
        {
            assert_eq!(PhoneNumber::parse(text).map(|number| number.0), Ok(text.into()));
        }
    }

    #[test]
    fn what_is_no_number_is_named() {
        use PhoneNumberError::{Shape, Unassigned};
        for (text, error) in [
            ("", Shape),
            ("+", Shape),
            ("14155552671", Shape),
            ("+0415555267", Shape),
            ("+1 415 555 2671", Shape),
            ("+44207183875O", Shape),
            ("+1415555267\u{661}", Shape),
            ("+123456", Shape),
            ("+1234567890123456", Shape),
            ("+10000000000", Unassigned),
            ("+9999999999", Unassigned),
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_stored_number_needs_only_the_shape() {
        assert!(PhoneNumber::restore("+9999999999").is_ok());
        assert_eq!(PhoneNumber::restore("9999999999"), Err(PhoneNumberError::Shape));
    }
}
