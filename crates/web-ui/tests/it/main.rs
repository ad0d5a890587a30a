//! The pages over a registry in memory, as a browser sees them.

mod accounts;
mod activity;
mod address_changes;
mod answers;
mod browser;
mod catalogue;
mod languages;
mod limits;
mod logins;
mod logs;
mod mails;
mod messages;
mod passwords;
mod registry;
mod rows;
mod security;
mod sessions;
mod strength;
mod throttles;
