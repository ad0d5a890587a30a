//! Who is signed in: sessions, the grants on them, and the tokens that show them.

pub mod claims;
pub mod grant;
pub mod opaque;
pub mod page_secret;
pub mod ports;
pub mod refresh_token;
pub mod session;
