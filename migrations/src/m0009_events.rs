//! What happened. A row is written in the transaction of the writes that it tells of.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::ColumnDef;
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{id, keyed_table, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = keyed_table(manager, "events")
            .col(id("id").primary_key())
            .col(text(manager, "kind"))
            .col(text(manager, "actor"))
            .col(ColumnDef::new("actor_id").uuid())
            .col(text(manager, "subject_kind"))
            .col(text(manager, "subject_id"))
            .col(ColumnDef::new("request_id").uuid())
            .col(time("at"))
            .col(text(manager, "data"))
            .take();
        manager.create_table(table).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
