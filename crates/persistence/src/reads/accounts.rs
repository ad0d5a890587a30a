//! Users and their accounts.

use async_trait::async_trait;
use domain::accounts::email::{EmailAddress, EmailKey};
use domain::accounts::password_hash::PasswordHash;
use domain::accounts::phone::PhoneNumber;
use domain::accounts::ports::Accounts;
use domain::accounts::user::{Account, User, UserState};
use domain::ids::UserId;
use domain::ports::failure::PortFailure;
use sea_orm::QueryResult;

use crate::database::Database;
use crate::failure::port_failure;
use crate::sql::{all, column, corrupt, limit, one};

/// The columns of a user `u` and of the user's primary address `e`.
pub(super) const USER: &str = "u.id AS u_id, u.email AS u_email, e.verified_at AS u_verified_at, \
    u.phone_number AS u_phone_number, u.token_required IS NOT NULL AS u_has_user_token, \
    u.discoverable AS u_discoverable, u.administrator AS u_administrator, u.state AS u_state, \
    u.locale AS u_locale, u.version AS u_version, u.created_at AS u_created_at, u.updated_at AS u_updated_at";

/// How the primary address `e` of a user `u` is found.
pub(super) const ADDRESS: &str = "LEFT JOIN user_emails e ON e.user_id = u.id AND e.kind = 'primary'";

#[async_trait]
impl Accounts for Database {
    async fn by_email(&self, email: &EmailKey) -> Result<Option<Account>, PortFailure> {
        let sql = format!(
            "SELECT {USER}, u.password AS u_password FROM user_emails e JOIN users u ON u.id = e.user_id \
             WHERE e.email_key = $1 AND e.kind = 'primary'"
        );
        let row = one(self.reader(), &sql, [email.as_str().into()]).await.map_err(port_failure)?;
        row.map(|row| account(&row)).transpose()
    }

    async fn by_id(&self, id: UserId) -> Result<Option<User>, PortFailure> {
        let sql = format!("SELECT {USER} FROM users u {ADDRESS} WHERE u.id = $1");
        let row = one(self.reader(), &sql, [id.uuid().into()]).await.map_err(port_failure)?;
        row.map(|row| user(&row)).transpose()
    }

    async fn list(&self, after: Option<UserId>, rows: usize) -> Result<Vec<User>, PortFailure> {
        let (following, mut values) = match after {
            Some(after) => ("WHERE u.id > $2", vec![after.uuid().into()]),
            None => ("", Vec::new()),
        };
        values.insert(0, limit(rows));
        let sql = format!("SELECT {USER} FROM users u {ADDRESS} {following} ORDER BY u.id LIMIT $1");
        all(self.reader(), &sql, values).await.map_err(port_failure)?.iter().map(user).collect()
    }
}

/// The user in a row with the columns [`USER`].
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
        locale: column(row, "u_locale")?,
        has_user_token: column(row, "u_has_user_token")?,
        version: column(row, "u_version")?,
        created_at: column(row, "u_created_at")?,
        updated_at: column(row, "u_updated_at")?,
    })
}

fn account(row: &QueryResult) -> Result<Account, PortFailure> {
    let password = column::<Option<String>>(row, "u_password")?.map(PasswordHash::restore);
    Ok(Account { user: user(row)?, password })
}
