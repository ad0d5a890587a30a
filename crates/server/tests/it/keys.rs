//! `keys list`, `keys rotate`, `keys revoke` and `keys rewrap`.

use std::fs::{read_to_string, rename, write};
use std::os::unix::fs::PermissionsExt as _;

use e2e::database::Database;
use serde_json::Value;

use crate::ran::{run, run_with};

e2e::on_both_engines! {
    keys_are_listed_rotated_and_revoked
    a_next_key_that_others_may_not_know_is_left_alone
    a_root_secret_of_the_configuration_is_changed_to_another
    a_kept_root_secret_is_replaced_by_a_fresh_or_a_given_one
    a_change_that_ended_before_the_file_was_replaced_is_finished_by_the_next_start
    what_is_no_change_is_told
}

const ONE: &str = "0123456789abcdef00112233445566778899aabbccddeeff1032547698badcfe";
const TWO: &str = "fedcba9876543210ffeeddccbbaa99887766554433221100efcdab8967452301";
const THREE: &str = "00112233445566778899aabbccddeefffedcba98765432100123456789abcdef";

const SECRET: &str = "USER_REGISTRY_SECRET";
const NEW_SECRET: &str = "USER_REGISTRY_NEW_SECRET";

fn listed(database: &Database) -> Vec<Value> {
    run(database, &["keys", "list", "--json"]).json().as_array().cloned().unwrap()
}

fn kid(key: &Value) -> &str {
    key["kid"].as_str().unwrap()
}

async fn keys_are_listed_rotated_and_revoked(database: Database) {
    let first = listed(&database);
    let states = first.iter().map(|key| (key["algorithm"].as_str().unwrap(), key["state"].as_str().unwrap()));
    assert_eq!(states.collect::<Vec<_>>(), [("ES256", "active"), ("ES256", "next")]);
    let lines = run(&database, &["keys", "list"]).done();
    let line = format!("{}\tES256\tactive\t{}\t", kid(&first[0]), first[0]["since"].as_str().unwrap());
    assert!(lines.starts_with(&line) && lines.lines().count() == 2, "{lines}");
    let rotated = run(&database, &["keys", "rotate", "--now"]).done();
    let second = listed(&database);
    assert_eq!(rotated, format!("ES256\t{}\t{}\n", kid(&first[1]), kid(&second[1])));
    assert_eq!((kid(&second[0]), kid(&second[2])), (kid(&first[1]), kid(&first[0])));
    assert_eq!(second[2]["state"], "retired");
    let said = run(&database, &["keys", "revoke", kid(&second[0])]).done();
    let (gone, signs) = (kid(&second[0]), kid(&second[1]));
    assert_eq!(said, format!("The active key {gone} is revoked. ES256 signs with {signs} now.\n"));
    let said = run(&database, &["keys", "revoke", kid(&second[2])]).done();
    assert_eq!(said, format!("The retired key {} is revoked.\n", kid(&second[2])));
    let left = listed(&database);
    assert_eq!((left.len(), kid(&left[0])), (2, signs));
    // An id may begin like a flag.
    for unknown in [gone, "-kid", "--now", "nothing"] {
        let said = run(&database, &["keys", "revoke", unknown]).refused(1);
        assert_eq!(said, format!("There is no signing key {unknown}."));
    }
    run(&database, &["keys", "revoke"]).misused();
}

async fn a_next_key_that_others_may_not_know_is_left_alone(database: Database) {
    let first = listed(&database);
    let said = run(&database, &["keys", "rotate"]).refused(1);
    assert!(said.starts_with(&format!("The next signing key {} is so new ", kid(&first[1]))), "{said}");
    assert!(said.ends_with("Rotate them then, or now with --now."), "{said}");
    assert_eq!(listed(&database), first);
    database.run("UPDATE signing_keys SET created_at = '2020-01-01 00:00:00+00:00' WHERE state = 'next'").await;
    run(&database, &["keys", "rotate"]).done();
    let said = run(&database, &["keys", "rotate"]).refused(1);
    assert!(said.contains("may not know it before"), "right after another rotation: {said}");
}

