//! How a plan of writes is carried out within one transaction, room by room, and what is noted without one.

pub(crate) mod accounts;
pub(crate) mod domains;
pub(crate) mod events;
pub(crate) mod invariants;
pub(crate) mod keys;
pub(crate) mod land;
pub(crate) mod log_in;
pub(crate) mod mail;
pub(crate) mod note;
pub(crate) mod retention;
pub(crate) mod sessions;
pub(crate) mod work;

use domain::ports::ledger::Rejected;

use crate::failure::Unwritten;

/// The rows that a guarded statement touched: none means that the guard did not hold.
fn touched(rows: u64) -> Result<u64, Unwritten> {
    if rows == 0 { Err(Rejected::Stale.into()) } else { Ok(rows) }
}
