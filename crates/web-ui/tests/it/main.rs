//! The pages over a registry in memory, as a browser sees them.

mod accounts;
mod browser;
mod catalogue;
mod limits;
mod logins;
mod messages;
mod registry;
mod rows;
mod security;