async fn a_root_secret_of_the_configuration_is_changed_to_another(database: Database) {
    let with = |settings: &[(&str, &str)], arguments: &[&str]| run_with(&database, settings, arguments, b"");
    let rewrap = ["keys", "rewrap"];
    let before = with(&[(SECRET, ONE)], &["keys", "list"]).done();
    let said = with(&[(SECRET, ONE)], &rewrap).refused(2);
    assert!(said.contains(NEW_SECRET), "{said}");
    let file = database.folder().join("new");
    write(&file, format!("{TWO}\n")).unwrap();
    let by_file = ("USER_REGISTRY_NEW_SECRET_FILE", file.to_str().unwrap());
    let said = with(&[(SECRET, ONE), by_file], &rewrap).done();
    assert!(said.contains("8 keys are wrapped") && said.contains("Set USER_REGISTRY_SECRET to it"), "{said}");
    assert!(!said.contains(TWO), "{said}");
    with(&[(SECRET, ONE)], &["keys", "list"]).refused(1);
    assert_eq!(with(&[(SECRET, TWO)], &["keys", "list"]).done(), before);
    // Done again, for who did not see the end of it.
    let said = with(&[(SECRET, ONE), by_file], &rewrap).done();
    assert!(said.contains("wraps the keys already"), "{said}");
    let said = with(&[(SECRET, ONE), (NEW_SECRET, THREE)], &rewrap).refused(1);
    assert!(said.starts_with("Neither root secret is that of the database"), "{said}");
    assert_eq!(with(&[(SECRET, TWO)], &["keys", "list"]).done(), before);
    assert!(!database.folder().join("secret.key").exists());
}

async fn a_kept_root_secret_is_replaced_by_a_fresh_or_a_given_one(database: Database) {
    let before = run(&database, &["keys", "list"]).done();
    let key = database.folder().join("secret.key");
    let first = read_to_string(&key).unwrap();
    let said = run(&database, &["keys", "rewrap"]).done();
    let second = read_to_string(&key).unwrap();
    assert!(said.contains("It is in secret.key") && !said.contains(second.trim()), "{said}");
    assert_ne!(first, second);
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    run_with(&database, &[(NEW_SECRET, TWO)], &["keys", "rewrap"], b"").done();
    assert_eq!(read_to_string(&key).unwrap().trim(), TWO);
    assert_eq!(run(&database, &["keys", "list"]).done(), before);
    let names = database.folder().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("secret")).count(), 1);
}

async fn a_change_that_ended_before_the_file_was_replaced_is_finished_by_the_next_start(database: Database) {
    let before = run(&database, &["keys", "list"]).done();
    let key = database.folder().join("secret.key");
    let first = read_to_string(&key).unwrap();
    for (command, keeps_old) in [(["keys", "list"], true), (["keys", "list"], false), (["keys", "rewrap"], true)] {
        let said = run(&database, &["keys", "rewrap"]).done();
        let fingerprint = said.split("root secret ").nth(1).unwrap().split(' ').next().unwrap();
        let waiting = database.folder().join(format!("secret.key.{fingerprint}"));
        rename(&key, &waiting).unwrap();
        if keeps_old {
            write(&key, &first).unwrap();
            std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let new = read_to_string(&waiting).unwrap();
        run(&database, &command).done();
        assert!(!waiting.exists(), "it took its place");
        assert_eq!(read_to_string(&key).unwrap() == new, command[1] == "list");
        assert_eq!(run(&database, &["keys", "list"]).done(), before);
    }
    // A secret of another name than its own, or one that the database does not need, is not taken.
    let other = database.folder().join("secret.key.0123456789abcdef0123456789abcdef");
    write(&other, ONE).unwrap();
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(run(&database, &["keys", "list"]).done(), before);
    write(&key, TWO).unwrap();
    let said = run(&database, &["keys", "list"]).refused(1);
    assert!(said.contains("another root secret"), "{said}");
    assert!(other.exists() && read_to_string(&key).unwrap() == TWO);
}

async fn what_is_no_change_is_told(database: Database) {
    let rewrap = ["keys", "rewrap"];
    let said = run(&database, &rewrap).refused(1);
    assert_eq!(said, "The database has no keys yet: start the server with the new root secret.");
    let said = run_with(&database, &[(SECRET, ONE), (NEW_SECRET, TWO)], &rewrap, b"").refused(1);
    assert_eq!(said, "The database has no keys yet: start the server with the new root secret.");
    run_with(&database, &[(SECRET, ONE)], &["keys", "list"], b"").done();
    let said = run_with(&database, &[(SECRET, ONE), (NEW_SECRET, ONE)], &rewrap, b"").done();
    assert_eq!(said, "This root secret wraps the keys already: nothing was changed.\n");
    let said = run_with(&database, &[(SECRET, ONE), (NEW_SECRET, "canary")], &rewrap, b"").refused(2);
    assert!(said.contains("The setting new_secret does not hold"), "{said}");
    let said = run_with(&database, &[(SECRET, THREE), (NEW_SECRET, TWO)], &rewrap, b"").refused(1);
    assert!(said.starts_with("Neither root secret is that of the database"), "{said}");
}
