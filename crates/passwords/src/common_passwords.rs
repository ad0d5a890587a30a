//! The passwords that anyone would try first.

use domain::accounts::ports::CommonPasswords;

/// One case-folded password a line, in the order of their bytes. `data/README.md` says where it
/// comes from.
const SORTED_LINES: &str = include_str!("../data/common-passwords.txt");

/// The list of the commonest passwords, searched where it lies in the program file: it takes no
/// memory of its own but the pages that a search reads.
#[derive(Clone, Copy, Debug)]
pub struct CommonPasswordList;

impl CommonPasswords for CommonPasswordList {
    fn contains(&self, folded: &str) -> bool {
        contains_line(SORTED_LINES.as_bytes(), folded.as_bytes())
    }
}

/// A binary search over lines of different length: each step takes the line around the middle.
fn contains_line(mut lines: &[u8], wanted: &[u8]) -> bool {
    while !lines.is_empty() {
        let middle = lines.len() / 2;
        let start = lines[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let length = lines[start..].iter().position(|byte| *byte == b'\n').unwrap_or(lines.len() - start);
        let (line, rest) = lines[start..].split_at(length);
        match wanted.cmp(line) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => lines = &lines[..start],
            std::cmp::Ordering::Greater => lines = rest.get(1..).unwrap_or_default(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use domain::accounts::ports::CommonPasswords as _;

    use super::{CommonPasswordList, SORTED_LINES, contains_line};

    #[test]
    fn the_list_is_long_enough_sorted_and_folded() {
        let lines: Vec<_> = SORTED_LINES.lines().collect();
        assert!(lines.len() >= 10_000, "{} lines", lines.len());
        assert!(lines.is_sorted_by(|one, next| one < next), "sorted by bytes, each once");
        for line in &lines {
            assert!(!line.is_empty() && line.is_ascii(), "{line:?}");
            assert_eq!(*line, line.to_lowercase());
        }
    }

    #[test]
    fn enough_of_the_list_is_long_enough_to_be_typed() {
        assert!(SORTED_LINES.lines().filter(|line| line.len() >= 8).count() >= 10_000);
    }

    #[test]
    fn every_line_is_found() {
        for line in SORTED_LINES.lines() {
            assert!(CommonPasswordList.contains(line), "{line}");
        }
    }

    #[test]
    fn well_known_passwords_are_found() {
        for password in [
            "123456",
            "password",
            "12345678",
            "qwerty123",
            "password1",
            "passw0rd",
            "p@ssw0rd",
            "iloveyou",
            "letmein1",
            "welcome1",
            "admin123",
            "1q2w3e4r",
            "1qaz2wsx",
            "zxcvbnm123",
            "trustno1",
            "sunshine",
            "princess",
            "football",
            "superman",
            "changeme",
            "qwertyuiop",
            "christopher",
            "password123",
        ] {
            assert!(CommonPasswordList.contains(password), "{password}");
        }
    }

    #[test]
    fn other_passwords_are_not_found() {
        for password in [
            "",
            "\n",
            "correct horse battery staple",
            "password\n",
            "password\npassword1",
            "\u{0}",
            "~~~~~~~~~~~~~~~~",
            "p",
            "passwordz~",
            "vq8#kd02mz",
            "\u{10ffff}",
        ] {
            assert!(!CommonPasswordList.contains(password), "{password:?}");
        }
    }

    #[test]
    fn the_search_finds_lines_at_both_ends_and_none_in_nothing() {
        for (lines, wanted, found) in [
            ("", "a", false),
            ("a\n", "a", true),
            ("a", "a", true),
            ("a\nbb\nccc\n", "a", true),
            ("a\nbb\nccc\n", "bb", true),
            ("a\nbb\nccc\n", "ccc", true),
            ("a\nbb\nccc", "ccc", true),
            ("a\nbb\nccc\n", "b", false),
            ("a\nbb\nccc\n", "cc", false),
            ("a\nbb\nccc\n", "d", false),
        ] {
            assert_eq!(contains_line(lines.as_bytes(), wanted.as_bytes()), found, "{wanted} in {lines:?}");
        }
    }
}
