//! Processes that open an empty database at the same time.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use e2e::database::{Database, Engine};
use e2e::program::{self, Program};
use serde_json::json;

use crate::ran::{Ran, run};

e2e::on_both_engines! {
    replicas_with_one_secret_start_at_once_and_accept_each_others_tokens
    replicas_with_one_data_directory_share_the_secret_that_one_of_them_makes
    replicas_that_each_would_make_a_secret_leave_it_to_one
    what_the_program_makes_is_for_its_owner_alone
}

const SECRET: (&str, &str) =
    ("USER_REGISTRY_SECRET", "0123456789abcdef00112233445566778899aabbccddeeff1032547698badcfe");

/// Runs so many commands at once, each with the data directory of its number.
fn at_once(database: &Database, directories: &[&Path]) -> Vec<Ran> {
    let start = |directory: &&Path| -> Child {
        let mut command = program::command(database, &[]);
        let command = command.args(["domains", "list", "--json"]).env("USER_REGISTRY_DATA_DIR", directory);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    };
    let children = directories.iter().map(start).collect::<Vec<_>>();
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let end = |child: Child| {
        let output = child.wait_with_output().expect("the program ends");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    };
    children.into_iter().map(end).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names = folder.read_dir().map_or(vec![], |entries| {
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    });
    names.retain(|name| !name.starts_with("registry.sqlite"));
    names
}

async fn replicas_with_one_secret_start_at_once_and_accept_each_others_tokens(database: Database) {
    let (one, other) =
        tokio::join!(Program::start_with(&database, &[SECRET]), Program::start_with(&database, &[SECRET]));
    let body = json!({ "email": "ada@example.org", "password": "correct horse battery" });
    assert_eq!(one.post("/signup", &body).await.status, 201);
    for (from, to) in [(&one, &other), (&other, &one)] {
        let tokens = from.post("/login", &body).await;
        // The issuer of a token is the public URL, which differs here; what the keys sign does not.
        let refreshed = to.post("/refresh", &json!({ "refresh_token": tokens.text_of("refresh_token") })).await;
        assert_eq!(refreshed.status, 200, "{}", refreshed.text);
        assert_eq!(to.get("/me", &refreshed.text_of("access_token")).await.status, 200);
    }
    let keys = one.get("/.well-known/jwks.json", "").await.text;
    assert_eq!(keys, other.get("/.well-known/jwks.json", "").await.text);
    assert!(!database.folder().join("secret.key").exists());
}

async fn replicas_with_one_data_directory_share_the_secret_that_one_of_them_makes(database: Database) {
    let directory = database.folder().join("data");
    for ran in at_once(&database, &[directory.as_path(); 6]) {
        assert_eq!(ran.done(), "[]\n");
    }
    assert_eq!(names(&directory), ["secret.key"], "nothing is left over");
}

async fn replicas_that_each_would_make_a_secret_leave_it_to_one(database: Database) {
    let directories = (0..4).map(|number| database.folder().join(format!("data-{number}"))).collect::<Vec<_>>();
    let directories = directories.iter().map(|directory| directory.as_path()).collect::<Vec<_>>();
    let mut winners = Vec::new();
    for (ran, directory) in at_once(&database, &directories).into_iter().zip(directories) {
        if ran.code == Some(0) {
            winners.push(directory);
            continue;
        }
        let said = ran.refused(1);
        assert!(said.contains("root secret") && said.contains("fingerprint"), "{said}");
        assert!(!directory.exists(), "nothing is half made");
    }
    let [winner] = winners.as_slice() else { panic!("not one winner: {winners:?}") };
    assert_eq!(names(winner), ["secret.key"]);
    assert_eq!(at_once(&database, &[winner]).remove(0).done(), "[]\n");
}

async fn what_the_program_makes_is_for_its_owner_alone(database: Database) {
    let folder = database.folder().join("new/data");
    let mut settings = vec![("USER_REGISTRY_DATA_DIR", folder.to_str().unwrap())];
    if database.engine == Engine::Sqlite {
        // Empty as if it was not given: the file in the data directory.
        settings.push(("USER_REGISTRY_DATABASE_URL", ""));
    }
    let program = Program::start_with(&database, &settings).await;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let made = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert!(made.contains(&folder.join("secret.key")), "{made:?}");
    for path in made {
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    assert_eq!(folder.join("registry.sqlite").exists(), database.engine == Engine::Sqlite);
    assert_eq!(program.stop().await, Some(0));
}

#[tokio::test]
async fn a_root_secret_that_is_open_to_everybody_is_refused() {
    let database = Database::new(Engine::Sqlite).await;
    run(&database, &["users", "list"]).done();
    let key = database.folder().join("secret.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = run(&database, &["users", "list"]).refused(1);
    assert!(said.contains("run chmod 600 on it"), "{said}");
}
