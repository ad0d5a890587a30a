//! The authority tokens of domains, independent of what the table of domains says.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{keyed_table, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = keyed_table(manager, "authority_tokens")
            .col(text(manager, "domain").primary_key())
            .col(text(manager, "sealed"))
            .col(text(manager, "digest").unique_key())
            .col(time("issued_at"))
            .take();
        manager.create_table(table).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
