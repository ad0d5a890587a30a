//! How much the answers to strangers tell.

/// How much sign-up and login tell somebody who has not shown who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// What went wrong, in a sentence of its own each: whether an address has an account is no secret.
    #[default]
    Contract,
    /// Nothing from which a stranger learns whether an address has an account: one refusal for every login
    /// that fails, one answer to every sign-up, and an address must be verified before its user logs in.
    Hardened,
}
