//! The arrows between the crates, and who may use what.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use e2e::workspace;
use serde_json::Value;

/// Which of our crates each may use, outside its tests. An adapter knows the domain and no other adapter.
const ARROWS: &[(&str, &[&str])] = &[
    ("bench", &["domain", "e2e", "memory", "passwords", "persistence", "tokens"]),
    ("domain", &[]),
    ("domain-example", &[]),
    ("e2e", &[]),
    ("fuzz", &["domain", "memory", "tokens"]),
    ("http-api", &["domain"]),
    ("mailer", &["domain"]),
    ("memory", &["domain"]),
    ("migrations", &[]),
    ("passwords", &["domain"]),
    ("persistence", &["domain", "migrations"]),
    ("port-contracts", &["domain"]),
    ("server", &["domain", "http-api", "mailer", "passwords", "persistence", "tokens", "web-ui"]),
    ("tokens", &["domain"]),
    ("web-ui", &["domain"]),
];

/// Crates from outside that only some of ours may use.
const GUARDED: &[(&str, &[&str])] = &[
    ("argon2", &["passwords"]),
    ("jsonwebtoken", &["tokens"]),
    ("lettre", &["mailer"]),
    ("poem", &["bench", "http-api", "server", "web-ui"]),
    ("poem-openapi", &["http-api"]),
    ("sea-orm", &["migrations", "persistence"]),
    ("sea-orm-migration", &["migrations", "persistence"]),
];

/// What the domain must not even reach: databases, HTTP, tokens, runtimes, JSON, chance.
const BANNED_FROM_DOMAIN: &[&str] = &[
    "aws-lc-rs",
    "argon2",
    "getrandom",
    "hyper",
    "jsonwebtoken",
    "poem",
    "reqwest",
    "ring",
    "sea-orm",
    "serde_json",
    "sqlx",
    "sqlx-core",
    "tokio",
];

#[test]
fn each_crate_uses_only_what_it_may() {
    let uses = direct_dependencies(&metadata());
    let ours = uses.keys().cloned().collect::<BTreeSet<_>>();
    let allowed = ARROWS.iter().map(|(name, uses)| (*name, *uses)).collect::<BTreeMap<_, _>>();
    for (name, uses) in &uses {
        let allowed = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} stands in no row of ARROWS"));
        for used in uses.intersection(&ours) {
            assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
        }
        for (guarded, users) in GUARDED {
            assert!(!uses.contains(*guarded) || users.contains(&name.as_str()), "{name} must not use {guarded}");
        }
    }
    for (name, _) in ARROWS {
        assert!(ours.contains(*name), "ARROWS names {name}, which is no crate of ours");
    }
}

#[test]
fn the_domain_reaches_no_input_or_output() {
    let tree = cargo(&["tree", "-p", "domain", "-e", "normal", "--prefix", "none"]);
    let reached = tree.lines().filter_map(|line| line.split(' ').next()).collect::<BTreeSet<_>>();
    assert!(reached.contains("chrono"), "the tree lists what is there");
    for banned in BANNED_FROM_DOMAIN {
        assert!(!reached.contains(banned), "the domain reaches {banned}");
    }
}

#[test]
fn folders_are_named_like_their_packages() {
    for package in metadata()["packages"].as_array().expect("packages") {
        let manifest = std::path::PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest.parent().and_then(std::path::Path::file_name).expect("a folder");
        let folder = folder.to_str().expect("UTF-8");
        let name = text(&package["name"]);
        assert!(folder == name || (folder, name) == ("tests", "e2e"), "{folder} holds {name}");
    }
}

fn metadata() -> Value {
    serde_json::from_str(&cargo(&["metadata", "--format-version=1", "--no-deps"])).expect("cargo prints JSON")
}

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    let output = command.args(arguments).args(["--locked", "--offline"]).current_dir(workspace::root()).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

/// What each of our crates names in its manifest, outside its tests.
fn direct_dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let members = metadata["packages"].as_array().expect("packages").iter();
    let names = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        let normal = dependencies.filter(|dependency| text_or(&dependency["kind"], "normal") != "dev");
        normal.map(|dependency| text(&dependency["name"]).to_owned()).collect()
    };
    members.map(|package| (text(&package["name"]).to_owned(), names(package))).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

fn text_or<'a>(value: &'a Value, default: &'a str) -> &'a str {
    value.as_str().unwrap_or(default)
}
