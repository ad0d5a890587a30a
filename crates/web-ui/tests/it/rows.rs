//! Rows that no page makes.

use domain::access::Actor;
use domain::accounts::email::EmailAddress;
use domain::accounts::password::Password;
use domain::accounts::user::{User, UserState};
use domain::changes::account::AccountChange;
use domain::changes::{Change, Changes, DomainChange};
use domain::domains::name::DomainName;
use domain::domains::policy::{BelongsTo, DomainRule};
use domain::events::{Event, EventKind, EventSubject};
use domain::ids::{DomainRuleId, UserId};
use domain::mail::letter::Template;
use domain::mail::mailed_token::IssuedMailedToken;
use domain::ports::clock::Clock as _;
use domain::ports::ledger::Ledger as _;
use memory::passwords::CheapHashing;

use crate::registry::Registry;

impl Registry {
    /// The token in the newest letter of this template.
    pub(crate) fn mailed_token(&self, template: Template) -> String {
        let letters = self.memory.letters();
        let letter = letters.iter().rev().map(|delivery| &delivery.letter).find(|letter| letter.template == template);
        let token = letter.and_then(|letter| letter.token).expect("a letter with a token");
        IssuedMailedToken::of(token, &*self.keeper).reveal().into()
    }

    /// How many letters of this template were written.
    pub(crate) fn letters(&self, template: Template) -> usize {
        self.memory.letters().iter().filter(|delivery| delivery.letter.template == template).count()
    }

    /// Blocks a domain.
    pub(crate) async fn block(&self, domain: &str) {
        let now = self.clock.now();
        let rule = DomainRule {
            id: DomainRuleId::fresh(now, &*self.entropy),
            domain: DomainName::parse(domain).expect("a domain"),
            belongs_to: BelongsTo::Blocked,
            created_at: now,
            updated_at: now,
        };
        self.write(EventKind::DomainsPut, DomainChange::Put(rule)).await;
    }

    /// Adds a user whose account is disabled.
    pub(crate) async fn add_disabled(&self, email: &str, password: &str) {
        let now = self.clock.now();
        let user = User {
            id: UserId::fresh(now, &*self.entropy),
            email: EmailAddress::parse(email).expect("an address"),
            email_verified_at: Some(now),
            phone_number: None,
            discoverable: false,
            state: UserState::Disabled,
            administrator: false,
            locale: None,
            user_token: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let password = CheapHashing::hash_of(&Password::typed(password).expect("a password"));
        self.write(EventKind::UserCreated, AccountChange::Add { user: Box::new(user), password, user_token: None })
            .await;
    }

    async fn write(&self, kind: EventKind, change: impl Into<Change>) {
        let subject = EventSubject::new("user", "test");
        let event = Event::now(kind, &Actor::system(), subject, self.clock.now(), &*self.entropy);
        self.memory.apply(Changes::new(event).with(change)).await.expect("written");
    }
}
