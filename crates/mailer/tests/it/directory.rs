//! A directory as mailbox.

use std::fs::{Permissions, create_dir, read_dir, read_to_string, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::mail::letter::Template;
use domain::mail::ports::{Mailer as _, NotSent};
use mailer::options::{Destination, Options};
use mailer::post_office::{OpenError, PostOffice};
use mailer::sender::Sender;
use mailer::texts::Texts;
use tempfile::TempDir;

use crate::letters::{PUBLIC_URL, at, delivery_id, letter, post_office, send};

fn mailbox(folder: &TempDir) -> (PathBuf, PostOffice) {
    let path = folder.path().join("data/mail");
    (path.clone(), post_office(Destination::Directory(path), Texts::default()))
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("it is there").permissions().mode() & 0o777
}

fn names(path: &Path) -> Vec<String> {
    let names = read_dir(path).expect("it is a directory").map(|entry| entry.expect("an entry").file_name());
    let mut names = names.map(|name| name.into_string().expect("UTF-8")).collect::<Vec<_>>();
    names.sort();
    names
}

#[tokio::test]
async fn mails_are_their_owners_alone_and_sort_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let (path, post_office) = mailbox(&folder);
    let letter = letter(Template::Test, None);
    for (id, microseconds) in [(3, 999_999), (1, 1_000_000), (2, 60_000_000)] {
        post_office.send(delivery_id(id), &letter, None, at(microseconds)).await.unwrap();
    }
    assert_eq!(
        names(&path),
        [
            "20261125T090000.999999Z-00000000-0000-0000-0000-000000000003.eml",
            "20261125T090001.000000Z-00000000-0000-0000-0000-000000000001.eml",
            "20261125T090100.000000Z-00000000-0000-0000-0000-000000000002.eml",
        ]
    );
    assert_eq!(mode(&path), 0o700);
    for name in names(&path) {
        assert_eq!(mode(&path.join(&name)), 0o600);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_has_its_name_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, post_office) = mailbox(&folder);
    let letter = letter(Template::VerifyAddress, None);
    post_office.send(delivery_id(0), &letter, Some(crate::letters::token()), at(0)).await.unwrap();
    let whole = std::fs::metadata(path.join(&names(&path)[0])).unwrap().len();
    let ended = Arc::new(AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let (path, ended) = (path.clone(), ended.clone());
        move || {
            let mut seen = 0;
            while !ended.load(Ordering::Acquire) {
                for name in names(&path).into_iter().filter(|name| !name.starts_with('.')) {
                    let mail = read_to_string(path.join(name)).unwrap();
                    assert_eq!(mail.len() as u64, whole);
                    seen += 1;
                }
            }
            seen
        }
    });
    for number in 1..100 {
        let sent = post_office.send(delivery_id(number), &letter, Some(crate::letters::token()), at(0));
        sent.await.unwrap();
    }
    ended.store(true, Ordering::Release);
    assert!(watcher.join().unwrap() > 0);
    assert_eq!(names(&path).len(), 100);
    assert!(names(&path).iter().all(|name| name.ends_with(".eml")), "nothing unfinished is left");
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_no_reason_to_give_a_letter_up() {
    let folder = tempfile::tempdir().unwrap();
    let (path, post_office) = mailbox(&folder);
    assert!(!path.exists(), "it is made for the first mail");
    std::fs::write(folder.path().join("data"), "").unwrap();
    let outcome = send(&post_office, &letter(Template::Test, None)).await;
    assert!(matches!(outcome, Err(NotSent::Now(_))), "{outcome:?}");
    std::fs::remove_file(folder.path().join("data")).unwrap();
    send(&post_office, &letter(Template::Test, None)).await.unwrap();
    assert_eq!(names(&path).len(), 1);
}

#[tokio::test]
async fn a_directory_that_anybody_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        let destination = Destination::Directory(path.into());
        let sender = Sender::of_host("registry.example");
        PostOffice::open(Options { public_url: PUBLIC_URL.into(), sender, destination, texts: Texts::default() })
    };
    let path = folder.path().join("mail");
    create_dir(&path).unwrap();
    set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(open(&path), Err(OpenError::OpenToAll(_))));
    set_permissions(&path, Permissions::from_mode(0o750)).unwrap();
    assert!(open(&path).is_ok());
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(open(&folder.path().join("file")), Err(OpenError::Directory(..))));
}
