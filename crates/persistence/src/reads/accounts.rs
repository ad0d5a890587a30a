//! Users and their accounts.

use async_trait::async_trait;
use domain::accounts::email::{EmailAddress, EmailKey};
use domain::accounts::locale::Locale;
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::phone::PhoneNumber;
use domain::accounts::ports::Accounts;
use domain::accounts::user::{Account, User, UserState};
use domain::accounts::user_token::HeldUserToken;
use domain::ids::UserId;
use domain::origin::{Device, Origin};
use domain::ports::failure::PortFailure;
use domain::sessions::arrival::{Arrival, Place};
use domain::sessions::ports::Arrivals;
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::database::Database;
use crate::failure::port_failure;
use crate::reads::columns::{primary_address, user_columns};
use crate::sql::{all, column, corrupt, limit, one, statements};

statements! {
    BY_EMAIL = concat!(
        "SELECT ", user_columns!(), ", u.password AS u_password \
         FROM user_emails e JOIN users u ON u.id = e.user_id WHERE e.email_key = $1 AND e.kind = 'primary'"
    );
    ARRIVAL = concat!(
        "SELECT ", user_columns!(), ", u.password AS u_password, \
         EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id) AS is_used, \
         EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.network = $2) AS is_known_network, \
         EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.network = $2 AND s.device = $3) \
         AS is_known_device \
         FROM user_emails e JOIN users u ON u.id = e.user_id WHERE e.email_key = $1 AND e.kind = 'primary'"
    );
    BY_ID = concat!("SELECT ", user_columns!(), " FROM users u ", primary_address!(), " WHERE u.id = $1");
    LIST = concat!(
        "SELECT ", user_columns!(), " FROM users u ", primary_address!(), " WHERE u.id > $1 ORDER BY u.id LIMIT $2"
    );
}

#[async_trait]
impl Accounts for Database {
    async fn by_email(&self, email: &EmailKey) -> Result<Option<Account>, PortFailure> {
        let row = one(self.reader(), BY_EMAIL, [email.as_str().into()]).await.map_err(port_failure)?;
        row.map(|row| account(&row)).transpose()
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, PortFailure> {
        let row = one(self.reader(), BY_ID, [id.uuid().into()]).await.map_err(port_failure)?;
        row.map(|row| user(&row)).transpose()
    }

    async fn list(&self, after: Option<UserId>, rows: usize) -> Result<Vec<User>, PortFailure> {
        // Every id follows the one of zeros.
        let after = after.map_or(Uuid::nil(), |after| after.uuid());
        let rows = all(self.reader(), LIST, [after.into(), limit(rows)]).await.map_err(port_failure)?;
        rows.iter().map(user).collect()
    }
}

#[async_trait]
impl Arrivals for Database {
    async fn arrival(&self, email: &EmailKey, origin: &Origin) -> Result<Arrival, PortFailure> {
        let network = origin.network().map(|network| network.to_string());
        let device = origin.device.as_ref().map(Device::to_string);
        let row = one(self.reader(), ARRIVAL, [email.as_str().into(), network.into(), device.into()]).await;
        let Some(row) = row.map_err(port_failure)? else { return Ok(Arrival { account: None, place: Place::First }) };
        Ok(Arrival { account: Some(account(&row)?), place: place(&row)? })
    }
}

/// The user in a row with the columns of [`user_columns`].
pub(super) fn user(row: &QueryResult) -> Result<User, PortFailure> {
    let id = UserId::restore(column(row, "u_id")?);
    let wrong = |name| corrupt("users", name, id);
    let phone_number = column::<Option<String>>(row, "u_phone_number")?
        .map(|number| PhoneNumber::restore(&number))
        .transpose()
        .map_err(|_| wrong("phone_number"))?;
    Ok(User {
        id,
        email: EmailAddress::parse(&column::<String>(row, "u_email")?).map_err(|_| wrong("email"))?,
        email_verified_at: column(row, "u_verified_at")?,
        phone_number,
        discoverable: column(row, "u_discoverable")?,
        state: UserState::of_name(&column::<String>(row, "u_state")?).ok_or_else(|| wrong("state"))?,
        administrator: column(row, "u_administrator")?,
        // Before the tags were read by their grammar, others were let in: they name no language.
        locale: column::<Option<String>>(row, "u_locale")?.and_then(|tag| Locale::parse(&tag).ok()),
        user_token: user_token(row)?,
        version: column(row, "u_version")?,
        created_at: column(row, "u_created_at")?,
        updated_at: column(row, "u_updated_at")?,
    })
}

fn user_token(row: &QueryResult) -> Result<Option<HeldUserToken>, PortFailure> {
    if !column::<bool>(row, "u_has_user_token")? {
        return Ok(None);
    }
    let (expires_at, last_used_at) = (column(row, "u_token_expires_at")?, column(row, "u_token_last_used_at")?);
    Ok(Some(HeldUserToken { expires_at, last_used_at }))
}

fn account(row: &QueryResult) -> Result<Account, PortFailure> {
    let password = column::<Option<String>>(row, "u_password")?.map(PasswordHash::restore);
    Ok(Account { user: user(row)?, password })
}

fn place(row: &QueryResult) -> Result<Place, PortFailure> {
    let is = |name| column::<bool>(row, name);
    Ok(match (is("is_used")?, is("is_known_network")?, is("is_known_device")?) {
        (_, _, true) => Place::Device,
        (_, true, false) => Place::Network,
        (true, false, false) => Place::New,
        (false, false, false) => Place::First,
    })
}
