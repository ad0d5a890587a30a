//! Sessions, grants and who holds a credential.

use async_trait::async_trait;
use domain::authority::authority_token::StoredAuthorityToken;
use domain::domains::name::DomainName;
use domain::ids::{GrantId, SessionId, UserId};
use domain::land::field::Field;
use domain::land::ports::Fields as _;
use domain::origin::{Device, Network};
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::sessions::grant::Grant;
use domain::sessions::ports::{CredentialKey, HeldGrant, Holder, Sessions};
use domain::sessions::session::{AuthenticationMethod, Channel, Session};
use sea_orm::{QueryResult, Value};

use crate::database::Database;
use crate::failure::port_failure;
use crate::reads::accounts::user;
use crate::reads::columns::{authority_columns, field_columns, primary_address, session_columns, user_columns};
use crate::reads::domains::authority_token;
use crate::reads::land;
use crate::sql::{Sql, all, column, corrupt, limit, one, statements};

/// A user by a session of theirs.
macro_rules! by_session {
    ($column:literal) => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            session_columns!(),
            " FROM sessions s JOIN users u ON u.id = s.user_id ",
            primary_address!(),
            " WHERE ",
            $column,
            " = $1"
        )
    };
}

/// The same and the user's first fields; a user without fields is one row.
macro_rules! with_fields_by_session {
    ($column:literal) => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            session_columns!(),
            ", ",
            field_columns!(),
            " FROM sessions s JOIN users u ON u.id = s.user_id ",
            primary_address!(),
            " LEFT JOIN land_fields f ON f.user_id = u.id WHERE ",
            $column,
            " = $1 ORDER BY f.id LIMIT $2"
        )
    };
}

/// The same and the authority token of a domain, if it has one.
macro_rules! with_authority_by_session {
    ($column:literal) => {
        concat!(
            "SELECT ",
            user_columns!(),
            ", ",
            session_columns!(),
            ", ",
            authority_columns!(),
            " FROM sessions s JOIN users u ON u.id = s.user_id ",
            primary_address!(),
            " LEFT JOIN authority_tokens a ON a.domain = $2 WHERE ",
            $column,
            " = $1"
        )
    };
}

statements! {
    HOLDER_BY_SESSION = by_session!("s.id");
    HOLDER_BY_PAGE_SECRET = by_session!("s.page_secret");
    HOLDER_BY_USER_TOKEN = concat!(
        "SELECT ", user_columns!(), " FROM users u ", primary_address!(), " WHERE u.token_required = $1"
    );
    FIELDS_BY_SESSION = with_fields_by_session!("s.id");
    FIELDS_BY_PAGE_SECRET = with_fields_by_session!("s.page_secret");
    FIELDS_BY_USER_TOKEN = concat!(
        "SELECT ", user_columns!(), ", ", field_columns!(), " FROM users u ", primary_address!(),
        " LEFT JOIN land_fields f ON f.user_id = u.id WHERE u.token_required = $1 ORDER BY f.id LIMIT $2"
    );
    AUTHORITY_BY_SESSION = with_authority_by_session!("s.id");
    AUTHORITY_BY_PAGE_SECRET = with_authority_by_session!("s.page_secret");
    AUTHORITY_BY_USER_TOKEN = concat!(
        "SELECT ", user_columns!(), ", ", authority_columns!(), " FROM users u ", primary_address!(),
        " LEFT JOIN authority_tokens a ON a.domain = $2 WHERE u.token_required = $1"
    );
    OF_USER = concat!(
        "SELECT ", session_columns!(), " FROM sessions s WHERE s.user_id = $1 AND s.ended_at IS NULL \
         AND s.expires_at > $2 ORDER BY s.last_seen_at DESC, s.id DESC LIMIT $3"
    );
    BY_GRANT = concat!(
        "SELECT ", user_columns!(), ", ", session_columns!(),
        ", g.generation AS g_generation, g.rotated_at AS g_rotated_at \
         FROM grants g JOIN sessions s ON s.id = g.session_id JOIN users u ON u.id = s.user_id ",
        primary_address!(), " WHERE g.id = $1"
    );
}

