//! Texts that are made of genuine pieces: no input can hold a code that a secret key makes, but it can say where
//! to put one.

use std::fmt::Write as _;

/// The text of a recipe. A byte of ASCII stands for itself; the others do something with `pieces` or with what is there:
///
/// | byte | meaning |
/// | --- | --- |
/// | `80`..`9f` | one of the pieces; beyond the last one begin the first again |
/// | `a0`..`bf` | drop 1 to 32 characters from the end |
/// | `c0` | upper case from here to the next `c0` |
/// | `c1` | base64url from here to the next `c1` |
/// | others | nothing |
#[must_use]
pub fn cook(recipe: &[u8], pieces: &[String]) -> String {
    let mut text = String::new();
    let (mut upper, mut encoded) = (None, None);
    for byte in recipe {
        match byte {
            ..0x80 => text.push(char::from(*byte)),
            0x80..=0x9f => text.push_str(&pieces[usize::from(byte - 0x80) % pieces.len()]),
            0xa0..=0xbf => {
                let left = text.chars().count().saturating_sub(usize::from(byte - 0xa0) + 1);
                text = text.chars().take(left).collect();
            }
            0xc0 => between(&mut upper, &mut text, str::to_uppercase),
            0xc1 => between(&mut encoded, &mut text, |text| base64url(text.as_bytes())),
            _ => {}
        }
    }
    text
}

/// Remembers where something begins, or else changes what stands there since.
fn between(from: &mut Option<usize>, text: &mut String, change: impl Fn(&str) -> String) {
    match from.take() {
        None => *from = Some(text.len()),
        Some(start) => {
            let changed = text.get(start..).map(change).unwrap_or_default();
            text.truncate(start);
            text.push_str(&changed);
        }
    }
}

/// RFC 4648, section 5, without padding: for a handful of bytes, not for speed.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    bytes.chunks(3).fold(String::new(), |mut text, chunk| {
        let group =
            chunk.iter().fold(0_usize, |group, byte| group << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}", char::from(ALPHABET[group >> (18 - 6 * place) & 63]));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_puts_pieces_together() {
        let pieces = ["abc".to_owned(), "xyz".to_owned()];
        for (recipe, text) in [
            (&b"1\x80.\x81"[..], "1abc.xyz"),
            (b"\x82\x9f", "abcxyz"),
            (b"\x80\xa0d", "abd"),
            (b"\x80\xbf.", "."),
            (b"\x80\xc0\x81w\xc0\x81", "abcXYZWxyz"),
            (b"\xc1f\xc1.\xc1fo\xc1.\xc1foo\xc1.\xc1foob\xc1", "Zg.Zm8.Zm9v.Zm9vYg"),
            (b"\xc1\xff\xfe", ""),
            (b"\x80\xc1\xbf\xc1", ""),
        ] {
            assert_eq!(cook(recipe, &pieces), text, "{recipe:?}");
        }
    }
}
