//! The list of the commonest passwords.

pub mod common_passwords;
