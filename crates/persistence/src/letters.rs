//! Letters as the table of deliveries keeps them: JSON, so that a letter may name more one day.

use domain::accounts::email::EmailAddress;
use domain::accounts::locale::Locale;
use domain::ids::MailedTokenId;
use domain::mail::letter::{Letter, Template};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
struct Row {
    template: String,
    to: String,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    token: Option<Uuid>,
    #[serde(default)]
    facts: Vec<(String, String)>,
}

/// A letter as text.
pub(crate) fn write(letter: &Letter) -> String {
    let row = Row {
        template: letter.template.name().into(),
        to: letter.to.as_str().into(),
        locale: letter.locale.as_ref().map(ToString::to_string),
        token: letter.token.map(MailedTokenId::uuid),
        facts: letter.facts.clone(),
    };
    // Texts in a struct always make JSON.
    serde_json::to_string(&row).unwrap_or_default()
}

/// The letter in such a text; `None` when it holds none.
pub(crate) fn read(text: &str) -> Option<Letter> {
    let row: Row = serde_json::from_str(text).ok()?;
    Some(Letter {
        template: Template::of_name(&row.template)?,
        to: EmailAddress::parse(&row.to).ok()?,
        locale: row.locale.and_then(|tag| Locale::parse(&tag).ok()),
        token: row.token.map(MailedTokenId::restore),
        facts: row.facts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_reads_back_equal_and_another_text_is_none() {
        let to = EmailAddress::parse("Ada@example.org").unwrap();
        let plain = Letter::new(Template::PasswordChanged, to.clone(), None);
        let full = Letter::new(Template::VerifyAddress, to, Locale::parse("es").ok())
            .with_token(MailedTokenId::restore(Uuid::from_u128(7)))
            .with("when", "today \"now\"");
        for letter in [plain, full] {
            assert_eq!(read(&write(&letter)), Some(letter));
        }
        for other in ["", "{}", r#"{"template":"spam","to":"a@b.example"}"#, r#"{"template":"test","to":"nobody"}"#] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
