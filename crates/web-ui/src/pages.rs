//! The pages, one file each.

pub(crate) mod account;
pub(crate) mod activity;
pub(crate) mod ask_by_mail;
pub(crate) mod change_address;
pub(crate) mod change_password;
pub(crate) mod discoverable;
pub(crate) mod end_sessions;
pub(crate) mod language;
pub(crate) mod log_in;
pub(crate) mod log_out;
pub(crate) mod new_field;
pub(crate) mod new_user_token;
pub(crate) mod phone_number;
pub(crate) mod remove_field;
pub(crate) mod remove_user_token;
pub(crate) mod reset_password;
pub(crate) mod sessions;
pub(crate) mod sign_up;
pub(crate) mod undo_address_change;
pub(crate) mod verify_address;
