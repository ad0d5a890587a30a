//! What is wrong with a form, as its page shows it.

use domain::form::{FieldError, Refusal};
use fluent_templates::fluent_bundle::FluentValue;

use crate::texts::Texts;

/// What is wrong with a form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mistakes(Vec<Mistake>);

/// What is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The input's name, which is its id, too.
    pub(crate) field: String,
    /// The sentence beside it.
    pub(crate) message: String,
}

impl Mistakes {
    /// None.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// One, by the key of its sentence.
    pub(crate) fn one(field: &str, key: &str, texts: &Texts) -> Self {
        Self(vec![Mistake { field: field.into(), message: texts.text(key) }])
    }

    /// Those that the domain found; `values` go into their sentences.
    pub(crate) fn found(errors: &[FieldError], texts: &Texts, values: &[(&'static str, FluentValue<'static>)]) -> Self {
        let mistake =
            |error: &FieldError| Mistake { field: error.field.clone(), message: texts.refusal(error, values) };
        Self(errors.iter().map(mistake).collect())
    }

    /// One more that the domain found.
    pub(crate) fn add(&mut self, field: &str, refusal: &dyn Refusal, texts: &Texts) {
        let error = FieldError { field: field.into(), code: refusal.code(), message: refusal.to_string() };
        self.0.extend(Self::found(&[error], texts, &[]).0);
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with an input.
    pub(crate) fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|mistake| mistake.field == field).map(|mistake| mistake.message.as_str())
    }

    /// Everything that is wrong.
    pub(crate) fn list(&self) -> &[Mistake] {
        &self.0
    }
}
