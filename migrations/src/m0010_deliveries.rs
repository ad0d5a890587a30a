//! The outbox: what is to be sent, by which channel, and how far that has come.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ColumnDef, Index};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{id, keyed_table, optional_time, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = keyed_table(manager, "deliveries")
            .col(id("id").primary_key())
            .col(text(manager, "channel"))
            .col(text(manager, "intent"))
            .col(text(manager, "state"))
            .col(time("due_at"))
            .col(optional_time("leased_until"))
            .col(ColumnDef::new("attempts").integer().not_null().default(0))
            .col(time("created_at"))
            .col(time("updated_at"))
            .take();
        manager.create_table(table).await?;
        let next_due =
            Index::create().name("deliveries_state_due_at_idx").table("deliveries").col("state").col("due_at").take();
        manager.create_index(next_due).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
