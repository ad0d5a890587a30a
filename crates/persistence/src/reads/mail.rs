//! Mailed tokens, and whether a letter is due.

use async_trait::async_trait;
use domain::accounts::email::EmailAddress;
use domain::ids::{MailedTokenId, UserId};
use domain::mail::delivery::{Delivery, DeliveryOutcome};
use domain::mail::mailed_token::{MailedToken, MailedTokenPurpose};
use domain::mail::ports::{Deliveries, HeldMailedToken, MailedTokens};
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::ports::ledger::Rejected;
use sea_orm::QueryResult;

use crate::database::Database;
use crate::failure::port_failure;
use crate::reads::accounts::user;
use crate::reads::columns::{primary_address, user_columns};
use crate::sql::{column, corrupt, one, statements};
use crate::writes::note::Note;
use crate::writes::work::{Done, Work};

statements! {
    BY_ID = concat!(
        "SELECT ", user_columns!(), ", t.id AS t_id, t.user_id AS t_user_id, t.purpose AS t_purpose, \
         t.address AS t_address, t.created_at AS t_created_at, t.expires_at AS t_expires_at \
         FROM mailed_tokens t JOIN users u ON u.id = t.user_id ",
        primary_address!(), " WHERE t.id = $1 AND t.ended_at IS NULL"
    );
    DUE = "SELECT 1 FROM deliveries WHERE state = 'waiting' AND due_at <= $1 LIMIT 1";
}

#[async_trait]
impl MailedTokens for Database {
    async fn by_id(&self, id: MailedTokenId) -> Result<Option<HeldMailedToken>, PortFailure> {
        let row = one(self.reader(), BY_ID, [id.uuid().into()]).await.map_err(port_failure)?;
        row.map(|row| Ok(HeldMailedToken { token: token(&row)?, user: user(&row)? })).transpose()
    }
}

#[async_trait]
impl Deliveries for Database {
    async fn claim(&self, now: Timestamp, until: Timestamp) -> Result<Option<Delivery>, PortFailure> {
        // Mostly there is none, and then nothing needs to wait for those who write.
        if one(self.reader(), DUE, [now.into()]).await.map_err(port_failure)?.is_none() {
            return Ok(None);
        }
        match self.carry_out(Work::Note(Note::Claim { now, until })).await.map_err(Rejected::unexpected)? {
            Done::Claimed(delivery) => Ok(delivery.map(|delivery| *delivery)),
            Done::Written(_) => Ok(None),
        }
    }

    async fn settle(&self, delivery: &Delivery, outcome: DeliveryOutcome, at: Timestamp) -> Result<(), PortFailure> {
        let delivery = Box::new(delivery.clone());
        self.carry_out(Work::Note(Note::Settle { delivery, outcome, at }))
            .await
            .map(|_| ())
            .map_err(Rejected::unexpected)
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
