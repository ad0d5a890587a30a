//! The targets over what the domain and the keys show to everybody.

mod addresses;
mod boundary;
mod codes;
mod forms;
mod opaque;
mod origin;
mod passwords;

/// What must hold for any input; it panics when it does not.
pub type Target = fn(&[u8]);

/// Every target here, with the name of its directory in `fuzz/seeds`.
pub const ALL: [(&str, Target); 14] = [
    ("access_token", codes::access_token),
    ("boundary", boundary::boundary),
    ("code", codes::code),
    ("cursor", opaque::cursor),
    ("domain_name", addresses::domain_name),
    ("email", addresses::email),
    ("expiry", opaque::expiry),
    ("field", forms::field),
    ("locale", forms::locale),
    ("opaque", opaque::opaque),
    ("origin", origin::origin),
    ("password", passwords::password),
    ("phone", forms::phone),
    ("root_secret", codes::root_secret),
];

/// The target of this name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn named(name: &str) -> Target {
    let found = ALL.into_iter().find(|(other, _)| *other == name);
    found.map(|(_, target)| target).expect("a target of this name")
}

#[cfg(test)]
mod tests {
    use super::{ALL, Target};
    use crate::short_form;

    #[test]
    fn every_property_holds_for_the_seeds_and_what_is_near_them() {
        let holds = |name, target: Target| std::panic::catch_unwind(|| short_form::run(name, target)).is_ok();
        let failed: Vec<_> =
            ALL.into_iter().filter(|(name, target)| !holds(name, *target)).map(|each| each.0).collect();
        assert!(failed.is_empty(), "{failed:?}");
    }
}
