//! A mailed token is presented.

use std::sync::Arc;

use thiserror::Error;

use crate::accounts::email::EmailAddress;
use crate::accounts::user::UserState;
use crate::changes::{Change, Changes, MailChange, UniqueKey};
use crate::mail::mailed_token::{IssuedMailedToken, MailedTokenPurpose, MailedTokenRefused};
use crate::mail::ports::{HeldMailedToken, MailedTokens};
use crate::origin::Origin;
use crate::ports::clock::Timestamp;
use crate::ports::failure::PortFailure;
use crate::ports::ledger::{Ledger, Rejected};
use crate::ports::secrets::SecretKeeper;
use crate::throttles::gate::Gate;
use crate::throttles::limits::{GateError, Throttled, TooMany};

/// How often a plan is made anew when the user's row has changed meanwhile.
const ATTEMPTS: usize = 3;

/// Why a token was not used.
#[derive(Debug, Error)]
pub enum RedeemError {
    /// It is not valid.
    #[error(transparent)]
    NotValid(#[from] MailedTokenRefused),
    /// It is valid, but what it is good for needs an address that another account has by now.
    #[error("Another account has this e-mail address by now.")]
    AddressTaken,
    /// Too many that are not valid were presented from the same address.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<GateError> for RedeemError {
    fn from(error: GateError) -> Self {
        match error {
            GateError::TooMany(too_many) => too_many.into(),
            GateError::Failed(failure) => failure.into(),
        }
    }
}

/// Uses mailed tokens: each once, for its own purpose, in the transaction of what it is used for.
pub struct Redeem {
    /// Reads tokens.
    pub tokens: Arc<dyn MailedTokens>,
    /// Tells genuine tokens from others.
    pub keeper: Arc<dyn SecretKeeper>,
    /// Writes.
    pub ledger: Arc<dyn Ledger>,
}

/// Counts a token that is not valid by where it comes from. A valid one is not counted, so that nobody nearby
/// keeps its holder from using it.
pub(crate) async fn count_refused<T>(
    gate: &Gate,
    origin: &Origin,
    outcome: Result<T, RedeemError>,
) -> Result<T, RedeemError> {
    if matches!(outcome, Err(RedeemError::NotValid(_))) {
        gate.enter(origin, Throttled::Redeem).await?;
    }
    outcome
}

impl Redeem {
    /// The token of this text, if it can be used for one of the purposes now. It is not used by that.
    ///
    /// # Errors
    /// When it is not valid, or a port fails.
    pub async fn look(
        &self,
        text: &str,
        purposes: &[MailedTokenPurpose],
        now: Timestamp,
    ) -> Result<HeldMailedToken, RedeemError> {
        let id = IssuedMailedToken::read(text, &*self.keeper).ok_or(MailedTokenRefused)?;
        let held = self.tokens.by_id(id).await?.ok_or(MailedTokenRefused)?;
        let fits = purposes.contains(&held.token.purpose) && now < held.token.expires_at;
        if fits && held.user.state == UserState::Active { Ok(held) } else { Err(MailedTokenRefused.into()) }
    }

    /// The address that the token was mailed to, if it can be used for one of the purposes now and the
    /// address still is its user's. It is not used by that.
    ///
    /// # Errors
    /// When it is not valid, or a port fails.
    pub async fn own_address(
        &self,
        text: &str,
        purposes: &[MailedTokenPurpose],
        now: Timestamp,
    ) -> Result<EmailAddress, RedeemError> {
        let HeldMailedToken { token, user } = self.look(text, purposes, now).await?;
        if token.is_for(user.email.key()) { Ok(user.email) } else { Err(MailedTokenRefused.into()) }
    }

    /// Uses the token up together with what `plan` makes of it; `plan` may find that it does not fit its
    /// user any more. Gives what the written plan was made of.
    ///
    /// # Errors
    /// When it is not valid, the plan takes an address that another account has, or a port fails.
    pub async fn run(
        &self,
        text: &str,
        purposes: &[MailedTokenPurpose],
        now: Timestamp,
        plan: impl Fn(&HeldMailedToken) -> Option<Changes> + Send,
    ) -> Result<HeldMailedToken, RedeemError> {
        for attempt in 1..=ATTEMPTS {
            let held = self.look(text, purposes, now).await?;
            let mut changes = plan(&held).ok_or(MailedTokenRefused)?;
            let (token, purpose) = (held.token.id, held.token.purpose);
            changes.list.insert(0, Change::Mail(MailChange::UseToken { token, purpose, at: now }));
            match self.ledger.apply(changes).await {
                Ok(_) => return Ok(held),
                Err(Rejected::AlreadyUsed) => return Err(MailedTokenRefused.into()),
                Err(Rejected::Conflict(UniqueKey::Address)) => return Err(RedeemError::AddressTaken),
                Err(Rejected::Stale) if attempt < ATTEMPTS => {}
                Err(other) => return Err(other.unexpected().into()),
            }
        }
        Err(Rejected::Stale.unexpected().into())
    }
}