#[async_trait]
impl Sessions for Database {
    async fn holder(&self, key: &CredentialKey) -> Result<Option<Holder>, PortFailure> {
        let way = Way::of(key);
        let row = one(self.reader(), way.alone, [way.value.clone()]).await.map_err(port_failure)?;
        row.map(|row| way.holder(&row)).transpose()
    }

    async fn holder_with_fields(
        &self,
        key: &CredentialKey,
        rows: usize,
    ) -> Result<Option<(Holder, Vec<Field>)>, PortFailure> {
        let way = Way::of(key);
        // A holder without fields is one row, so there is always one to ask for.
        let step = rows.clamp(1, land::STEP);
        let found =
            all(self.reader(), way.with_fields, [way.value.clone(), limit(step)]).await.map_err(port_failure)?;
        let Some(first) = found.first() else { return Ok(None) };
        let holder = way.holder(first)?;
        let mut fields = Vec::new();
        if column::<Option<uuid::Uuid>>(first, "f_id")?.is_some() {
            land::add(&mut fields, &found[..step.min(rows).min(found.len())])?;
        }
        if fields.len() == step && step < rows && !land::is_enough(&fields) {
            let rest = self.list(holder.user.id, land::last(&fields), rows - step).await?;
            fields.extend(rest);
        }
        Ok(Some((holder, fields)))
    }

    async fn holder_with_authority_token(
        &self,
        key: &CredentialKey,
        domain: &DomainName,
    ) -> Result<Option<(Holder, Option<StoredAuthorityToken>)>, PortFailure> {
        let way = Way::of(key);
        let values = [way.value.clone(), domain.as_str().into()];
        let row = one(self.reader(), way.with_authority, values).await.map_err(port_failure)?;
        row.map(|row| Ok((way.holder(&row)?, authority_token(&row, domain)?))).transpose()
    }

    async fn of_user(&self, user: UserId, now: Timestamp, rows: usize) -> Result<Vec<Session>, PortFailure> {
        let values = [user.uuid().into(), now.into(), limit(rows)];
        all(self.reader(), OF_USER, values).await.map_err(port_failure)?.iter().map(session).collect()
    }

    async fn by_grant(&self, grant: GrantId) -> Result<Option<HeldGrant>, PortFailure> {
        let row = one(self.reader(), BY_GRANT, [grant.uuid().into()]).await.map_err(port_failure)?;
        row.map(|row| held_grant(&row, grant)).transpose()
    }
}

/// How the holder of a credential is found.
struct Way {
    alone: Sql,
    with_fields: Sql,
    with_authority: Sql,
    value: Value,
    by_session: bool,
}

impl Way {
    fn of(key: &CredentialKey) -> Self {
        let ([alone, with_fields, with_authority], value) = match key {
            CredentialKey::Session(id) => {
                ([HOLDER_BY_SESSION, FIELDS_BY_SESSION, AUTHORITY_BY_SESSION], id.uuid().into())
            }
            CredentialKey::PageSecret(digest) => {
                ([HOLDER_BY_PAGE_SECRET, FIELDS_BY_PAGE_SECRET, AUTHORITY_BY_PAGE_SECRET], digest.as_str().into())
            }
            CredentialKey::UserToken(digest) => {
                ([HOLDER_BY_USER_TOKEN, FIELDS_BY_USER_TOKEN, AUTHORITY_BY_USER_TOKEN], digest.as_str().into())
            }
        };
        let by_session = !matches!(key, CredentialKey::UserToken(_));
        Self { alone, with_fields, with_authority, value, by_session }
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
        network: column::<Option<String>>(row, "s_network")?.map(Network::restore),
        device: column::<Option<String>>(row, "s_device")?.map(Device::restore),
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
