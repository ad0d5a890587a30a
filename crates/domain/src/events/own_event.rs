//! What happened to an account, as its owner sees it.

use crate::events::{Event, EventActor, EventKind};
use crate::ids::{EventId, RequestId, UserId};
use crate::origin::{Device, Network};
use crate::ports::clock::Timestamp;

/// What happens every quarter of an hour to a program that is signed in, and is no news to a person.
pub const ROUTINE: EventKind = EventKind::SessionRefreshed;

/// What happened to an account, without anything that is not its owner's business: no keyed hash, nobody
/// else's id, and none of the data that is written for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnEvent {
    /// The id.
    pub id: EventId,
    /// What happened.
    pub kind: RecordedKind,
    /// Who did it.
    pub by: Doer,
    /// From which network.
    pub network: Option<Network>,
    /// With what.
    pub device: Option<Device>,
    /// By which request.
    pub request: Option<RequestId>,
    /// When.
    pub at: Timestamp,
}

impl OwnEvent {
    /// What the owner sees of an event that concerns their account.
    #[must_use]
    pub fn of(event: &Event, owner: UserId) -> Self {
        Self {
            id: event.id,
            kind: RecordedKind::Known(event.kind),
            by: match event.actor {
                EventActor::User(user) => Doer::of(event.actor.name(), user == owner),
                EventActor::Nobody | EventActor::System => Doer::of(event.actor.name(), false),
            },
            network: event.origin.network(),
            device: event.origin.device.clone(),
            request: event.origin.request,
            at: event.at,
        }
    }
}

/// What happened, as a row tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedKind {
    /// A kind that this program knows.
    Known(EventKind),
    /// The name of one that only a newer program knows, which writes to the same database.
    Foreign(String),
}

impl RecordedKind {
    /// The kind of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let known = EventKind::ALL.iter().copied().find(|kind| kind.name() == name);
        known.map_or_else(|| Self::Foreign(name.into()), Self::Known)
    }

    /// The stable, dotted name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Known(kind) => kind.name(),
            Self::Foreign(name) => name,
        }
    }
}

/// Who did something to an account, as far as that is its owner's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doer {
    /// Its owner, signed in or by their `token_required`.
    Owner,
    /// The operator of the installation, or the program itself.
    Operator,
    /// Somebody who had not shown who they are, or somebody else.
    Somebody,
}

impl Doer {
    /// Who did it, by the word for the actor in the table and whether the actor is the owner.
    #[must_use]
    pub fn of(actor: &str, is_owner: bool) -> Self {
        match actor {
            _ if is_owner => Self::Owner,
            "system" => Self::Operator,
            _ => Self::Somebody,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "you",
            Self::Operator => "operator",
            Self::Somebody => "somebody",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_its_name_and_another_is_kept() {
        for kind in EventKind::ALL {
            assert_eq!(RecordedKind::of_name(kind.name()), RecordedKind::Known(*kind));
        }
        let foreign = RecordedKind::of_name("user.teleported");
        assert_eq!((foreign.name(), &foreign), ("user.teleported", &RecordedKind::Foreign("user.teleported".into())));
    }

    #[test]
    fn an_owner_learns_nobodys_id() {
        for (actor, is_owner, doer) in [
            ("user", true, Doer::Owner),
            ("user", false, Doer::Somebody),
            ("nobody", false, Doer::Somebody),
            ("system", false, Doer::Operator),
        ] {
            assert_eq!(Doer::of(actor, is_owner), doer, "{actor}");
        }
    }
}
