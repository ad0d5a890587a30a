//! What is wrong with a form, all at once.

use std::fmt::Display;

/// One wrong field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The path of the field, dotted with indexes: `fields[0].boundary`.
    pub field: String,
    /// A stable word for what is wrong.
    pub code: &'static str,
    /// A sentence for a person; never the submitted value of a secret.
    pub message: String,
}

/// A rule that a value broke.
pub trait Refusal: Display {
    /// A stable word for it, in kebab-case.
    fn code(&self) -> &'static str;
}

/// Gathers what is wrong with a form.
#[derive(Debug, Default)]
pub struct FormErrors(Vec<FieldError>);

impl FormErrors {
    /// None so far.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Keeps the value, or notes what is wrong with the field.
    pub fn take<T, E: Refusal>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value.map_err(|refusal| self.add(field, &refusal)).ok()
    }

    /// Notes what is wrong with a field.
    pub fn add(&mut self, field: &str, refusal: &dyn Refusal) {
        let (code, message) = (refusal.code(), refusal.to_string());
        self.0.push(FieldError { field: field.into(), code, message });
    }

    /// The wrong fields, in the order in which they were found.
    #[must_use]
    pub fn into_list(self) -> Vec<FieldError> {
        self.0
    }
}
