//! The addresses of users. Here, and only here, an address is unique: by its canonical form.

use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::prelude::DeriveMigrationName;
use sea_orm_migration::sea_query::{ConditionalStatement as _, Expr, ExprTrait as _, Index};
use sea_orm_migration::{DbErr, MigrationTrait, SchemaManager};

use crate::columns::{belongs_to, id, keyed_table, optional_time, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = keyed_table(manager, "user_emails")
            .col(text(manager, "email_key").primary_key())
            .col(id("user_id"))
            .col(text(manager, "kind"))
            .col(optional_time("verified_at"))
            .col(optional_time("reserved_until"))
            .foreign_key(&mut belongs_to("user_emails", "user_id", ("users", "id")))
            .take();
        manager.create_table(table).await?;
        let one_primary = Index::create()
            .name("user_emails_primary_key")
            .table("user_emails")
            .col("user_id")
            .unique()
            .and_where(Expr::col("kind").eq("primary"))
            .take();
        manager.create_index(one_primary).await?;
        let of_user = Index::create().name("user_emails_user_id_idx").table("user_emails").col("user_id").take();
        manager.create_index(of_user).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
