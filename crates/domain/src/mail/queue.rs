//! The writes that put letters into the queue.

use crate::accounts::email::EmailAddress;
use crate::accounts::user::User;
use crate::changes::{Change, MailChange};
use crate::mail::delivery::Delivery;
use crate::mail::letter::{Letter, Template};
use crate::mail::mailed_token::{MailedToken, MailedTokenPurpose};
use crate::origin::Origin;
use crate::ports::clock::Timestamp;
use crate::ports::entropy::Entropy;

/// The writes that mail a user a token of this purpose in a letter of this template.
pub(crate) fn mail_token(
    user: &User,
    purpose: MailedTokenPurpose,
    template: Template,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> [Change; 2] {
    mail_token_to(&user.email, user, purpose, template, now, entropy)
}

/// The same, to an address that is not the user's now.
pub(crate) fn mail_token_to(
    address: &EmailAddress,
    user: &User,
    purpose: MailedTokenPurpose,
    template: Template,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> [Change; 2] {
    let token = MailedToken::fresh(user.id, purpose, address.clone(), now, entropy);
    let letter = Letter::new(template, address.clone(), user.locale.clone()).with_token(token.id);
    [MailChange::AddToken(token).into(), MailChange::Queue(Delivery::now(letter, now, entropy)).into()]
}

/// The write that tells a user by mail of what happens now, and from where.
pub(crate) fn tell(user: &User, template: Template, origin: &Origin, now: Timestamp, entropy: &dyn Entropy) -> Change {
    let letter = Letter::new(template, user.email.clone(), user.locale.clone()).with_origin(origin, now);
    MailChange::Queue(Delivery::now(letter, now, entropy)).into()
}
