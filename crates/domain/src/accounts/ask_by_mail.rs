//! Somebody asks for a mail that only the owner of an address can read.

use std::sync::Arc;

use crate::access::Actor;
use crate::accounts::email::EmailAddress;
use crate::accounts::ports::Accounts;
use crate::accounts::user::{User, UserState};
use crate::changes::Changes;
use crate::events::{Event, EventKind, EventSubject};
use crate::mail::letter::Template;
use crate::mail::mailed_token::MailedTokenPurpose;
use crate::mail::queue::mail_token;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::Ledger;
use crate::ports::secrets::SecretKeeper;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The mail that verifies the address.
    Verification,
    /// The mail that lets its reader choose a new password.
    NewPassword,
}

/// Sends such mails. Whoever asks learns nothing: neither whether there is such a user, nor whether a mail
/// goes out.
pub struct AskByMail {
    /// Reads the account.
    pub accounts: Arc<dyn Accounts>,
    /// Hides the addresses of nobody in events.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl AskByMail {
    /// Queues the mail if there is somebody to get it. The two cases write different things: an adapter MUST let its
    /// answer wait as [`even_time`](crate::accounts::even_time) says.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn run(&self, actor: &Actor, wanted: Wanted, email: &EmailAddress) -> Result<(), PortFailure> {
        let account = self.accounts.by_email(email.key()).await?;
        let user = account.map(|account| account.user).filter(|user| wanted.is_for(user));
        let changes = match user {
            Some(user) => self.mail(actor, wanted, &user),
            None => self.nothing(actor, email),
        };
        self.ledger.apply(changes).await.map(|_| ()).map_err(crate::ports::ledger::Rejected::unexpected)
    }

    fn mail(&self, actor: &Actor, wanted: Wanted, user: &User) -> Changes {
        let (at, subject) = (self.clock.now(), EventSubject::new("user", user.id));
        let (kind, purpose, template) = match wanted {
            Wanted::Verification => {
                (EventKind::VerificationSent, MailedTokenPurpose::VerifyAddress, Template::VerifyAddress)
            }
            Wanted::NewPassword => {
                (EventKind::PasswordResetSent, MailedTokenPurpose::ResetPassword, Template::ResetPassword)
            }
        };
        let event = Event::now(kind, actor, subject, at, &*self.entropy).about(user.id);
        Changes::new(event).with_all(mail_token(user, purpose, template, at, &*self.entropy))
    }

    fn nothing(&self, actor: &Actor, email: &EmailAddress) -> Changes {
        let subject = EventSubject::address(email, &*self.keeper);
        Changes::new(Event::now(EventKind::MailNotSent, actor, subject, self.clock.now(), &*self.entropy))
    }
}

impl Wanted {
    /// Whether this user gets the mail: who is verified needs no verification.
    fn is_for(self, user: &User) -> bool {
        user.state == UserState::Active && (self == Self::NewPassword || !user.is_activated())
    }
}
