//! By what old rows are found when they are removed.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ConditionalStatement as _, Expr, ExprTrait as _, Index};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, column) in [
            ("events_at_idx", "events", "at"),
            ("mailed_tokens_expires_at_idx", "mailed_tokens", "expires_at"),
            ("sessions_expires_at_idx", "sessions", "expires_at"),
        ] {
            manager.create_index(Index::create().name(name).table(table).col(column).take()).await?;
        }
        // Most rows have none of these times, and are not in the index then.
        for (name, table, column) in [
            ("mailed_tokens_ended_at_idx", "mailed_tokens", "ended_at"),
            ("sessions_ended_at_idx", "sessions", "ended_at"),
            ("user_emails_reserved_until_idx", "user_emails", "reserved_until"),
        ] {
            let index =
                Index::create().name(name).table(table).col(column).and_where(Expr::col(column).is_not_null()).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
