//! The form of a sign-up.

use crate::accounts::email::EmailAddress;
use crate::accounts::password::{Password, PasswordPolicy};
use crate::accounts::phone::PhoneNumber;
use crate::accounts::sign_up::Command;
use crate::form::{FieldError, FormErrors};
use crate::land::field::MAX_FIELDS;
use crate::land::field_form::{CheckedField, FieldForm, FieldListError};

/// A sign-up as somebody enters it.
#[derive(Clone)]
pub struct SignUpForm {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The phone number, if one was given.
    pub phone_number: Option<String>,
    /// Whether others may find the user's fields.
    pub discoverable: bool,
    /// The first land fields.
    pub fields: Vec<FieldForm>,
}

impl SignUpForm {
    /// Checks every value.
    ///
    /// # Errors
    /// All wrong fields at once.
    pub fn check(self, policy: &PasswordPolicy) -> Result<Command, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let email = errors.take("email", EmailAddress::parse(&self.email));
        let password: Option<Password> = errors.take("password", policy.accept(&self.password, email.as_ref()));
        let phone_number = self.phone_number.as_deref().map(PhoneNumber::parse).transpose();
        let phone_number = errors.take("phone_number", phone_number);
        let fields = check_fields(self.fields, &mut errors);
        match (email, password, phone_number, fields) {
            (Some(email), Some(password), Some(phone_number), Some(fields)) => {
                Ok(Command { email, password, phone_number, discoverable: self.discoverable, fields })
            }
            _ => Err(errors.into_list()),
        }
    }
}

fn check_fields(forms: Vec<FieldForm>, errors: &mut FormErrors) -> Option<Vec<CheckedField>> {
    if forms.len() > MAX_FIELDS as usize {
        errors.add("fields", &FieldListError::TooMany);
        return None;
    }
    let mut seen = std::collections::HashSet::new();
    let mut checked = Some(Vec::with_capacity(forms.len()));
    for (index, form) in forms.into_iter().enumerate() {
        let path = format!("fields[{index}].");
        let field = form.check(&path, errors);
        if field.as_ref().is_some_and(|field| !seen.insert(field.geo_id.clone())) {
            errors.add(&format!("{path}geo_id"), &FieldListError::SameGeoId);
            checked = None;
        }
        checked = checked.zip(field).map(|(mut fields, field)| {
            fields.push(field);
            fields
        });
    }
    checked
}
