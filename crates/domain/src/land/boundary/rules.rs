//! What rings that neither cross nor touch themselves must still keep to be a boundary: those of the
//! Simple Features standard (OGC 06-103r4, section 6.1.11).

use crate::land::boundary::sweep::Arrangement;

/// What a ring is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role {
    /// The number of the exterior ring of its polygon; its own if it is that.
    pub(super) exterior: usize,
}

/// Whether holes lie in their own exterior and in nothing else, polygons lie apart or in holes, and
/// each polygon's interior is one piece. `roles` has one entry per ring.
pub(super) fn keeps_rules(roles: &[Role], arrangement: &Arrangement) -> bool {
    roles.iter().enumerate().all(|(ring, role)| {
        let around = arrangement.around[ring];
        if role.exterior == ring {
            around.is_none_or(|around| roles[around].exterior != around)
        } else {
            around == Some(role.exterior)
        }
    }) && interiors_are_whole(roles, arrangement)
}

/// A polygon's rings that touch each other in a circle cut its interior into pieces.
fn interiors_are_whole(roles: &[Role], arrangement: &Arrangement) -> bool {
    let mut chains = Chains::apart(roles.len());
    arrangement.contacts.iter().all(|rings| {
        let mut rings = rings.clone();
        rings.sort_unstable_by_key(|&ring| roles[ring].exterior);
        let mut of_polygons = rings.chunk_by(|&one, &other| roles[one].exterior == roles[other].exterior);
        of_polygons.all(|rings| rings[1..].iter().all(|&ring| chains.join(rings[0], ring)))
    })
}

/// Which rings hang together already.
struct Chains(Vec<usize>);

impl Chains {
    fn apart(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// Joins two; tells whether they were apart.
    fn join(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.end(one), self.end(other));
        self.0[one] = other;
        one != other
    }

    fn end(&mut self, mut ring: usize) -> usize {
        while self.0[ring] != ring {
            self.0[ring] = self.0[self.0[ring]];
            ring = self.0[ring];
        }
        ring
    }
}
