//! `users create` and `users list`, beside a running server.

use e2e::database::Database;
use e2e::program::{Answer, Program};
use serde_json::{Value, json};

use crate::ran::{Ran, run, run_with};

const PASSWORD: &str = "canary-horse battery";

e2e::on_both_engines! {
    users_are_made_beside_a_running_server
    what_cannot_be_a_user_is_refused
    the_operator_is_not_bound_by_the_policy_of_domains
    the_password_rule_is_the_one_of_the_settings
}

fn create(database: &Database, arguments: &[&str], input: &[u8]) -> Ran {
    run_with(database, &[], &[&["users", "create", "--password-stdin"], arguments].concat(), input)
}

async fn log_in(program: &Program, email: &str) -> Answer {
    program.post("/login", &json!({ "email": email, "password": PASSWORD })).await
}

async fn users_are_made_beside_a_running_server(database: Database) {
    let program = Program::start(&database).await;
    let made =
        [("ada@example.org", vec![]), ("root@example.org", vec!["--admin"]), ("bob@b.example", vec!["--unverified"])];
    let mut ids = Vec::new();
    for ((email, flags), newline) in made.iter().zip(["\n", "", "\r\n"]) {
        let arguments = [&["--email", email], flags.as_slice()].concat();
        ids.push(create(&database, &arguments, format!("{PASSWORD}{newline}").as_bytes()).done());
        let token = log_in(&program, email).await.text_of("access_token");
        let me = program.get("/me", &token).await.json();
        let roles = if flags.contains(&"--admin") { json!(["administrator"]) } else { json!([]) };
        let expected = (json!(email), roles, json!(!flags.contains(&"--unverified")));
        assert_eq!((me["email"].clone(), me["roles"].clone(), me["is_activated"].clone()), expected);
    }
    let listed = run(&database, &["users", "list", "--json"]).json();
    let of_row = |row: &Value| {
        let facts = [&row["administrator"], &row["is_activated"]].map(|fact| fact.as_bool().unwrap());
        (format!("{}\n", row["id"].as_str().unwrap()), row["email"].as_str().unwrap().to_owned(), facts)
    };
    let rows = listed.as_array().unwrap().iter().map(of_row).collect::<Vec<_>>();
    let expected =
        [("ada@example.org", [false, true]), ("root@example.org", [true, true]), ("bob@b.example", [false, false])];
    let expected = ids.into_iter().zip(expected).map(|(id, (email, facts))| (id, email.to_owned(), facts));
    assert_eq!(rows, expected.collect::<Vec<_>>());
    let lines = run(&database, &["users", "list"]).done();
    let root = lines.lines().find(|line| line.contains("root@example.org")).unwrap();
    let columns = root.split('\t').collect::<Vec<_>>();
    assert_eq!((lines.lines().count(), columns.len()), (3, 6), "{lines}");
    assert_eq!(columns[1..5], ["root@example.org", "active", "true", "true"]);
    assert!(!program.log().contains("canary"));
}

async fn what_cannot_be_a_user_is_refused(database: Database) {
    let program = Program::start(&database).await;
    create(&database, &["--email", "Ada@example.org"], b"bright-kettle\n").done();
    let again = create(&database, &["--email", "ada@EXAMPLE.org"], b"bright-kettle\n").refused(1);
    assert_eq!(again, "A user with this e-mail address exists already.");
    let long = "canary".repeat(1_000);
    let longer_by_what_comes_later = [b"bright-kettle\n".as_slice(), &[b' '; 2100]].concat();
    for (input, sentence) in [
        (b"".as_slice(), "A password has at least 8 characters."),
        // Seven characters and a newline are no eight characters.
        (b"canary!\n", "A password has at least 8 characters."),
        (b"qwerty123\n", "This password is one of the commonest: anyone would try it first."),
        (b"bob@example.org\n", "A password is not the e-mail address or a part of it."),
        (b"canary kettle\nand a line\n", "A password has no control characters."),
        (long.as_bytes(), "A password has at most 128 characters."),
        (&longer_by_what_comes_later, "A password has at most 128 characters."),
        (b"canary-\xff-kettle\n", "The password on standard input is not UTF-8."),
    ] {
        assert_eq!(create(&database, &["--email", "bob@example.org"], input).refused(2), sentence);
    }
    for email in ["bob", "bob@", "\"b b\"@example.org", "bob@[127.0.0.1]", ""] {
        let said = create(&database, &["--email", email], b"bright-kettle\n").misused();
        assert!(said.contains("'--email <EMAIL>'"), "{said}");
    }
    run(&database, &["users", "create", "--email", "bob@example.org"]).misused();
    create(&database, &[], b"bright-kettle\n").misused();
    assert_eq!(database.number("SELECT count(*) FROM users").await, 1);
    assert!(!program.log().contains("bright-kettle"));
}

async fn the_operator_is_not_bound_by_the_policy_of_domains(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_DEFAULT_POLICY", "deny")]).await;
    run(&database, &["domains", "block", "blocked.example"]).done();
    for email in ["ada@blocked.example", "ada@unlisted.example"] {
        let signed_up = program.post("/signup", &json!({ "email": email, "password": PASSWORD })).await;
        assert_eq!(signed_up.status, 401);
        create(&database, &["--email", email], PASSWORD.as_bytes()).done();
        assert_eq!(log_in(&program, email).await.status, 200);
    }
}

async fn the_password_rule_is_the_one_of_the_settings(database: Database) {
    let settings = [("USER_REGISTRY_PASSWORD_PROFILE", "nist-800-63b-4")];
    let program = Program::start_with(&database, &settings).await;
    let sentence = "A password has at least 15 characters.";
    let body = json!({ "email": "ada@example.org", "password": "fourteen chars" });
    let signed_up = program.post("/signup", &body).await;
    assert_eq!(signed_up.status, 422);
    assert_eq!(signed_up.json()["errors"][0]["message"], sentence);
    let arguments = ["users", "create", "--email", "ada@example.org", "--password-stdin"];
    assert_eq!(run_with(&database, &settings, &arguments, b"fourteen chars\n").refused(2), sentence);
    run_with(&database, &settings, &arguments, b"fifteen chars !\n").done();
}
