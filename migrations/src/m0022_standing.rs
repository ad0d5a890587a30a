//! By what those of a user's sessions and mailed tokens are found that have not ended: they are few, however many have.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ConditionalStatement as _, Expr, ExprTrait as _, Index};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, then_by) in
            [("sessions_standing_idx", "sessions", "id"), ("mailed_tokens_standing_idx", "mailed_tokens", "purpose")]
        {
            let standing = Index::create()
                .name(name)
                .table(table)
                .col("user_id")
                .col(then_by)
                .and_where(Expr::col("ended_at").is_null())
                .take();
            manager.create_index(standing).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
