//! What this database is: the one row says whose it is and by which root secret its keys are wrapped.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ColumnDef, Expr, ExprTrait as _, Query, Table};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::PROGRAM;
use crate::columns::{optional_text, optional_time, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let only_row =
            ColumnDef::new("id").small_integer().not_null().primary_key().check(Expr::col("id").eq(1)).take();
        let table = Table::create()
            .table("installation")
            .col(only_row)
            .col(text(manager, "program"))
            .col(optional_text(manager, "root_fingerprint"))
            .col(optional_time("root_noted_at"))
            .take();
        manager.create_table(table).await?;
        let row = Query::insert()
            .into_table("installation")
            .columns(["id", "program"])
            .values_panic([1.into(), PROGRAM.into()])
            .take();
        manager.execute(row).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
