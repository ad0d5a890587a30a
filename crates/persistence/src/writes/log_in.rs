//! A login to the API in one statement, as it is the plan that is written most: its session, its grant and its
//! event, and the end of a session that is one too many.

use domain::accounts::password_hash::PasswordHash;
use domain::changes::{Change, Changes, SessionChange};
use domain::events::Event;
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Receipt;
use domain::ports::secrets::SecretDigest;
use domain::sessions::grant::Grant;
use domain::sessions::session::Session;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Value};

use crate::failure::Unwritten;
use crate::sql::{Sql, all, execute, statements};
use crate::transaction::Transaction;
use crate::writes::{events, invariants, sessions, touched};

macro_rules! grant {
    ($from:literal) => {
        concat!(
            "INSERT INTO grants (id, session_id, generation, rotated_at, created_at) \
             SELECT $13, $1, $14, $15, $16 FROM ",
            $from
        )
    };
}

macro_rules! event {
    ($from:literal) => {
        concat!(
            events::insert!(),
            " SELECT $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29 FROM ",
            $from
        )
    };
}

/// Its parts on `SQLite`, one after the other: the others follow the session.
macro_rules! parts {
    () => {
        concat!(
            sessions::open_session!(""),
            "; ",
            grant!("sessions WHERE id = $1"),
            "; ",
            sessions::crowd_out!("$30", "$31", "sessions WHERE id = $1"),
            "; ",
            event!("sessions WHERE id = $1")
        )
    };
}

statements! {
    /// All of it or, when the account has changed, nothing.
    LOG_IN = parts!(), postgres: concat!(
        "WITH opened AS (", sessions::open_session!(" FOR NO KEY UPDATE"), " RETURNING id), \
         granted AS (", grant!("opened"), "), crowded_out AS (", sessions::crowd_out!("$30", "$31", "opened"), ") ",
        event!("opened")
    );
}

/// The same with its transaction. When the account has changed, there is nothing to commit, and no row to return.
const COMMITTED: Sql = Sql::new(concat!("BEGIN IMMEDIATE; ", parts!(), " RETURNING 1; COMMIT"));

/// The plan of a login to the API that changes nothing else.
pub(crate) struct LogIn<'a> {
    session: &'a Session,
    page_secret: Option<&'a SecretDigest>,
    verified: &'a PasswordHash,
    grant: &'a Grant,
    granted_at: Timestamp,
    event: &'a Event,
}

impl<'a> LogIn<'a> {
    /// The plan, if it is that of a login.
    pub(crate) fn of(changes: &'a Changes) -> Option<Self> {
        let [Change::Session(open), Change::Session(add)] = changes.list.as_slice() else { return None };
        let SessionChange::Open { session, page_secret, verified } = open else { return None };
        let SessionChange::AddGrant { grant, at } = add else { return None };
        // A grant of another session is no login.
        (grant.session == session.id).then_some(Self {
            session,
            page_secret: page_secret.as_ref(),
            verified,
            grant,
            granted_at: *at,
            event: &changes.event,
        })
    }

    /// Writes it. On `PostgreSQL` it needs no transaction around it.
    pub(crate) async fn write<C: ConnectionTrait>(&self, connection: &C) -> Result<Receipt, Unwritten> {
        touched(execute(connection, LOG_IN, self.values()).await?)?;
        Ok(Self::receipt())
    }

    /// Writes and commits it on `SQLite`, with one message to the thread that writes: none when the account has
    /// changed. After an error the connection is in the midst of a transaction.
    pub(crate) async fn commit(&self, connection: &DatabaseConnection) -> Result<Option<Receipt>, Unwritten> {
        let written = all(connection, COMMITTED, self.values()).await?;
        Ok((!written.is_empty()).then(Self::receipt))
    }

    /// Waits for whoever has locked the user of the login.
    pub(crate) async fn wait_for_user(&self, transaction: &Transaction) -> Result<(), DbErr> {
        invariants::lock_user(transaction, self.session.user).await
    }

    fn values(&self) -> impl Iterator<Item = Value> + Send {
        let Grant { id, session: _, generation, rotated_at } = self.grant;
        let grant = [id.uuid().into(), i64::from(*generation).into(), (*rotated_at).into(), self.granted_at.into()];
        let open = sessions::values(self.session, self.page_secret, self.verified);
        open.into_iter().chain(grant).chain(events::values(self.event)).chain(sessions::crowding())
    }

    /// What it writes: a row for each change.
    pub(crate) fn receipt() -> Receipt {
        Receipt { rows: vec![1, 1] }
    }
}
