//! A grant: what a client holds on a session, and how its refresh token moves on.

use chrono::TimeDelta;

use crate::ids::{GrantId, SessionId};
use crate::ports::clock::Timestamp;

/// How long the refresh token before the current one is answered with the current one again.
pub const GRACE: TimeDelta = TimeDelta::seconds(30);

/// What a client holds on a session. The row holds only the current generation of its refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The id; it stands in the refresh token.
    pub id: GrantId,
    /// The session.
    pub session: SessionId,
    /// The current generation of the refresh token, from 0.
    pub generation: u32,
    /// When the current generation was made.
    pub rotated_at: Timestamp,
}

impl Grant {
    /// What follows from presenting a genuine refresh token of `generation`.
    #[must_use]
    pub fn on_presented(&self, generation: u32, now: Timestamp) -> Presented {
        if generation == self.generation {
            return self.generation.checked_add(1).map_or(Presented::Unknown, Presented::Rotate);
        }
        if generation > self.generation {
            return Presented::Unknown;
        }
        // The child of the generation before is the current one, and it is unused as long as it is
        // current: two tabs, or an answer that was lost on its way.
        if generation + 1 == self.generation && now < self.rotated_at + GRACE {
            return Presented::Repeat(self.generation);
        }
        Presented::Reused
    }
}

/// What follows from presenting a genuine refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// It is the current one: this generation is the next.
    Rotate(u32),
    /// It is the one before, within the grace: this generation is handed out again.
    Repeat(u32),
    /// It is an old one: somebody else may hold it.
    Reused,
    /// It is of a generation that the row does not know, as after a restored backup.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_presented_generation_decides() {
        let rotated_at = Timestamp::UNIX_EPOCH;
        let (id, session) = (GrantId::restore(Uuid::nil()), SessionId::restore(Uuid::nil()));
        let in_grace = rotated_at + GRACE - TimeDelta::microseconds(1);
        for (current, presented, now, outcome) in [
            (0, 0, rotated_at, Presented::Rotate(1)),
            (5, 5, rotated_at + TimeDelta::days(13), Presented::Rotate(6)),
            (5, 4, in_grace, Presented::Repeat(5)),
            (5, 4, rotated_at + GRACE, Presented::Reused),
            (5, 3, in_grace, Presented::Reused),
            (5, 0, in_grace, Presented::Reused),
            (5, 6, in_grace, Presented::Unknown),
            (u32::MAX, u32::MAX, in_grace, Presented::Unknown),
        ] {
            let grant = Grant { id, session, generation: current, rotated_at };
            assert_eq!(grant.on_presented(presented, now), outcome, "{current} {presented}");
        }
    }
}
