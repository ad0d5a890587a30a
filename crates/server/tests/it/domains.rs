//! `domains` and `domains authority`, beside a running server.

use e2e::database::Database;
use e2e::program::Program;
use serde_json::{Value, json};

use crate::ran::{run, run_with};

const PASSWORD: &str = "canary-horse battery";

e2e::on_both_engines! {
    a_running_server_keeps_to_the_rules_at_once
    authority_tokens_are_kept_beside_a_running_server
    what_names_no_domain_is_refused
}

async fn sign_up(program: &Program, email: &str) -> u16 {
    program.post("/signup", &json!({ "email": email, "password": PASSWORD })).await.status.as_u16()
}

fn rules(listed: &Value) -> Vec<(&str, i64)> {
    let rule = |row: &'_ Value| row["belongs_to"].as_i64().unwrap();
    listed.as_array().unwrap().iter().map(|row| (row["domain"].as_str().unwrap(), rule(row))).collect()
}

async fn a_running_server_keeps_to_the_rules_at_once(database: Database) {
    let program = Program::start(&database).await;
    let blocked = run(&database, &["domains", "block", "Gmail.COM", "b\u{fc}cherei.example."]).done();
    assert_eq!(blocked, "gmail.com\nxn--bcherei-n2a.example\n");
    assert_eq!(sign_up(&program, "ada@gmail.com").await, 401);
    assert_eq!(run(&database, &["domains", "allow", "gmail.com", "example.org"]).done(), "example.org\ngmail.com\n");
    assert_eq!(sign_up(&program, "ada@gmail.com").await, 201);
    let listed = run(&database, &["domains", "list", "--json"]).json();
    assert_eq!(rules(&listed), [("example.org", 0), ("gmail.com", 0), ("xn--bcherei-n2a.example", 1)]);
    let lines = run(&database, &["domains", "list"]).done();
    let columns = lines.lines().next().unwrap().split('\t').collect::<Vec<_>>();
    assert_eq!((lines.lines().count(), columns.len()), (3, 4), "{lines}");
    assert_eq!(columns[..3], ["example.org", "0", "false"]);
    assert_eq!(sign_up(&program, "ada@xn--bcherei-n2a.example").await, 401);
    assert_eq!(run(&database, &["domains", "remove", "B\u{dc}CHEREI.example"]).done(), "");
    assert_eq!(sign_up(&program, "ada@b\u{fc}cherei.example").await, 201);
    run(&database, &["domains", "remove", "b\u{fc}cherei.example"]).refused(1);
}

async fn authority_tokens_are_kept_beside_a_running_server(database: Database) {
    let program = Program::start(&database).await;
    let root = ["users", "create", "--email", "root@example.org", "--admin", "--password-stdin"];
    run_with(&database, &[], &root, PASSWORD.as_bytes()).done();
    let tokens = program.post("/login", &json!({ "email": "root@example.org", "password": PASSWORD })).await;
    let token = tokens.text_of("access_token");
    let shown = async || {
        let answer = program.get("/authority-token?domain=example.org", &token).await;
        (answer.status.as_u16(), answer.json()["authority_token"].as_str().map(|token| format!("{token}\n")))
    };
    let command = |verb: &str, domain: &str| run(&database, &["domains", "authority", verb, domain]);
    command("show", "example.org").refused(1);
    let issued = command("issue", "Example.ORG").done();
    assert!(issued.starts_with("uat_"), "{issued}");
    assert_eq!(shown().await, (200, Some(issued.clone())));
    assert_eq!(command("show", "example.org").done(), issued);
    command("issue", "example.org").refused(1);
    let rotated = command("rotate", "example.org").done();
    assert_ne!(rotated, issued);
    assert_eq!(shown().await, (200, Some(rotated)));
    assert_eq!(run(&database, &["domains", "list", "--json"]).json(), json!([]), "a token needs no rule");
    assert_eq!(command("revoke", "example.org").done(), "");
    assert_eq!(shown().await.0, 404);
    command("revoke", "example.org").refused(1);
    let first = command("rotate", "example.org").done();
    assert_eq!(shown().await, (200, Some(first)), "to rotate is to have a new token, whatever was before");
    run(&database, &["domains", "block", "blocked.example"]).done();
    assert_eq!(command("issue", "blocked.example").refused(1), "A blocked domain gets no authority token.");
    // Who blocks a domain takes nothing from it: the token stays until somebody revokes it.
    run(&database, &["domains", "block", "example.org"]).done();
    assert_eq!(shown().await.0, 200);
    command("rotate", "example.org").refused(1);
    command("revoke", "example.org").done();
    assert!(!program.log().contains("uat_"));
}

async fn what_names_no_domain_is_refused(database: Database) {
    for arguments in [
        ["domains", "allow", "localhost"].as_slice(),
        &["domains", "block", "example.org", "a b.example"],
        &["domains", "remove", "127.0.0.1"],
        &["domains", "authority", "issue", ""],
        &["domains", "authority", "show", "a_b.example"],
    ] {
        let said = run(&database, arguments).misused();
        assert!(said.contains("This is not a domain name, such as example.org."), "{said}");
    }
    run(&database, &["domains", "allow"]).misused();
    assert_eq!(run(&database, &["domains", "list", "--json"]).json(), json!([]), "not even the good ones were put");
}
