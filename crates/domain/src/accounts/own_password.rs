//! The password of somebody who is signed in, asked for once more before what matters most.

use crate::access::Actor;
use crate::accounts::password::Password;
use crate::accounts::ports::{Accounts, HashFailure, PasswordHashing, Turn, Verdict};
use crate::accounts::user::User;
use crate::throttles::gate::{self, Gate};
use crate::throttles::limits::GateError;

/// What it takes to compare it.
pub(crate) struct Asked<'a> {
    /// Refuses what was tried too often, before anything is compared.
    pub(crate) gate: &'a Gate,
    /// Reads the stored hash.
    pub(crate) accounts: &'a dyn Accounts,
    /// Compares.
    pub(crate) hashing: &'a dyn PasswordHashing,
}

impl Asked<'_> {
    /// Whether it is the user's. Wrong ones make the next wait: whoever has got hold of a session must not learn
    /// the password by it.
    ///
    /// # Errors
    /// When too many wrong ones were tried, or a port fails.
    pub(crate) async fn is_right<E>(&self, actor: &Actor, user: &User, password: Password) -> Result<bool, E>
    where
        E: From<GateError> + From<HashFailure>,
    {
        let guess = self.gate.confirm(&actor.origin, user.email.key()).await?;
        let compared = self.compare(actor, user, password).await;
        let verdict = match &compared {
            Ok(true) => gate::Verdict::Right,
            Ok(false) => gate::Verdict::Wrong,
            Err(_) => gate::Verdict::Unknown,
        };
        self.gate.settle(guess, verdict).await;
        Ok(compared?)
    }

    async fn compare(&self, actor: &Actor, user: &User, password: Password) -> Result<bool, HashFailure> {
        let account = self.accounts.by_email(user.email.key()).await?;
        let stored = account.filter(|account| account.user.id == user.id).and_then(|account| account.password);
        Ok(self.hashing.verify(password, stored, Turn::log_in(&actor.origin)).await? != Verdict::Differs)
    }
}
