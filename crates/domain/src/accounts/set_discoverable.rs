//! A user says whether others find their fields.

use std::sync::Arc;

use crate::access::{Actor, Operation};
use crate::accounts::own_row::{OwnRow, OwnRowError};
use crate::accounts::user::User;
use crate::changes::Changes;
use crate::changes::account::AccountChange;
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;

/// Sets whether others find a user's own fields.
pub struct SetDiscoverable {
    /// Writes the user's row.
    pub own_row: Arc<OwnRow>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl SetDiscoverable {
    /// Sets it; gives the user as it is then.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run(&self, actor: &Actor, discoverable: bool) -> Result<User, OwnRowError> {
        let user = actor.owner(Operation::SetDiscoverable)?;
        let at = self.clock.now();
        let plan = |user: &User| {
            let subject = EventSubject::new("user", user.id);
            let event = Event::now(EventKind::DiscoverabilityChanged, actor, subject, at, &*self.entropy)
                .with("discoverable", discoverable);
            let version = user.version;
            Changes::of(actor, Operation::SetDiscoverable, event).with(AccountChange::SetDiscoverable {
                user: user.id,
                version,
                discoverable,
                at,
            })
        };
        let before = self.own_row.write(user, plan).await?;
        Ok(User { version: before.version + 1, discoverable, updated_at: at, ..before })
    }
}
