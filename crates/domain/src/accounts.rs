//! The accounts of people: their address, password, phone number and programs' token.

pub mod create_user;
pub mod email;
pub mod issue_user_token;
pub mod list_users;
mod opaque_string;
pub mod own_row;
pub mod password;
pub mod password_hash;
pub mod phone;
pub mod ports;
pub mod remove_user_token;
pub mod set_discoverable;
pub mod show_me;
pub mod sign_up;
pub mod sign_up_form;
pub mod update_phone;
pub mod user;
pub mod user_token;
