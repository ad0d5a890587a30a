//! Whether a user has signed in from a network by a device before is found by an index alone: programs that log in
//! again and again, instead of refreshing, have sessions by the ten thousand.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::Index;
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let known_places = Index::create()
            .name("sessions_known_places_idx")
            .table("sessions")
            .col("user_id")
            .col("network")
            .col("device")
            .take();
        manager.create_index(known_places).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
