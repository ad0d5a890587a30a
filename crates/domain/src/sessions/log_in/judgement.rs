//! Who is let in, and why not.

use crate::accounts::answers::Answers;
use crate::accounts::password_hash::PasswordHash;
use crate::accounts::ports::Verdict;
use crate::accounts::user::{User, UserState};
use crate::sessions::log_in::{LogInError, LogInRules};

impl LogInRules {
    /// The hash that was verified and whether it is outdated, or why the user is not let in. Only who knows the
    /// password learns more of an account.
    pub(super) fn judge(
        &self,
        user: Option<&User>,
        stored: Option<PasswordHash>,
        verdict: Verdict,
    ) -> Result<(PasswordHash, bool), Reason> {
        let user = user.ok_or(Reason::UnknownUser)?;
        let (Verdict::Matches { outdated }, Some(verified)) = (verdict, stored) else {
            return Err(Reason::WrongPassword);
        };
        if user.state != UserState::Active {
            return Err(Reason::Disabled);
        }
        if self.wants_verified() && !user.is_activated() {
            return Err(Reason::Unverified);
        }
        Ok((verified, outdated))
    }
}

/// Why a login is refused, whatever is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    UnknownUser,
    WrongPassword,
    Disabled,
    Unverified,
}

impl Reason {
    /// The word in the event.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown-user",
            Self::WrongPassword => "wrong-password",
            Self::Disabled => "disabled",
            Self::Unverified => "unverified",
        }
    }

    pub(super) const fn told(self, answers: Answers) -> LogInError {
        match (answers, self) {
            (Answers::Hardened, _) => LogInError::Refused,
            (Answers::Contract, Self::UnknownUser) => LogInError::UnknownUser,
            (Answers::Contract, Self::WrongPassword) => LogInError::WrongPassword,
            (Answers::Contract, Self::Disabled) => LogInError::Disabled,
            (Answers::Contract, Self::Unverified) => LogInError::Unverified,
        }
    }
}
