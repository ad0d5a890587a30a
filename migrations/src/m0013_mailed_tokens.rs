//! The tokens that stand in mails; of a token only its id is kept.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::Index;
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{belongs_to, id, keyed_table, optional_time, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = keyed_table(manager, "mailed_tokens")
            .col(id("id").primary_key())
            .col(id("user_id"))
            .col(text(manager, "purpose"))
            .col(text(manager, "address"))
            .col(time("created_at"))
            .col(time("expires_at"))
            .col(optional_time("ended_at"))
            .foreign_key(&mut belongs_to("mailed_tokens", "user_id", ("users", "id")))
            .take();
        manager.create_table(table).await?;
        let of_user = Index::create().name("mailed_tokens_user_id_idx").table("mailed_tokens").col("user_id").take();
        manager.create_index(of_user).await
    }
}
