//! Who may register, by the domain of the address.

use crate::domains::name::DomainName;
use crate::ids::DomainRuleId;
use crate::ports::clock::Timestamp;

/// What the table says of a domain; the numbers are those of its column `belongs_to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BelongsTo {
    /// `0`: the domain is allowed.
    Allowed,
    /// `1`: the domain is blocked.
    Blocked,
}

impl BelongsTo {
    /// The number that stands in the table.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::Allowed => 0,
            Self::Blocked => 1,
        }
    }

    /// What a number of the table means; anything but `0` and `1` means nothing.
    #[must_use]
    pub const fn of_number(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Allowed),
            1 => Some(Self::Blocked),
            _ => None,
        }
    }
}

/// What holds for a domain that stands in no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DefaultPolicy {
    /// Who is not blocked may register.
    #[default]
    Allow,
    /// The table is an allow list.
    Deny,
}

impl DefaultPolicy {
    /// Whether an address of a domain may register, given what the table says of it.
    #[must_use]
    pub const fn admits(self, row: Option<BelongsTo>) -> bool {
        match (row, self) {
            (Some(BelongsTo::Allowed), _) | (None, Self::Allow) => true,
            (Some(BelongsTo::Blocked), _) | (None, Self::Deny) => false,
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainRule {
    /// The row's id.
    pub id: DomainRuleId,
    /// The domain.
    pub domain: DomainName,
    /// Whether it is allowed or blocked.
    pub belongs_to: BelongsTo,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A row of the table, and whether its domain has an authority token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDomain {
    /// The row.
    pub rule: DomainRule,
    /// Whether the domain has an authority token.
    pub has_authority: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_decides_and_the_default_policy_decides_without_one() {
        use BelongsTo::{Allowed, Blocked};
        for (policy, row, admitted) in [
            (DefaultPolicy::Allow, None, true),
            (DefaultPolicy::Allow, Some(Allowed), true),
            (DefaultPolicy::Allow, Some(Blocked), false),
            (DefaultPolicy::Deny, None, false),
            (DefaultPolicy::Deny, Some(Allowed), true),
            (DefaultPolicy::Deny, Some(Blocked), false),
        ] {
            assert_eq!(policy.admits(row), admitted, "{policy:?} {row:?}");
        }
    }

    #[test]
    fn the_numbers_are_those_of_the_table() {
        for row in [BelongsTo::Allowed, BelongsTo::Blocked] {
            assert_eq!(BelongsTo::of_number(row.number().into()), Some(row));
        }
        assert_eq!(BelongsTo::of_number(2), None);
        assert_eq!(BelongsTo::of_number(-1), None);
    }
}
