//! Who is signed in: sessions, the grants on them, and the tokens that show them.

pub mod arrival;
pub mod authenticate;
pub mod claims;
pub mod end_session;
pub mod grant;
pub mod known_browser;
pub mod list_sessions;
pub mod log_in;
pub mod log_out;
pub mod opaque;
pub mod page_secret;
pub mod ports;
pub mod refresh;
pub mod refresh_token;
pub mod session;
