//! The program's own commands, as an operator runs them.

use std::process::{Command, Output};

fn run(folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_user-registry"))
        .args(arguments)
        .env_clear()
        .env("USER_REGISTRY_DATA_DIR", folder.path())
        .output()
        .expect("the program runs")
}

#[test]
fn wrong_settings_end_with_2_and_a_sentence_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registry.toml");
    std::fs::write(&file, "listn = \"x\"\npasword_minimum = 8\n").unwrap();
    let output = run(&folder, &["check-config", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("Did you mean listen?") && said.contains("Did you mean password_minimum?"), "{said}");
    assert_eq!(said.lines().count(), 2);
}

#[test]
fn domains_are_kept_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&folder, &["domains", "block", "Gmail.COM"]).status.code(), Some(0));
    assert_eq!(run(&folder, &["domains", "allow", "example.org"]).status.code(), Some(0));
    let listed = run(&folder, &["domains", "list", "--json"]).stdout;
    let listed = serde_json::from_slice::<serde_json::Value>(&listed).unwrap();
    assert_eq!((listed[0]["domain"].as_str(), listed[0]["belongs_to"].as_i64()), (Some("example.org"), Some(0)));
    assert_eq!((listed[1]["domain"].as_str(), listed[1]["belongs_to"].as_i64()), (Some("gmail.com"), Some(1)));
    let refused = run(&folder, &["domains", "authority", "issue", "gmail.com"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("A blocked domain gets no authority token."));
    let issued = run(&folder, &["domains", "authority", "issue", "example.org"]);
    assert_eq!(run(&folder, &["domains", "authority", "show", "example.org"]).stdout, issued.stdout);
    assert_eq!(run(&folder, &["domains", "authority", "issue", "example.org"]).status.code(), Some(1));
    assert_eq!(run(&folder, &["domains", "authority", "revoke", "example.org"]).status.code(), Some(0));
    assert_eq!(run(&folder, &["domains", "remove", "gmail.com"]).status.code(), Some(0));
    assert_eq!(run(&folder, &["domains", "remove", "gmail.com"]).status.code(), Some(1));
}

#[test]
fn a_foreign_root_secret_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&folder, &["domains", "list"]).status.code(), Some(0));
    let key = folder.path().join("secret.key");
    let other = "0123456789abcdef00112233445566778899aabbccddeeff1032547698badcfe";
    std::fs::write(&key, other).unwrap();
    let output = run(&folder, &["domains", "list"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("another root secret") && !said.contains(other), "{said}");
    std::fs::remove_file(&key).unwrap();
    let said = String::from_utf8(run(&folder, &["domains", "list"]).stderr).unwrap();
    assert!(said.contains("needs the root secret with the fingerprint"), "{said}");
    assert!(!key.exists(), "nothing is half made");
}

#[test]
fn a_data_directory_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_user-registry"))
        .args(["migrate", "--data-dir", file.join("below").to_str().unwrap()])
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("The data directory"), "one sentence");
}

#[test]
fn a_port_in_use_is_told_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let output = run(&folder, &["serve", "--listen", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Cannot listen on"), "one sentence");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_root_secret_that_is_open_to_everybody_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let issue = ["domains", "authority", "issue", "example.org"];
    assert!(run(&folder, &issue).status.success());
    let key = std::fs::read_dir(folder.path()).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        let inside = path.join("secret.key");
        [path, inside].into_iter().find(|path| path.ends_with("secret.key") && path.exists())
    });
    let key = key.unwrap();
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = run(&folder, &["domains", "authority", "show", "example.org"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("chmod 600"));
}

#[test]
fn a_user_is_made_with_the_password_before_the_newline_and_only_once() {
    use std::io::Write as _;
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let create = |password: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_user-registry"))
            .args(["users", "create", "--email", "Ada@example.org", "--admin", "--password-stdin"])
            .env_clear()
            .env("USER_REGISTRY_DATA_DIR", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    // Seven characters and a newline are no eight characters.
    assert_ne!(create("k3ttle!\n").status.code(), Some(0));
    assert_eq!(create("bright-kettle\n").status.code(), Some(0));
    let again = create("bright-kettle\n");
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("exists already"));
    let listed = run(&folder, &["users", "list", "--json"]);
    let users: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(users.as_array().map(Vec::len), Some(1), "{users}");
    assert_eq!((&users[0]["email"], &users[0]["is_activated"]), (&"Ada@example.org".into(), &true.into()));
}
