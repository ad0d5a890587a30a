//! The users, with the column names of AgStack's user registry.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ColumnDef, Expr};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{id, keyed_table, optional_text, optional_time, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let flag = |name| ColumnDef::new(name).boolean().not_null().default(Expr::val(false)).take();
        let table = keyed_table(manager, "users")
            .col(id("id").primary_key())
            .col(text(manager, "email"))
            .col(optional_text(manager, "phone_number"))
            .col(optional_text(manager, "password"))
            .col(optional_text(manager, "token_required").unique_key())
            .col(flag("discoverable"))
            .col(flag("administrator"))
            .col(text(manager, "state"))
            .col(optional_time("purge_after"))
            .col(optional_text(manager, "locale"))
            .col(ColumnDef::new("version").big_integer().not_null())
            .col(time("created_at"))
            .col(time("updated_at"))
            .take();
        manager.create_table(table).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
