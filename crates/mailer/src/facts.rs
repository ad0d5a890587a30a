//! What a letter may name beside its link.

use domain::mail::letter::Letter;

/// The facts that a text may show, in this order. Other facts of a letter are not shown.
pub(crate) const FACTS: [&str; 4] = ["when", "device", "network", "new-address"];

/// The longest fact that is shown: what a stranger's program says of itself is no place for an essay.
const LONGEST: usize = 160;

/// The facts of a letter that its text shows, each in one line.
pub(crate) fn shown(letter: &Letter) -> Vec<(&'static str, String)> {
    let value = |name: &str| letter.facts.iter().find(|(given, _)| given == name).map(|(_, value)| flat(value));
    FACTS.into_iter().filter_map(|name| Some((name, value(name)?))).filter(|(_, value)| !value.is_empty()).collect()
}

/// A text in one line, without anything that breaks it or turns it around.
fn flat(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = text.chars().map(|c| if c.is_control() || turns(c) { ' ' } else { c }).take(LONGEST);
    plain.collect::<String>().trim().into()
}

#[cfg(test)]
mod tests {
    use domain::accounts::email::EmailAddress;
    use domain::mail::letter::Template;

    use super::*;

    #[test]
    fn facts_are_shown_in_one_short_line_each_and_strange_ones_are_not() {
        let to = EmailAddress::parse("ada@example.org").unwrap();
        let letter = Letter::new(Template::NewDevice, to, None)
            .with("secret", "x")
            .with("device", format!("Firefox\r\nBcc: eve@example.org\u{202e}{}", "x".repeat(500)))
            .with("network", " \n")
            .with("when", "25 November 2026, 09:00 UTC");
        let shown = shown(&letter);
        assert_eq!(shown[0], ("when", "25 November 2026, 09:00 UTC".into()));
        assert_eq!((shown.len(), shown[1].0, shown[1].1.chars().count()), (2, "device", LONGEST));
        assert!(shown[1].1.starts_with("Firefox  Bcc: eve@example.org x"), "{}", shown[1].1);
    }
}
