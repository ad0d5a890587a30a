//! The mails that the program has put into its directory.

use std::fs::{read_dir, read_to_string};
use std::path::PathBuf;
use std::time::Duration;

use crate::database::Database;

/// The directory of mails beside a database.
#[derive(Clone, Debug)]
pub struct Mailbox(PathBuf);

/// A mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The header, a field in each line.
    pub head: String,
    /// The plain text, decoded.
    pub text: String,
    /// The HTML, decoded.
    pub html: String,
}

impl Mailbox {
    /// The mailbox of a program on this database.
    #[must_use]
    pub fn of(database: &Database) -> Self {
        Self(database.folder().join("mail"))
    }

    /// All mails, the oldest first.
    ///
    /// # Panics
    /// When one of them is not as the program writes them.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        let Ok(entries) = read_dir(&self.0) else { return Vec::new() };
        let mut paths = entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        paths.sort();
        paths.iter().map(|path| Mail::read(&read_to_string(path).expect("the mail can be read"))).collect()
    }

    /// Waits until there are so many mails, and gives them all.
    ///
    /// # Panics
    /// When there are not within 20 seconds.
    pub async fn has(&self, count: usize) -> Vec<Mail> {
        for _ in 0..800 {
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("there are not {count} mails, but {:?}", self.mails());
    }
}

impl Mail {
    fn read(mail: &str) -> Self {
        let (head, body) = mail.split_once("\r\n\r\n").expect("a header");
        let (_, boundary) = head.split_once("boundary=\"").expect("a boundary");
        let (boundary, _) = boundary.split_once('"').expect("the end of the boundary");
        let border = format!("--{boundary}");
        let mut parts = body.split(&border).skip(1).map(part);
        let (text, html) = (parts.next().expect("a plain part"), parts.next().expect("an HTML part"));
        Self { head: head.replace("\r\n ", " "), text, html }
    }

    /// The token in the link that stands in the plain text.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn token(&self) -> String {
        let (_, token) = self.text.split_once("?token=").expect("a link with a token");
        token.split_whitespace().next().expect("a token").into()
    }
}

/// The content of a part: as it is, or decoded from quoted-printable (RFC 2045).
fn part(part: &str) -> String {
    let (head, body) = part.split_once("\r\n\r\n").expect("the header of a part");
    let body = body.replace("\r\n", "\n");
    if !head.contains("quoted-printable") {
        return body;
    }
    let mut bytes = Vec::new();
    let soft = body.replace("=\n", "");
    let mut rest = soft.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'=').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}
