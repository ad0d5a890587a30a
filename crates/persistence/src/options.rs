//! Where the database is, and how it is used.

use std::fmt;

/// Where the database is, and how it is used. `Debug` hides the address: it may hold a password.
#[derive(Clone)]
pub struct Options {
    /// `sqlite:` and the path of a file, or a `postgres://` address.
    pub url: String,
    /// How many connections there are at most: on `SQLite` beside the one that writes.
    pub max_connections: u32,
}

impl Options {
    /// A database at this address, with as many connections as suit a small server.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), max_connections: 8 }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("Options")
            .field("url", &format_args!("{scheme}:.."))
            .field("max_connections", &self.max_connections)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_password() {
        let shown = format!("{:?}", Options::new("postgres://ada:lovelace@db.example/registry"));
        assert!(!shown.contains("lovelace"), "{shown}");
        assert!(shown.contains("postgres:.."), "{shown}");
    }
}
