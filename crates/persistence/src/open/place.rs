//! Where a database is, for people to read.

use sea_orm::sqlx::postgres::PgConnectOptions;

use crate::open::sqlite;
use crate::open_error::OpenError;

/// Engine and place of the database at this address, without any credential.
pub(crate) fn of(url: &str) -> Result<String, OpenError> {
    match url.split_once(':') {
        Some(("sqlite", rest)) => Ok(format!("SQLite, {}", sqlite::file(rest)?.display())),
        Some(("postgres" | "postgresql", _)) => of_server(url),
        _ => Err(OpenError::Address),
    }
}

fn of_server(url: &str) -> Result<String, OpenError> {
    let server = url.parse::<PgConnectOptions>().map_err(|_| OpenError::Address)?;
    let socket = server.get_socket().map(|path| path.display().to_string());
    let host = socket.unwrap_or_else(|| server.get_host().into());
    let name = server.get_database().map(|name| format!("/{name}")).unwrap_or_default();
    Ok(format!("PostgreSQL, {host}:{}{name}", server.get_port()))
}
