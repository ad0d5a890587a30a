//! By what a user's events are found without the refreshes of their programs, which are nearly all of them.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ConditionalStatement as _, Expr, ExprTrait as _, Index};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let news = Index::create()
            .name("events_news_idx")
            .table("events")
            .col("user_id")
            .col("id")
            .and_where(Expr::col("kind").ne("session.refreshed"))
            .take();
        manager.create_index(news).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
