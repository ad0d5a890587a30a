//! What a new password means for an account, however it came.

use crate::accounts::password_hash::PasswordHash;
use crate::accounts::user::User;
use crate::changes::account::AccountChange;
use crate::changes::{Changes, MailChange, SessionChange};
use crate::ids::SessionId;
use crate::mail::letter::Template;
use crate::mail::mailed_token::MailedTokenPurpose;
use crate::mail::queue::tell;
use crate::ports::entropy::Entropy;
use crate::sessions::session::EndReason;

/// The plan, and that it sets a new password: every other session ends, the `token_required` and all mailed tokens
/// for a new password or a new address are dead, and the owner is told, if they may be.
pub(crate) fn plan(
    user: &User,
    password: &PasswordHash,
    except: Option<SessionId>,
    may_tell: bool,
    changes: Changes,
    entropy: &dyn Entropy,
) -> Changes {
    let (at, version, password) = (changes.event.at, user.version, password.clone());
    let told = may_tell.then(|| tell(user, Template::PasswordChanged, &changes.event.origin, at, entropy));
    let end = |purpose| MailChange::EndTokens { user: user.id, purpose, made_after: None, at };
    let reason = EndReason::PasswordChanged;
    changes
        .with(AccountChange::SetPassword { user: user.id, version, password, at })
        .with(SessionChange::EndAll { user: user.id, except, reason, at })
        .with(end(MailedTokenPurpose::ResetPassword))
        // Whoever knew the password before may have begun to take the account over.
        .with(end(MailedTokenPurpose::ChangeAddress))
        .with_all(told)
}
