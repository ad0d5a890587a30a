//! A user sees their own account.

use std::sync::Arc;

use crate::access::{Actor, Operation};
use crate::accounts::user::User;
use crate::land::field::{Field, shown_at_a_time};
use crate::origin::Origin;
use crate::sessions::authenticate::{Authenticate, AuthenticateError, Shown};

/// How many fields are shown with the account at most.
pub const SHOWN_FIELDS: usize = 100;

/// A user's own account.
#[derive(Clone, Debug, PartialEq)]
pub struct Me {
    /// The user.
    pub user: User,
    /// The first fields, as many as [are shown at a time](shown_at_a_time): at most [`SHOWN_FIELDS`].
    pub fields: Vec<Field>,
    /// Whether there are more.
    pub more_fields: bool,
}

/// Shows a user their own account, by one statement unless their fields are many.
pub struct ShowMe {
    /// Finds out who asks.
    pub authenticate: Arc<Authenticate>,
}

impl ShowMe {
    /// The account of who shows the credential, and who that is.
    ///
    /// # Errors
    /// When nobody shows who they are, or a port fails.
    pub async fn run(&self, shown: Shown<'_>, origin: Origin) -> Result<(Actor, Me), AuthenticateError> {
        let (actor, mut fields) =
            self.authenticate.with_fields(shown, Operation::ShowMe, origin, SHOWN_FIELDS + 1).await?;
        let shown = shown_at_a_time(&fields, SHOWN_FIELDS);
        let more_fields = shown < fields.len();
        fields.truncate(shown);
        let user = actor.owner(Operation::ShowMe)?.clone();
        Ok((actor, Me { user, fields, more_fields }))
    }
}
