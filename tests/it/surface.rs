//! Every operation of the OpenAPI document: who may call it, and that its body takes nothing but its own members.

use std::fmt::Write as _;
use std::time::Duration;

use e2e::database::Database;
use e2e::program::{self, Answer, Program};
use e2e::workspace;
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORD: &str = "canary-horse battery";
/// What each operation answers to whom, checked in so that a change of it is seen.
const TABLE: &str = include_str!("credentials.txt");
const CALLERS: [&str; 6] = ["nobody", "forged", "stranger", "token_required", "administrator", "session"];

e2e::on_both_engines! {
    who_may_call_what_stands_in_a_table
    no_body_takes_a_column_of_the_database
}

/// An operation as the document describes it.
struct Operation {
    method: Method,
    path: String,
    /// The example of its body and the members that the body knows.
    body: Option<(Value, Vec<String>)>,
}

impl Operation {
    fn all() -> Vec<Self> {
        let text = std::fs::read_to_string(workspace::root().join("docs/openapi.json")).expect("the document");
        let document = serde_json::from_str::<Value>(&text).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let operations = paths.iter().flat_map(|(path, operations)| {
            let operations = operations.as_object().expect("operations");
            operations.iter().map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation))
        });
        let read = |(path, method, operation): (String, String, &Value)| {
            let reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let body = reference.map(|reference| {
                let schema = document.pointer(reference.trim_start_matches('#')).expect("the schema of the body");
                let members = schema["properties"].as_object().expect("members");
                (schema["example"].clone(), members.keys().cloned().collect())
            });
            Self { method: method.parse().expect("a method"), path, body }
        };
        operations.map(read).collect()
    }

    /// The path with what stands in it, and what its query must have.
    fn path(&self, people: &People) -> String {
        let id = if self.path.starts_with("/sessions") { &people.session_id } else { &people.field_id };
        let path = self.path.replace("{id}", id).replace("{domain}", "gmail.com");
        if path == "/authority-token" { format!("{path}?domain=gmail.com") } else { path }
    }

    async fn call(&self, program: &Program, people: &People, token: Option<&str>, body: &Value) -> Answer {
        let request = program.request(self.method.clone(), &self.path(people));
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        program.send(if body.is_null() { request } else { request.json(body) }).await
    }
}

/// Two users who have nothing to do with each other, and what the first one has.
struct People {
    owner: String,
    stranger: String,
    token_required: String,
    session_id: String,
    field_id: String,
}

impl People {
    async fn join(program: &Program, number: usize) -> Self {
        let field = json!({
            "geo_id": "a".repeat(64),
            "boundary": { "type": "Polygon", "coordinates": [[[0, 0], [1, 0], [0, 1], [0, 0]]] },
        });
        let (owner, stranger) = (format!("ada{number}@example.org"), format!("eve{number}@example.org"));
        let form = |email: &str| json!({ "email": email, "password": PASSWORD, "fields": [field] });
        let created = program.post("/signup", &form(&owner)).await;
        assert_eq!(created.status, 201, "{}", created.text);
        assert_eq!(program.post("/signup", &form(&stranger)).await.status, 201);
        let token = log_in(program, &owner).await;
        let sessions = program.get("/sessions", &token).await.json();
        let me = program.get("/me", &token).await.json();
        Self {
            owner,
            stranger,
            token_required: created.text_of("token_required"),
            session_id: sessions["sessions"][0]["id"].as_str().expect("an id").into(),
            field_id: me["fields"][0]["id"].as_str().expect("an id").into(),
        }
    }
}

async fn log_in(program: &Program, email: &str) -> String {
    program.post("/login", &json!({ "email": email, "password": PASSWORD })).await.text_of("access_token")
}

fn make_administrator(database: &Database) {
    let arguments = ["users", "create", "--email", "root@example.org", "--admin", "--password-stdin"];
    assert!(program::run(database, &arguments, &format!("{PASSWORD}\n")).status.success());
}

async fn who_may_call_what_stands_in_a_table(database: Database) {
    let program = Program::start(&database).await;
    make_administrator(&database);
    let mut table = format!("operation | {}\n", CALLERS.join(" | "));
    for (number, operation) in Operation::all().iter().enumerate() {
        let people = People::join(&program, number).await;
        let body = operation.body.as_ref().map_or(Value::Null, |(example, _)| example.clone());
        let mut cells = Vec::new();
        for caller in CALLERS {
            let token = match caller {
                "nobody" => None,
                "forged" => Some(format!("urt_{}", "0".repeat(64))),
                "token_required" => Some(people.token_required.clone()),
                "stranger" => Some(log_in(&program, &people.stranger).await),
                "administrator" => Some(log_in(&program, "root@example.org").await),
                _ => Some(log_in(&program, &people.owner).await),
            };
            let answer = operation.call(&program, &people, token.as_deref(), &body).await;
            let content_type = answer.headers.get("content-type").and_then(|value| value.to_str().ok());
            let is_problem = content_type.is_some_and(|content_type| content_type.contains("problem"));
            let problem = if is_problem { format!(" {}", answer.problem()) } else { String::new() };
            cells.push(format!("{}{problem}", answer.status.as_u16()));
        }
        writeln!(table, "{} {} | {}", operation.method, operation.path, cells.join(" | ")).expect("a text grows");
    }
    assert!(table == TABLE, "the answers are not those of tests/it/credentials.txt, but:\n{table}");
}

async fn no_body_takes_a_column_of_the_database(database: Database) {
    let program = Program::start(&database).await;
    make_administrator(&database);
    let people = People::join(&program, 0).await;
    let owner = log_in(&program, &people.owner).await;
    let administrator = log_in(&program, "root@example.org").await;
    let columns = database.columns().await;
    assert!(columns.contains("administrator") && columns.contains("email_key") && columns.contains("state"));
    while database.number("SELECT COUNT(*) FROM deliveries WHERE state = 'waiting'").await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let before = database.rows().await;
    for operation in Operation::all() {
        let Some((example, members)) = &operation.body else { continue };
        let token = if operation.path.starts_with("/domains") { &administrator } else { &owner };
        for column in columns.iter().filter(|column| !members.contains(column)) {
            for value in [json!(true), json!("administrator")] {
                let mut body = example.clone();
                body[column] = value;
                let answer = operation.call(&program, &people, Some(token), &body).await;
                let place = format!("{} {} {column}: {}", operation.method, operation.path, answer.text);
                assert_eq!(answer.status, 422, "{place}");
                assert!(answer.wrong_fields().contains(&(column.clone(), "unknown".into())), "{place}");
            }
        }
    }
    assert_eq!(database.rows().await, before, "nothing has changed");
}
