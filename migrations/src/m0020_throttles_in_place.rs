//! Counting changes a row in place: an index of when rows are over had to be written nearly each time, and room in each
//! page spares the one of the keys as well. The version before, which drops rows by that index, sorts them then.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX IF EXISTS throttles_over_at_idx").await?;
        connection.execute_unprepared("ALTER TABLE throttles SET (fillfactor = 50)").await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
