//! The form of the language, on the page of the account.

use domain::access::Operation;
use domain::accounts::locale::Locale;
use domain::accounts::set_preferences::{Language, Preferences};
use poem::http::StatusCode;
use poem::{Response, handler};

use crate::flash::{Flash, Notice};
use crate::form::Post;
use crate::frame::redirect;
use crate::mistakes::Mistakes;
use crate::pages::account::{account_page, phone_number};
use crate::refused::Refused;
use crate::texts::Texts;
use crate::visit::Visit;

/// A language to choose.
pub(crate) struct Choice {
    /// What the form sends: a tag.
    pub(crate) value: String,
    /// The language of the name.
    pub(crate) language: String,
    /// Its own name.
    pub(crate) name: String,
    pub(crate) is_chosen: bool,
}

/// The languages of these pages, and the one that was chosen where these pages do not speak it: whoever saves what is
/// shown keeps what they have.
pub(crate) fn choices(chosen: Option<&Locale>) -> Vec<Choice> {
    let choice = |texts: Texts| {
        let (language, name) = (texts.language(), texts.text("language-name"));
        let chosen = chosen.filter(|chosen| chosen.language() == language);
        let value = chosen.map_or_else(|| language.clone(), ToString::to_string);
        Choice { value, language, name, is_chosen: chosen.is_some() }
    };
    let spoken = Texts::all().into_iter().map(choice);
    let foreign = chosen.filter(|chosen| Texts::of(chosen).is_none()).map(|chosen| {
        let tag = chosen.to_string();
        Choice { value: tag.clone(), language: tag.clone(), name: tag, is_chosen: true }
    });
    spoken.chain(foreign).collect()
}

/// Saves the language; the first choice, without a tag, leaves it to the browser.
#[handler]
pub(crate) async fn submit(visit: &Visit, post: Post) -> Result<Response, Refused> {
    let owner = visit.site.owner(visit, Operation::SetPreferences).await?;
    let form = post.open(&owner.binding(), &visit.site)?;
    let entered = Some(form.trimmed("locale")).filter(|tag| !tag.is_empty());
    let locale = match entered.map(Locale::parse).transpose() {
        Ok(locale) => locale,
        Err(error) => {
            let mut mistakes = Mistakes::none();
            mistakes.add("locale", &error, visit.texts());
            let phone_number = phone_number(&owner);
            return account_page(visit, owner, StatusCode::UNPROCESSABLE_ENTITY, phone_number, mistakes).await;
        }
    };
    let wanted = Preferences::language(Language::of(locale));
    visit.site.use_cases.set_preferences.run(&owner.actor, &wanted).await?;
    visit.leave(&Flash::Notice(Notice::LanguageSaved), &owner.binding())?;
    Ok(redirect("/account"))
}
