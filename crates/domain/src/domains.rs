//! The table of allowed and blocked e-mail domains.

pub mod list_domains;
pub mod name;
pub mod policy;
pub mod ports;
pub mod put_domains;
pub mod remove_domain;
