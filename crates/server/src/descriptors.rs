//! How many files and sockets the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than this many serve nobody, and some systems allow any number.
const MOST: u64 = 65_536;
/// What the process needs beside its connections: its files, and the sockets of mail.
const OTHERS: u64 = 64;
/// What a connection to the database needs: on `SQLite` the file, its log and what is shared between them.
const OF_DATABASE_CONNECTION: u64 = 4;
/// Without these few nothing can be served at all.
const LEAST_CONNECTIONS: usize = 16;

/// Asks the system for as many as it allows at all, and says how many that are.
pub(crate) fn raise() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(MOST).min(MOST);
    let now = limit.current.unwrap_or(MOST);
    let raised = now < most && setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit }).is_ok();
    if raised { most } else { now }
}

/// How many clients may be connected at a time: so many as are wanted, or fewer where the process may not have
/// so many sockets.
pub(crate) fn connections(wanted: usize, database_connections: u32, descriptors: u64) -> usize {
    let left = descriptors.saturating_sub(OTHERS + OF_DATABASE_CONNECTION * u64::from(database_connections));
    wanted.min(usize::try_from(left).unwrap_or(usize::MAX)).max(LEAST_CONNECTIONS.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_connections_as_wanted_where_there_are_descriptors() {
        for (wanted, descriptors, got) in [(4096, 65_536, 4096), (4096, 1024, 928), (100, 1024, 100), (4096, 20, 16)] {
            assert_eq!(connections(wanted, 8, descriptors), got, "{descriptors}");
        }
        assert_eq!(connections(3, 8, 20), 3);
    }

    #[test]
    fn the_process_gets_what_the_system_allows() {
        let raised = raise();
        assert_eq!(getrlimit(Resource::Nofile).current.unwrap_or(MOST), raised);
    }
}
