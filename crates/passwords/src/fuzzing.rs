//! What must hold whatever a row holds for a hash. Only tests and `cargo fuzz` compile this.

use crate::cost::Cost;
use crate::limits::Limits;
use crate::stored_hash::StoredHash;

const MOST_KIB: u32 = 65_536;

/// A hash that is read costs no more than it may, and is written as it will be read; no refusal repeats it.
pub fn stored_hash(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let limits = Limits::new(Cost::new(64, 1, 1).expect("a small cost"), 2 * MOST_KIB);
    match StoredHash::parse(&text, limits) {
        Ok(hash) => {
            assert!(hash.cost().memory_kib() <= MOST_KIB && hash.cost().work() <= 3 * u64::from(MOST_KIB), "{text}");
            let written = hash.to_string();
            let again = StoredHash::parse(&written, limits).map(|hash| (hash.to_string(), hash.cost()));
            assert_eq!(again.ok(), Some((written, hash.cost())), "{text}");
        }
        Err(error) => {
            let told = format!("{error} {error:?}");
            // libFuzzer soon writes the sentences of the refusals itself; a salt and a tag have no blanks.
            let mut parts = text.split('$').filter(|part| part.len() > 20 && !part.contains(' '));
            assert!(parts.all(|part| !told.contains(part)), "{told}");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_property_holds_for_the_seeds_and_what_is_near_them() {
        fuzz::short_form::run("stored_hash", super::stored_hash);
    }
}
