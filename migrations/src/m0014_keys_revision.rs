//! How often the keys were changed: by it a process sees at little cost whether its keys are the present ones.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ColumnDef, Table};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let revision = ColumnDef::new("keys_revision").big_integer().not_null().default(0).take();
        manager.alter_table(Table::alter().table("installation").add_column(revision).take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
