//! From where: the network and the device of sessions and events, and whose account an event concerns.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ColumnDef, Index, Table};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::optional_text;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("sessions", optional_text(manager, "network")),
            ("sessions", optional_text(manager, "device")),
            ("events", ColumnDef::new("user_id").uuid().take()),
            ("events", optional_text(manager, "address")),
            ("events", optional_text(manager, "network")),
            ("events", optional_text(manager, "device")),
        ] {
            // SQLite adds one column at a time.
            manager.alter_table(Table::alter().table(table).add_column(column).take()).await?;
        }
        let places = Index::create().name("sessions_places_idx").table("sessions").col("user_id").col("network").take();
        manager.create_index(places).await?;
        // The index of places finds the sessions of a user just as well.
        manager.drop_index(Index::drop().name("sessions_user_id_idx").table("sessions").to_owned()).await?;
        let of_user = Index::create().name("events_user_id_idx").table("events").col("user_id").col("id").take();
        manager.create_index(of_user).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
