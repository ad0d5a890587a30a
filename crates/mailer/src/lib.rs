//! Writes letters in the language of their reader and hands them over: by SMTP, or into a directory.
//!
//! [`post_office::PostOffice`] is the domain's `Mailer`.

mod catalogue;
mod directory;
mod facts;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod links;
mod message;
pub mod options;
pub mod outbox;
mod overrides;
mod pattern;
pub mod post_office;
mod rendering;
pub mod sender;
mod smtp;
pub mod smtp_server;
pub mod texts;
