//! A user changes their phone number.

use std::sync::Arc;

use crate::access::{Actor, Operation};
use crate::accounts::own_row::{OwnRow, OwnRowError};
use crate::accounts::phone::PhoneNumber;
use crate::accounts::user::User;
use crate::changes::Changes;
use crate::changes::account::AccountChange;
use crate::events::{Event, EventKind, EventSubject};
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;

/// Changes or removes a user's own phone number.
pub struct UpdatePhone {
    /// Writes the user's row.
    pub own_row: Arc<OwnRow>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
}

impl UpdatePhone {
    /// Sets the number, or removes it; gives the user as it is then.
    ///
    /// # Errors
    /// When the actor may not, or a port fails.
    pub async fn run(&self, actor: &Actor, phone_number: Option<PhoneNumber>) -> Result<User, OwnRowError> {
        let user = actor.owner(Operation::UpdatePhone)?;
        let at = self.clock.now();
        let plan = |user: &User| {
            let subject = EventSubject::new("user", user.id);
            let event = Event::now(EventKind::PhoneNumberChanged, actor, subject, at, &*self.entropy);
            let (version, phone_number) = (user.version, phone_number.clone());
            Changes::of(actor, Operation::UpdatePhone, event).with(AccountChange::SetPhone {
                user: user.id,
                version,
                phone_number,
                at,
            })
        };
        let before = self.own_row.write(user, plan).await?;
        Ok(User { version: before.version + 1, phone_number: phone_number.clone(), updated_at: at, ..before })
    }
}
