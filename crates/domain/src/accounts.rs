//! The accounts of people: their address, password, phone number and programs' token.

pub mod answers;
pub mod ask_by_mail;
pub mod change_password;
pub mod confirm_address;
pub mod create_user;
pub mod email;
pub mod even_time;
pub mod issue_user_token;
pub mod list_users;
mod new_password;
mod opaque_string;
pub mod own_row;
pub mod password;
pub mod password_hash;
pub mod phone;
pub mod ports;
pub mod remove_user_token;
pub mod reset_password;
pub mod set_discoverable;
pub mod set_user_state;
pub mod show_me;
pub mod sign_up;
pub mod sign_up_form;
pub mod update_phone;
pub mod user;
pub mod user_token;
