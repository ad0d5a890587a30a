//! The password that an operator gives on standard input.

use std::io::{self, BufRead, IsTerminal as _, Read, StdinLock, Write as _};

use domain::accounts::password::{MAX_TYPED_BYTES, PasswordError};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::failure::{Failure, said};

/// The longest input that can be a password and the newline that ends it.
const MOST_BYTES: usize = MAX_TYPED_BYTES + "\r\n".len();

/// The password, without the newline that ends the input. On a terminal it is asked for, and the
/// terminal does not show it.
pub(crate) fn read() -> Result<Zeroizing<String>, Failure> {
    let input = io::stdin().lock();
    if input.is_terminal() { asked(input) } else { password(&bytes(input)?) }
}

fn asked(mut input: StdinLock<'_>) -> Result<Zeroizing<String>, Failure> {
    let shown = tcgetattr(&input).map_err(said)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    hidden.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&input, OptionalActions::Flush, &hidden).map_err(said)?;
    let mut line = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 1));
    let read = write!(io::stderr(), "Password: ")
        .and_then(|()| input.by_ref().take(MOST_BYTES as u64 + 1).read_until(b'\n', &mut line));
    tcsetattr(&input, OptionalActions::Flush, &shown).map_err(said)?;
    read.map_err(unreadable)?;
    password(&line)
}

/// All of the input, which must not be longer than a password: nothing is cut off in silence.
fn bytes(input: impl Read) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 1));
    input.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn password(bytes: &[u8]) -> Result<Zeroizing<String>, Failure> {
    if bytes.len() > MOST_BYTES {
        return Err(Failure::usage(vec![PasswordError::TooLong.to_string()]));
    }
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| Failure::usage(vec!["The password on standard input is not UTF-8.".into()]))?;
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(Zeroizing::new(text.into()))
}

fn unreadable(error: io::Error) -> Failure {
    Failure::new(format!("Standard input cannot be read: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(input: &[u8]) -> Option<String> {
        bytes(input).and_then(|bytes| password(&bytes)).ok().map(|text| text.to_string())
    }

    #[test]
    fn only_the_newline_at_the_end_is_no_part_of_it() {
        for (input, password) in
            [("a b", "a b"), ("ab\n", "ab"), ("ab\r\n", "ab"), ("ab\n\n", "ab\n"), (" ab ", " ab ")]
        {
            assert_eq!(typed(input.as_bytes()).as_deref(), Some(password), "{input:?}");
        }
        assert_eq!(typed(b"").as_deref(), Some(""));
    }

    #[test]
    fn a_longer_input_is_refused_and_never_cut() {
        let longest = "x".repeat(MAX_TYPED_BYTES);
        assert_eq!(typed(format!("{longest}\r\n").as_bytes()), Some(longest.clone()));
        assert_eq!(typed(format!("{longest}yyy").as_bytes()), None);
        assert_eq!(typed(&vec![b'x'; 1 << 20]), None);
        assert_eq!(typed(b"caf\xe9"), None);
    }

    #[test]
    fn the_longest_password_is_read_in_pieces_of_letters_too() {
        let decomposed = "\u{1112}\u{1161}\u{11ab}".repeat(128);
        assert_eq!(typed(format!("{decomposed}\n").as_bytes()), Some(decomposed));
    }
}
