//! The keys that sign access tokens: of each algorithm at most one is next and one is active.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ConditionalStatement as _, Expr, ExprTrait as _, Index};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{keyed_table, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = keyed_table(manager, "signing_keys")
            .col(text(manager, "kid").primary_key())
            .col(text(manager, "algorithm"))
            .col(text(manager, "state"))
            .col(text(manager, "sealed"))
            .col(time("created_at"))
            .col(time("changed_at"))
            .take();
        manager.create_table(table).await?;
        for (name, state) in [("signing_keys_next_key", "next"), ("signing_keys_active_key", "active")] {
            let only_one = Index::create()
                .name(name)
                .table("signing_keys")
                .col("algorithm")
                .unique()
                .and_where(Expr::col("state").eq(state))
                .take();
            manager.create_index(only_one).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
