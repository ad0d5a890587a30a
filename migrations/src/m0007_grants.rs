//! The grants: what a client holds on a session.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ColumnDef, Index};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{belongs_to, id, keyed_table, optional_text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = keyed_table(manager, "grants")
            .col(id("id").primary_key())
            .col(id("session_id"))
            .col(optional_text(manager, "client"))
            .col(optional_text(manager, "scope"))
            .col(ColumnDef::new("generation").big_integer().not_null())
            .col(time("rotated_at"))
            .col(time("created_at"))
            .foreign_key(&mut belongs_to("grants", "session_id", ("sessions", "id")))
            .take();
        manager.create_table(table).await?;
        let of_session = Index::create().name("grants_session_id_idx").table("grants").col("session_id").take();
        manager.create_index(of_session).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
