//! Both engines keep what the ports promise.

mod accounts;
mod commit;
mod contracts;
mod data_file;
mod domains;
mod fixture;
mod keys;
mod land;
mod migrations;
mod opening;
mod plenty;
mod pool;
mod postgres_settings;
mod sessions;
mod standing;
mod state_machine;
mod statements;
mod throttles;
mod writer;
