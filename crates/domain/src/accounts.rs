//! The accounts of people: their address, password, phone number and programs' token.

pub mod email;
pub mod password;
pub mod password_hash;
pub mod phone;
pub mod ports;
pub mod user;
pub mod user_token;
