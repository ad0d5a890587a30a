//! Letters as their readers and mail servers get them.

mod directory;
mod golden;
mod letters;
mod mail_server;
mod overrides;
mod smtp;
