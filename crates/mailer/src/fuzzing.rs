//! What must hold whatever a template of the operator holds. Only tests and `cargo fuzz` compile this.

use crate::pattern::Pattern;

const KNOWN: [&str; 3] = ["link", "host", "address"];

/// A pattern reads back from its own text, and no value gets out of its place in HTML.
pub fn pattern(data: &[u8]) {
    let Ok(pattern) = Pattern::parse(&String::from_utf8_lossy(data), &KNOWN) else { return };
    let text = pattern.plain(|name| format!("{{{{{name}}}}}"));
    assert_eq!(Pattern::parse(&text, &KNOWN).as_ref(), Ok(&pattern), "{text:?}");
    let (empty, filled) = (pattern.plain(|_| String::new()), pattern.html(|name| format!("<\"'&{name}>")));
    for sign in ['<', '>', '"', '\''] {
        assert_eq!(filled.matches(sign).count(), empty.matches(sign).count(), "{filled:?}");
    }
    assert!(KNOWN.iter().all(|name| pattern.names(name) == text.contains(&format!("{{{{{name}}}}}"))), "{text:?}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_property_holds_for_the_seeds_and_what_is_near_them() {
        fuzz::short_form::run("pattern", super::pattern);
    }
}
