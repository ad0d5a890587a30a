//! The index of known places finds what the one before it found just as well. It goes in a step of its own: one that has
//! just built an index would have to build it once more whenever somebody uses the table.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::Index;
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("sessions_places_idx").table("sessions").if_exists().to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
