//! Every statement that answers requests, for whoever wants to see how an engine carries them out.

use sea_orm::DbBackend;

use crate::sql::Sql;
use crate::{counters, database, reads, writes};

/// The texts that an engine reads.
pub fn all(engine: DbBackend) -> impl Iterator<Item = &'static str> {
    let rooms: [&[Sql]; 20] = [
        counters::STATEMENTS,
        database::STATEMENTS,
        reads::accounts::STATEMENTS,
        reads::domains::STATEMENTS,
        reads::events::STATEMENTS,
        reads::keys::STATEMENTS,
        reads::land::STATEMENTS,
        reads::mail::STATEMENTS,
        reads::sessions::STATEMENTS,
        writes::accounts::STATEMENTS,
        writes::domains::STATEMENTS,
        writes::events::STATEMENTS,
        writes::invariants::STATEMENTS,
        writes::keys::STATEMENTS,
        writes::land::STATEMENTS,
        writes::log_in::STATEMENTS,
        writes::mail::STATEMENTS,
        writes::note::STATEMENTS,
        writes::retention::STATEMENTS,
        writes::sessions::STATEMENTS,
    ];
    rooms.into_iter().flatten().map(move |sql| sql.text(engine))
}
