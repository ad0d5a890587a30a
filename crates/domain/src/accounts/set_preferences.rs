//! A user says how they want to be treated: whether others find their fields, and in which language they are told.

use std::sync::Arc;

use crate::access::{Actor, Operation};
use crate::accounts::locale::Locale;
use crate::accounts::own_row::{OwnRow, OwnRowError};
use crate::accounts::user::User;
use crate::changes::Changes;
use crate::changes::account::AccountChange;
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::entropy::Entropy;

/// What a user wants from now on: at least one thing. What is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    discoverable: Option<bool>,
    language: Option<Language>,
}

impl Preferences {
    /// Whether others find their fields, and the language that they read; `None` when it is neither.
    #[must_use]
    pub fn of(discoverable: Option<bool>, language: Option<Language>) -> Option<Self> {
        (discoverable.is_some() || language.is_some()).then_some(Self { discoverable, language })
    }

    /// Whether others find their fields.
    #[must_use]
    pub const fn discoverable(discoverable: bool) -> Self {
        Self { discoverable: Some(discoverable), language: None }
    }

    /// The language that they read.
    #[must_use]
    pub const fn language(language: Language) -> Self {
        Self { discoverable: None, language: Some(language) }
    }
}

/// The language that a user reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// This one.
    Named(Locale),
    /// The one that their browser asks for; mails are in the usual one.
    AsAsked,
}

impl Language {
    /// The one of an optional tag.
    #[must_use]
    pub fn of(locale: Option<Locale>) -> Self {
        locale.map_or(Self::AsAsked, Self::Named)
    }

    fn locale(&self) -> Option<&Locale> {
        match self {
            Self::Named(locale) => Some(locale),
            Self::AsAsked => None,
        }
    }
}

/// Sets a user's own preferences.
pub struct SetPreferences {
    /// Writes the user's row.
    pub own_row: Arc<OwnRow>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl SetPreferences {
    /// Sets all of them at once or none; gives the user as it is then.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run(&self, actor: &Actor, preferences: &Preferences) -> Result<User, OwnRowError> {
        let user = actor.owner(Operation::SetPreferences)?;
        let at = self.clock.now();
        let plan = |user: &User| {
            let subject = EventSubject::new("user", user.id);
            let event = Event::now(preferences.event_kind(), actor, subject, at, &*self.entropy);
            let event = preferences.discoverable.iter().fold(event, |event, set| event.with("discoverable", set));
            Changes::of(actor, Operation::SetPreferences, event).with_all(preferences.writes(user, at))
        };
        let before = self.own_row.write(user, plan).await?;
        Ok(preferences.applied(before, at))
    }
}

impl Preferences {
    fn event_kind(&self) -> EventKind {
        match (self.discoverable, &self.language) {
            (_, None) => EventKind::DiscoverabilityChanged,
            (None, Some(_)) => EventKind::LanguageChanged,
            (Some(_), Some(_)) => EventKind::PreferencesChanged,
        }
    }

    /// The writes to the row; each counts its version on.
    fn writes(&self, user: &User, at: Timestamp) -> Vec<AccountChange> {
        let mut version = user.version..;
        let user = user.id;
        let discoverable = self.discoverable.and_then(|discoverable| {
            let version = version.next()?;
            Some(AccountChange::SetDiscoverable { user, version, discoverable, at })
        });
        let locale = self.language.as_ref().and_then(|language| {
            let (version, locale) = (version.next()?, language.locale().cloned());
            Some(AccountChange::SetLocale { user, version, locale, at })
        });
        discoverable.into_iter().chain(locale).collect()
    }

    fn applied(&self, before: User, at: Timestamp) -> User {
        let writes = i64::from(self.discoverable.is_some()) + i64::from(self.language.is_some());
        let locale = self.language.as_ref().map_or(before.locale, |language| language.locale().cloned());
        let discoverable = self.discoverable.unwrap_or(before.discoverable);
        User { version: before.version + writes, discoverable, locale, updated_at: at, ..before }
    }
}
