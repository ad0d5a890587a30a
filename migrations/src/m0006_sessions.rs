//! The sessions: who signed in, how, when and where.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::Index;
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{belongs_to, id, keyed_table, optional_text, optional_time, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = keyed_table(manager, "sessions")
            .col(id("id").primary_key())
            .col(id("user_id"))
            .col(text(manager, "channel"))
            .col(optional_text(manager, "page_secret").unique_key())
            .col(time("auth_time"))
            .col(text(manager, "amr"))
            .col(time("last_seen_at"))
            .col(time("expires_at"))
            .col(optional_time("ended_at"))
            .col(optional_text(manager, "end_reason"))
            .col(time("created_at"))
            .foreign_key(&mut belongs_to("sessions", "user_id", ("users", "id")))
            .take();
        manager.create_table(table).await?;
        let of_user = Index::create().name("sessions_user_id_idx").table("sessions").col("user_id").take();
        manager.create_index(of_user).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
