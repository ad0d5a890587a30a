//! What the operations of an account are called with.

use domain::accounts::locale::Locale;
use domain::accounts::phone::PhoneNumber;
use domain::accounts::set_preferences::{Language, Preferences};
use domain::accounts::sign_up_form::SignUpForm;
use domain::accounts::user_token::parse_expiry;
use domain::form::{FieldError, FormErrors};
use domain::ports::clock::Timestamp;
use poem_openapi::Object;
use poem_openapi::types::{Example, MaybeUndefined};

use crate::body::Body;
use crate::json::{Reader, Shape, Tree, boolean, text};
use crate::resources::fields::FieldBody;

/// What to sign up with.
#[derive(Object)]
#[oai(rename = "SignUp", example, skip_serializing_if_is_none)]
pub(crate) struct SignUpBody {
    /// The e-mail address.
    #[oai(validator(max_length = 254))]
    email: String,
    /// A new password: 8 to 128 characters unless the installation asks for more, none of the commonest.
    /// The characters are counted in the normal form `OpaqueString` of RFC 8265.
    #[oai(validator(max_length = 2048))]
    password: String,
    /// The preferred phone number, in E.164.
    #[oai(nullable, validator(pattern = "^\\+[1-9][0-9]{6,14}$"))]
    phone_number: Option<String>,
    /// Whether others may find your fields; not unless you say so.
    discoverable: Option<bool>,
    /// Your first land fields.
    fields: Option<Vec<FieldBody>>,
}

impl SignUpBody {
    pub(crate) fn form(self) -> SignUpForm {
        SignUpForm {
            email: self.email,
            password: self.password,
            phone_number: self.phone_number,
            discoverable: self.discoverable.unwrap_or_default(),
            fields: self.fields.unwrap_or_default().into_iter().map(FieldBody::form).collect(),
        }
    }
}

impl Body for SignUpBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        let email = reader.required("email", "a text", text).unwrap_or_default();
        let password = reader.required("password", "a text", text).unwrap_or_default();
        let phone_number = reader.nullable("phone_number", "a text", text);
        let discoverable = reader.optional("discoverable", "true or false", boolean);
        let fields = reader.take("fields").map(|tree| {
            let (path, errors) = reader.below("fields");
            FieldBody::read_list(tree, &path, errors)
        });
        Self { email, password, phone_number, discoverable, fields }
    }
}

impl Example for SignUpBody {
    fn example() -> Self {
        Self {
            email: "ada@example.org".into(),
            password: "correct horse battery".into(),
            phone_number: Some("+14155552671".into()),
            discoverable: Some(false),
            fields: None,
        }
    }
}

/// A phone number to set or remove.
#[derive(Object)]
#[oai(rename = "Update", example)]
pub(crate) struct PhoneBody {
    /// The phone number in E.164; `null` removes it.
    #[oai(nullable, validator(pattern = "^\\+[1-9][0-9]{6,14}$"))]
    phone_number: Option<String>,
}

impl PhoneBody {
    pub(crate) fn check(self) -> Result<Option<PhoneNumber>, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let number = errors.take("phone_number", self.phone_number.as_deref().map(PhoneNumber::parse).transpose());
        number.ok_or_else(|| errors.into_list())
    }
}

impl Body for PhoneBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        let phone_number = match reader.take("phone_number") {
            None => {
                reader.note("phone_number", Shape::Required);
                None
            }
            Some(Tree::Null) => None,
            Some(tree) => {
                let number = text(tree);
                if number.is_none() {
                    reader.note("phone_number", Shape::Not("a text"));
                }
                number
            }
        };
        Self { phone_number }
    }
}

impl Example for PhoneBody {
    fn example() -> Self {
        Self { phone_number: Some("+14155552671".into()) }
    }
}

/// What you prefer: at least one of these. What is left out stays as it is.
#[derive(Object)]
#[oai(rename = "Preferences", example)]
pub(crate) struct PreferencesBody {
    /// Whether others find your fields.
    discoverable: Option<bool>,
    /// The language of your mails and pages, a tag of RFC 5646 such as `es` or `pt-BR`. With `null` the pages are in
    /// the language that your browser asks for, and mails in English.
    #[oai(nullable, validator(max_length = 35))]
    locale: MaybeUndefined<String>,
}

impl PreferencesBody {
    pub(crate) fn check(self) -> Result<Preferences, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let language = match self.locale {
            MaybeUndefined::Undefined => Some(None),
            MaybeUndefined::Null => Some(Some(Language::AsAsked)),
            MaybeUndefined::Value(tag) => {
                errors.take("locale", Locale::parse(&tag)).map(|locale| Some(Language::Named(locale)))
            }
        };
        let preferences = language.and_then(|language| Preferences::of(self.discoverable, language));
        preferences.ok_or_else(|| errors.into_list())
    }
}

impl Body for PreferencesBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        let (discoverable, locale) = (reader.take("discoverable"), reader.take("locale"));
        if discoverable.is_none() && locale.is_none() {
            reader.note("discoverable", Shape::RequiredOr("locale"));
        }
        let discoverable = discoverable.and_then(|value| reader.typed("discoverable", value, "true or false", boolean));
        let locale = match locale {
            None => MaybeUndefined::Undefined,
            Some(Tree::Null) => MaybeUndefined::Null,
            Some(value) => MaybeUndefined::from_opt_undefined(reader.typed("locale", value, "a text", text)),
        };
        Self { discoverable, locale }
    }
}

impl Example for PreferencesBody {
    fn example() -> Self {
        Self { discoverable: Some(true), locale: MaybeUndefined::Value("es".into()) }
    }
}

/// How long a new `token_required` is to live.
#[derive(Object)]
#[oai(rename = "IssueTokenRequired", example, skip_serializing_if_is_none)]
pub(crate) struct IssueTokenBody {
    /// When it ends, a time of RFC 3339 in the future; left out or `null` if it does not.
    #[oai(nullable, validator(max_length = 64))]
    expires_at: Option<String>,
}

impl IssueTokenBody {
    pub(crate) fn check(self, now: Timestamp) -> Result<Option<Timestamp>, Vec<FieldError>> {
        let mut errors = FormErrors::none();
        let end = self.expires_at.as_deref().map(|text| parse_expiry(text, now)).transpose();
        errors.take("expires_at", end).ok_or_else(|| errors.into_list())
    }
}

impl Body for IssueTokenBody {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self { expires_at: reader.nullable("expires_at", "a text", text) }
    }
}

impl Example for IssueTokenBody {
    fn example() -> Self {
        Self { expires_at: Some("2030-01-31T12:00:00Z".into()) }
    }
}
