//! The allowed and the blocked domains, with the column names of AgStack's user registry.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ColumnDef, Expr, ExprTrait as _};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{id, keyed_table, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let allowed_or_blocked = Expr::col("belongs_to").is_in([0, 1]);
        let table = keyed_table(manager, "domain_checks")
            .col(id("id").primary_key())
            .col(ColumnDef::new("belongs_to").small_integer().not_null().check(allowed_or_blocked))
            .col(text(manager, "domains").unique_key())
            .col(time("created_at"))
            .col(time("updated_at"))
            .take();
        manager.create_table(table).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
