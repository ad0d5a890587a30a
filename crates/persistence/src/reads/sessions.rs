//! Sessions, grants and who holds a credential.

use async_trait::async_trait;
use domain::ids::{GrantId, SessionId, UserId};
use domain::land::field::Field;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::sessions::grant::Grant;
use domain::sessions::ports::{CredentialKey, HeldGrant, Holder, LastSeen, Sessions};
use domain::sessions::session::{AuthenticationMethod, Channel, Session};
use sea_orm::{QueryResult, Value};

use crate::database::Database;
use crate::failure::port_failure;
use crate::reads::accounts::{ADDRESS, USER, user};
use crate::reads::land::{FIELD, field};
use crate::sql::{all, column, corrupt, limit, one};
use crate::writes::work::Work;

/// The columns of a session `s`.
const SESSION: &str = "s.id AS s_id, s.user_id AS s_user_id, s.channel AS s_channel, s.auth_time AS s_auth_time, \
    s.amr AS s_amr, s.last_seen_at AS s_last_seen_at, s.expires_at AS s_expires_at, s.ended_at AS s_ended_at";

#[async_trait]
impl Sessions for Database {
    async fn holder(&self, key: &CredentialKey) -> Result<Option<Holder>, PortFailure> {
        let way = Way::of(key);
        let sql = format!("SELECT {} FROM {} {ADDRESS} WHERE {} = $1", way.columns(), way.tables, way.column);
        let row = one(self.reader(), &sql, [way.value.clone()]).await.map_err(port_failure)?;
        row.map(|row| way.holder(&row)).transpose()
    }

    async fn holder_with_fields(
        &self,
        key: &CredentialKey,
        rows: usize,
    ) -> Result<Option<(Holder, Vec<Field>)>, PortFailure> {
        let way = Way::of(key);
        let sql = format!(
            "SELECT {}, {FIELD} FROM {} {ADDRESS} LEFT JOIN land_fields f ON f.user_id = u.id \
             WHERE {} = $1 ORDER BY f.id LIMIT $2",
            way.columns(),
            way.tables,
            way.column
        );
        // A holder without fields is one row, so there is always one to ask for.
        let found = all(self.reader(), &sql, [way.value.clone(), limit(rows.max(1))]).await.map_err(port_failure)?;
        let Some(first) = found.first() else { return Ok(None) };
        let holder = way.holder(first)?;
        let has_fields = column::<Option<uuid::Uuid>>(first, "f_id")?.is_some();
        let fields = found.iter().take(if has_fields { rows } else { 0 }).map(field).collect::<Result<_, _>>()?;
        Ok(Some((holder, fields)))
    }

    async fn by_grant(&self, grant: GrantId) -> Result<Option<HeldGrant>, PortFailure> {
        let sql = format!(
            "SELECT {USER}, {SESSION}, g.generation AS g_generation, g.rotated_at AS g_rotated_at \
             FROM grants g JOIN sessions s ON s.id = g.session_id JOIN users u ON u.id = s.user_id {ADDRESS} \
             WHERE g.id = $1"
        );
        let row = one(self.reader(), &sql, [grant.uuid().into()]).await.map_err(port_failure)?;
        row.map(|row| held_grant(&row, grant)).transpose()
    }
}

#[async_trait]
impl LastSeen for Database {
    async fn note(&self, session: SessionId, at: Timestamp) -> Result<(), PortFailure> {
        self.carry_out(Work::Seen { session, at })
            .await
            .map(|_| ())
            .map_err(domain::ports::ledger::Rejected::unexpected)
    }
}

/// How the holder of a credential is found.
struct Way {
    tables: &'static str,
    column: &'static str,
    value: Value,
    by_session: bool,
}

impl Way {
    fn of(key: &CredentialKey) -> Self {
        let by_session = |column, value| Self {
            tables: "sessions s JOIN users u ON u.id = s.user_id",
            column,
            value,
            by_session: true,
        };
        match key {
            CredentialKey::Session(id) => by_session("s.id", id.uuid().into()),
            CredentialKey::PageSecret(digest) => by_session("s.page_secret", digest.as_str().into()),
            CredentialKey::UserToken(digest) => {
                Self { tables: "users u", column: "u.token_required", value: digest.as_str().into(), by_session: false }
            }
        }
    }

    fn columns(&self) -> String {
        if self.by_session { format!("{USER}, {SESSION}") } else { USER.into() }
    }

    fn holder(&self, row: &QueryResult) -> Result<Holder, PortFailure> {
        let session = if self.by_session { Some(session(row)?) } else { None };
        Ok(Holder { user: user(row)?, session })
    }
}

fn session(row: &QueryResult) -> Result<Session, PortFailure> {
    let id = SessionId::restore(column(row, "s_id")?);
    let wrong = |name| corrupt("sessions", name, id);
    let methods = column::<String>(row, "s_amr")?
        .split_ascii_whitespace()
        .map(|name| AuthenticationMethod::of_name(name).ok_or_else(|| wrong("amr")))
        .collect::<Result<_, _>>()?;
    Ok(Session {
        id,
        user: UserId::restore(column(row, "s_user_id")?),
        channel: Channel::of_name(&column::<String>(row, "s_channel")?).ok_or_else(|| wrong("channel"))?,
        auth_time: column(row, "s_auth_time")?,
        methods,
        last_seen_at: column(row, "s_last_seen_at")?,
        expires_at: column(row, "s_expires_at")?,
        ended_at: column(row, "s_ended_at")?,
    })
}

fn held_grant(row: &QueryResult, id: GrantId) -> Result<HeldGrant, PortFailure> {
    let session = session(row)?;
    let generation =
        u32::try_from(column::<i64>(row, "g_generation")?).map_err(|_| corrupt("grants", "generation", id))?;
    let grant = Grant { id, session: session.id, generation, rotated_at: column(row, "g_rotated_at")? };
    Ok(HeldGrant { grant, session, user: user(row)? })
}
