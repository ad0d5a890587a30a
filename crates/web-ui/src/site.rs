//! What all pages share.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::access::{Actor, Operation};
use domain::accounts::ask_by_mail::AskByMail;
use domain::accounts::change_address::ChangeAddress;
use domain::accounts::change_password::ChangePassword;
use domain::accounts::confirm_address::ConfirmAddress;
use domain::accounts::issue_user_token::IssueUserToken;
use domain::accounts::password::PasswordPolicy;
use domain::accounts::remove_user_token::RemoveUserToken;
use domain::accounts::reset_password::ResetPassword;
use domain::accounts::set_preferences::SetPreferences;
use domain::accounts::sign_up::SignUp;
use domain::accounts::undo_address_change::UndoAddressChange;
use domain::accounts::update_phone::UpdatePhone;
use domain::accounts::user::User;
use domain::events::list_own_events::ListOwnEvents;
use domain::land::add_field::AddField;
use domain::land::list_fields::ListFields;
use domain::land::remove_field::RemoveField;
use domain::ports::clock::Clock;
use domain::ports::entropy::Entropy;
use domain::ports::secrets::SecretKeeper;
use domain::sessions::authenticate::{Authenticate, AuthenticateError, Shown};
use domain::sessions::end_session::EndSession;
use domain::sessions::list_sessions::ListSessions;
use domain::sessions::log_in::LogIn;
use domain::sessions::log_out::LogOut;
use domain::sessions::ports::LastSeen;
use domain::sessions::session::Session;

use crate::binding::Binding;
use crate::options::Options;
use crate::refused::Refused;
use crate::visit::Visit;

/// How long a session's `last_seen_at` may lag behind its use.
const LAST_SEEN_LAG: TimeDelta = TimeDelta::hours(1);

/// What the pages are made of: the use cases that they show, and the ports that they need themselves.
pub struct UseCases {
    /// Finds out who visits.
    pub authenticate: Arc<Authenticate>,
    /// What a new password must be.
    pub passwords: PasswordPolicy,
    /// Signs a visitor up.
    pub sign_up: Arc<SignUp>,
    /// Logs a user in.
    pub log_in: Arc<LogIn>,
    /// Logs a user out.
    pub log_out: Arc<LogOut>,
    /// Sends the mails that somebody asks for.
    pub ask_by_mail: Arc<AskByMail>,
    /// Verifies an address, or makes it the user's.
    pub confirm_address: Arc<ConfirmAddress>,
    /// Sets a new password by a mailed token.
    pub reset_password: Arc<ResetPassword>,
    /// Changes a password.
    pub change_password: Arc<ChangePassword>,
    /// Asks for another address.
    pub change_address: Arc<ChangeAddress>,
    /// Takes a change of the address back.
    pub undo_address_change: Arc<UndoAddressChange>,
    /// Lists sessions.
    pub list_sessions: Arc<ListSessions>,
    /// Lists what happened to an account.
    pub list_own_events: Arc<ListOwnEvents>,
    /// Ends sessions.
    pub end_session: Arc<EndSession>,
    /// Changes a phone number.
    pub update_phone: Arc<UpdatePhone>,
    /// Sets whether others find a user's fields.
    pub set_preferences: Arc<SetPreferences>,
    /// Issues a `token_required`.
    pub issue_user_token: Arc<IssueUserToken>,
    /// Removes a `token_required`.
    pub remove_user_token: Arc<RemoveUserToken>,
    /// Lists fields.
    pub list_fields: Arc<ListFields>,
    /// Adds a field.
    pub add_field: Arc<AddField>,
    /// Removes a field.
    pub remove_field: Arc<RemoveField>,
    /// Notes when a session was used.
    pub last_seen: Arc<dyn LastSeen>,
    /// Codes forms and seals messages.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes the values of cookies.
    pub entropy: Arc<dyn Entropy>,
}

/// What all pages share.
pub(crate) struct Site {
    pub(crate) use_cases: UseCases,
    pub(crate) options: Options,
}

/// A user who is signed in on the pages.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) actor: Actor,
    pub(crate) user: User,
    pub(crate) session: Session,
}

impl Owner {
    /// To whom their forms belong.
    pub(crate) const fn binding(&self) -> Binding {
        Binding::Session(self.session.id)
    }
}

impl Site {
    /// The user who visits, for an operation on their own account.
    pub(crate) async fn owner(&self, visit: &Visit, operation: Operation) -> Result<Owner, Refused> {
        self.find_owner(visit, operation).await?.ok_or(Refused::LogInFirst)
    }

    /// Whether the visitor is signed in.
    pub(crate) async fn knows(&self, visit: &Visit) -> Result<bool, Refused> {
        Ok(self.find_owner(visit, Operation::ShowMe).await?.is_some())
    }

    /// Who reads the next page: the session of somebody who is signed in, or else the visitor.
    pub(crate) async fn reader(&self, visit: &Visit) -> Result<Binding, Refused> {
        let owner = self.find_owner(visit, Operation::ShowMe).await?;
        Ok(owner.map_or_else(|| visit.visitor(), |owner| owner.binding()))
    }

    async fn find_owner(&self, visit: &Visit, operation: Operation) -> Result<Option<Owner>, Refused> {
        let Some(secret) = visit.session_secret() else { return Ok(None) };
        let shown = Shown::Page(secret);
        let actor = match self.use_cases.authenticate.run(shown, operation, visit.origin.clone()).await {
            Ok(actor) => actor,
            Err(AuthenticateError::NotValid) => return Ok(None),
            Err(AuthenticateError::Denied(denied)) => return Err(denied.into()),
            Err(AuthenticateError::Failed(failure)) => return Err(failure.into()),
        };
        // Every credential of the pages is a session, so it may do what only a session may.
        let session = actor.session(Operation::LogOut)?.clone();
        let user = actor.owner(operation)?.clone();
        visit.speak_to(&user);
        self.note_use(&session).await;
        Ok(Some(Owner { actor, user, session }))
    }

    async fn note_use(&self, session: &Session) {
        let now = self.use_cases.clock.now();
        if now < session.last_seen_at + LAST_SEEN_LAG {
            return;
        }
        // The page does not depend on it: the next use notes it again.
        if let Err(failure) = self.use_cases.last_seen.note(session.id, now).await {
            tracing::warn!(%failure, "the last use of a session was not noted");
        }
    }
}
