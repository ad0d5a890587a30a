//! The land fields of users. A boundary is text on both engines, so that it reads back as it was written.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{Index, Table};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{belongs_to, id, optional_text, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("land_fields")
            .col(id("id").primary_key())
            .col(id("user_id"))
            .col(optional_text(manager, "name"))
            .col(text(manager, "geo_id"))
            .col(text(manager, "boundary"))
            .col(time("created_at"))
            .col(time("updated_at"))
            .foreign_key(&mut belongs_to("land_fields", "user_id", ("users", "id")))
            .take();
        manager.create_table(table).await?;
        let once_per_user = Index::create()
            .name("land_fields_user_id_geo_id_key")
            .table("land_fields")
            .col("user_id")
            .col("geo_id")
            .unique()
            .take();
        manager.create_index(once_per_user).await?;
        let of_user_in_order =
            Index::create().name("land_fields_user_id_id_idx").table("land_fields").col("user_id").col("id").take();
        manager.create_index(of_user_in_order).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
