//! Where the database is, and how it is used.

use std::fmt;

use crate::open::place;
use crate::open_error::OpenError;

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

    /// The engine, and where the database is: a file, or host and name. It tells neither a user nor a
    /// password.
    ///
    /// # Errors
    /// When the address is none.
    pub fn place(&self) -> Result<String, OpenError> {
        place::of(&self.url)
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
    fn the_place_tells_where_the_database_is_and_nothing_else() {
        for (url, place) in [
            ("sqlite:data/registry.db", "SQLite, data/registry.db"),
            ("sqlite:///var/lib/registry.db", "SQLite, /var/lib/registry.db"),
            ("postgres://ada:lovelace@db.example/registry", "PostgreSQL, db.example:5432/registry"),
            ("postgresql://ada:lovelace@db.example:6432/a?sslmode=require", "PostgreSQL, db.example:6432/a"),
            ("postgres://ada:lovelace@[::1]:1/a", "PostgreSQL, [::1]:1/a"),
            ("postgres:///a?user=ada&password=lovelace&host=/run/postgresql", "PostgreSQL, /run/postgresql:5432/a"),
        ] {
            assert_eq!(Options::new(url).place().as_deref(), Ok(place));
        }
        for url in ["", "ada", "mysql://ada", "sqlite::memory:", "sqlite:a?mode=ro", "postgres://ada:love@db:port/a"] {
            assert_eq!(Options::new(url).place(), Err(OpenError::Address), "{url}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let shown = format!("{:?}", Options::new("postgres://ada:lovelace@db.example/registry"));
        assert!(!shown.contains("lovelace"), "{shown}");
        assert!(shown.contains("postgres:.."), "{shown}");
    }
}
