//! Mailed tokens.

use async_trait::async_trait;
use domain::accounts::email::EmailAddress;
use domain::ids::{MailedTokenId, UserId};
use domain::mail::mailed_token::{MailedToken, MailedTokenPurpose};
use domain::mail::ports::{HeldMailedToken, MailedTokens};
use domain::ports::failure::PortFailure;
use sea_orm::QueryResult;

use crate::database::Database;
use crate::failure::port_failure;
use crate::reads::accounts::user;
use crate::reads::columns::{primary_address, user_columns};
use crate::sql::{column, corrupt, one, statements};

statements! {
    BY_ID = concat!(
        "SELECT ", user_columns!(), ", t.id AS t_id, t.user_id AS t_user_id, t.purpose AS t_purpose, \
         t.address AS t_address, t.created_at AS t_created_at, t.expires_at AS t_expires_at \
         FROM mailed_tokens t JOIN users u ON u.id = t.user_id ",
        primary_address!(), " WHERE t.id = $1 AND t.ended_at IS NULL"
    );
}

#[async_trait]
impl MailedTokens for Database {
    async fn by_id(&self, id: MailedTokenId) -> Result<Option<HeldMailedToken>, PortFailure> {
        let row = one(self.reader(), BY_ID, [id.uuid().into()]).await.map_err(port_failure)?;
        row.map(|row| Ok(HeldMailedToken { token: token(&row)?, user: user(&row)? })).transpose()
    }
}

fn token(row: &QueryResult) -> Result<MailedToken, PortFailure> {
    let id = MailedTokenId::restore(column(row, "t_id")?);
    let wrong = |name| corrupt("mailed_tokens", name, id);
    let purpose = column::<String>(row, "t_purpose")?;
    let address = column::<String>(row, "t_address")?;
    Ok(MailedToken {
        id,
        user: UserId::restore(column(row, "t_user_id")?),
        purpose: MailedTokenPurpose::of_name(&purpose).ok_or_else(|| wrong("purpose"))?,
        address: EmailAddress::parse(&address).map_err(|_| wrong("address"))?,
        created_at: column(row, "t_created_at")?,
        expires_at: column(row, "t_expires_at")?,
    })
}
