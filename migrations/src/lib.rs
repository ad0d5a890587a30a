//! The tables of the registry, step by step.
//!
//! One file per step: a step is named after its file, and of two steps with one name the second
//! would be skipped without a word. Steps take no table and no column away, and none that they add must be
//! filled: a program of the version before must be able to work on with what a newer one has made.

#![allow(elided_lifetimes_in_paths, reason = "the trait of a step is written so, and its steps must match it")]

use sea_orm_migration::sea_orm::DatabaseConnection;
use sea_orm_migration::{DbErr, MigrationTrait, MigratorTrait};

mod columns;
mod m0001_installation;
mod m0002_users;
mod m0003_user_emails;
mod m0004_domain_checks;
mod m0005_authority_tokens;
mod m0006_sessions;
mod m0007_grants;
mod m0008_land_fields;
mod m0009_events;
mod m0010_deliveries;
mod m0011_signing_keys;
mod m0012_data_keys;
mod m0013_mailed_tokens;
mod m0014_keys_revision;
mod m0015_origins;
mod m0016_throttles;
mod m0017_retention;
mod m0018_news;
mod m0019_user_tokens;
mod m0020_throttles_in_place;
mod m0021_known_places;
mod m0022_standing;
mod m0023_one_index_of_places;

/// What stands in the table `installation` of every database of this program.
pub const PROGRAM: &str = "user-registry";

/// The table in which the steps that were taken are kept.
pub const STEPS_TABLE: &str = "seaql_migrations";

/// Takes the steps that a database lacks.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_installation::Migration),
            Box::new(m0002_users::Migration),
            Box::new(m0003_user_emails::Migration),
            Box::new(m0004_domain_checks::Migration),
            Box::new(m0005_authority_tokens::Migration),
            Box::new(m0006_sessions::Migration),
            Box::new(m0007_grants::Migration),
            Box::new(m0008_land_fields::Migration),
            Box::new(m0009_events::Migration),
            Box::new(m0010_deliveries::Migration),
            Box::new(m0011_signing_keys::Migration),
            Box::new(m0012_data_keys::Migration),
            Box::new(m0013_mailed_tokens::Migration),
            Box::new(m0014_keys_revision::Migration),
            Box::new(m0015_origins::Migration),
            Box::new(m0016_throttles::Migration),
            Box::new(m0017_retention::Migration),
            Box::new(m0018_news::Migration),
            Box::new(m0019_user_tokens::Migration),
            Box::new(m0020_throttles_in_place::Migration),
            Box::new(m0021_known_places::Migration),
            Box::new(m0022_standing::Migration),
            Box::new(m0023_one_index_of_places::Migration),
        ]
    }
}

/// Takes every step that `database` lacks, each in a transaction of its own.
///
/// Nothing is locked here: whoever calls this MUST see to it that nobody else does so meanwhile.
///
/// # Errors
/// When a step fails; the steps before it stay.
pub async fn take_missing_steps(database: &DatabaseConnection) -> Result<(), DbErr> {
    Migrator::up(database, None).await
}

/// The names of all steps, in their order.
#[must_use]
pub fn steps() -> Vec<String> {
    Migrator::migrations().iter().map(|step| step.name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_step_has_a_name_of_its_own_and_runs_in_a_transaction() {
        let names = steps();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.is_sorted());
        for step in Migrator::migrations() {
            assert_eq!(step.use_transaction(), Some(true), "{}", step.name());
        }
    }
}
