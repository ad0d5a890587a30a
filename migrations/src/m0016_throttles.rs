//! What counts for the throttles: on PostgreSQL a table that is not logged, for it may be lost. On SQLite
//! it has a file of its own, so that nobody who counts waits for those who write.

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
        connection
            .execute_unprepared(
                "CREATE UNLOGGED TABLE throttles (key text COLLATE \"C\" NOT NULL PRIMARY KEY, recent text COLLATE \"C\" NOT NULL, \
                 failures integer NOT NULL, next_at bigint NOT NULL, over_at bigint NOT NULL)",
            )
            .await?;
        connection.execute_unprepared("CREATE INDEX throttles_over_at_idx ON throttles (over_at)").await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
