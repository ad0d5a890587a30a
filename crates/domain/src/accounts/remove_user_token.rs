//! A user removes their `token_required`.

use std::sync::Arc;

use crate::access::{Actor, Operation};
use crate::accounts::own_row::{OwnRow, OwnRowError};
use crate::accounts::user::User;
use crate::changes::Changes;
use crate::changes::account::AccountChange;
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;

/// Removes a user's own `token_required`.
pub struct RemoveUserToken {
    /// Writes the user's row.
    pub own_row: Arc<OwnRow>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl RemoveUserToken {
    /// Removes the token; without one it is well, too.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run(&self, actor: &Actor) -> Result<(), OwnRowError> {
        let user = actor.owner(Operation::ChangeUserToken)?;
        let at = self.clock.now();
        let plan = |user: &User| {
            let subject = EventSubject::new("user", user.id);
            let event = Event::now(EventKind::UserTokenRemoved, actor, subject, at, &*self.entropy);
            let version = user.version;
            Changes::of(actor, Operation::ChangeUserToken, event).with(AccountChange::SetUserToken {
                user: user.id,
                version,
                digest: None,
                expires_at: None,
                at,
            })
        };
        self.own_row.write(user, plan).await?;
        Ok(())
    }
}
