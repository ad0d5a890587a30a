//! A user gets a new `token_required`.

use std::sync::Arc;

use crate::access::{Actor, Operation};
use crate::accounts::own_row::{OwnRow, OwnRowError};
use crate::accounts::user::User;
use crate::accounts::user_token::UserToken;
use crate::changes::Changes;
use crate::changes::account::AccountChange;
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::{Clock, Timestamp};
use crate::ports::entropy::Entropy;
use crate::ports::secrets::SecretKeeper;

/// Issues a user's own `token_required` anew; the one before is dead from then on.
pub struct IssueUserToken {
    /// Writes the user's row.
    pub own_row: Arc<OwnRow>,
    /// Hashes the token.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes the token and ids.
    pub entropy: Arc<dyn Entropy>,
}

impl IssueUserToken {
    /// Issues the token, which is shown this once; it ends at `expires_at`, or never.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run(&self, actor: &Actor, expires_at: Option<Timestamp>) -> Result<UserToken, OwnRowError> {
        let user = actor.owner(Operation::ChangeUserToken)?;
        let at = self.clock.now();
        let token = UserToken::fresh(&*self.entropy);
        let digest = self.keeper.digest(token.reveal());
        let plan = |user: &User| {
            let subject = EventSubject::new("user", user.id);
            let event = Event::now(EventKind::UserTokenIssued, actor, subject, at, &*self.entropy);
            let (version, digest) = (user.version, Some(digest.clone()));
            Changes::of(actor, Operation::ChangeUserToken, event).with(AccountChange::SetUserToken {
                user: user.id,
                version,
                digest,
                expires_at,
                at,
            })
        };
        self.own_row.write(user, plan).await?;
        Ok(token)
    }
}
