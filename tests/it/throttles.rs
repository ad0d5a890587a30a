//! What is tried too often is refused, by all processes on one database together.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::database::Database;
use e2e::join_all;
use e2e::mailbox::Mailbox;
use e2e::program::{Answer, Program};
use reqwest::Method;
use serde_json::{Value, json};

use crate::pages::Browser;

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "canary-horse battery";
const NEW: &str = "canary-kettle under glass";
const HOME: &str = "203.0.113.7";
const ELSEWHERE: &str = "198.51.100.9";
/// The tests say where a request comes from as a proxy would.
const SETTINGS: [(&str, &str); 1] = [("USER_REGISTRY_TRUSTED_PROXIES", "127.0.0.1")];
/// How many wrong passwords are free.
const FREE: usize = 5;

e2e::on_both_engines! {
    three_processes_together_admit_what_one_address_may_ask
    three_processes_together_send_a_recipient_five_mails_an_hour
    three_processes_together_compare_only_the_guesses_that_are_free
    who_guesses_elsewhere_delays_the_owner_neither_at_home_nor_after_a_mail
    who_guesses_in_the_same_network_does_not_delay_a_known_browser
    refusals_are_recorded_and_tell_no_address
    throttles_that_are_off_refuse_nothing_and_say_so
}

async fn three(database: &Database) -> Vec<Program> {
    let mut programs = Vec::new();
    for _ in 0..3 {
        programs.push(Program::start_with(database, &SETTINGS).await);
    }
    programs
}

async fn post_from(program: &Program, ip: &str, path: &str, body: &Value) -> Answer {
    program.send(program.request(Method::POST, path).header("x-forwarded-for", ip).json(body)).await
}

async fn log_in_from(program: &Program, ip: &str, email: &str, password: &str) -> Answer {
    post_from(program, ip, "/login", &json!({ "email": email, "password": password })).await
}

/// Guesses until the account rests; gives how many guesses were compared.
async fn guess_from(program: &Program, ip: &str) -> usize {
    for compared in 0..100 {
        if log_in_from(program, ip, ADA, "a wrong one").await.status == 429 {
            return compared;
        }
    }
    panic!("a hundred guesses were compared");
}

fn count(answers: &[Answer]) -> BTreeMap<u16, usize> {
    answers.iter().fold(BTreeMap::new(), |mut counts, answer| {
        *counts.entry(answer.status.as_u16()).or_default() += 1;
        counts
    })
}

/// Sends all requests at once, and those again to which no process has had time to say more than 503: the answers, and
/// how often one may have been counted all the same.
async fn once_they_have_time<R: AsyncFn() -> Answer>(requests: impl Iterator<Item = R>) -> (Vec<Answer>, usize) {
    let answers = join_all(requests.map(|request| async move {
        for perhaps in 0..100 {
            let answer = request().await;
            if answer.status != 503 {
                return (answer, perhaps);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("no process has any time");
    }))
    .await;
    let perhaps = answers.iter().map(|(_, perhaps)| perhaps).sum();
    (answers.into_iter().map(|(answer, _)| answer).collect(), perhaps)
}

async fn three_processes_together_admit_what_one_address_may_ask(database: Database) {
    let programs = three(&database).await;
    let (answers, perhaps) = once_they_have_time((0..200).map(|number| {
        let program = &programs[number % programs.len()];
        let body = json!({ "email": format!("user{number}@example.org") });
        async move || post_from(program, HOME, "/password/forgot", &body).await
    }))
    .await;
    let counts = count(&answers);
    let admitted = counts.get(&202).copied().unwrap_or_default();
    assert!(admitted <= 120 && admitted + perhaps >= 120, "{counts:?}, {perhaps} times perhaps");
    assert_eq!(counts, BTreeMap::from([(202, admitted), (429, 200 - admitted)]));
    for refused in answers.iter().filter(|answer| answer.status == 429) {
        assert_eq!(refused.problem(), "too-many-requests");
        assert_eq!(refused.headers["ratelimit-policy"], "\"ask-address\";q=120;w=3600");
        let seconds = refused.headers["retry-after"].to_str().expect("a number");
        assert_eq!(refused.headers["ratelimit"], format!("\"ask-address\";r=0;t={seconds}"));
        assert!((1..=3600).contains(&seconds.parse::<u32>().expect("a number")), "{seconds}");
    }
    let elsewhere = post_from(&programs[0], ELSEWHERE, "/password/forgot", &json!({ "email": ADA })).await;
    assert_eq!(elsewhere.status, 202);
}

async fn three_processes_together_send_a_recipient_five_mails_an_hour(database: Database) {
    let programs = three(&database).await;
    let signed_up = post_from(&programs[0], HOME, "/signup", &json!({ "email": ADA, "password": PASSWORD })).await;
    assert_eq!(signed_up.status, 201, "{}", signed_up.text);
    let (answers, perhaps) = once_they_have_time((0..60).map(|number| {
        let program = &programs[number % programs.len()];
        let (ip, path) = (format!("198.51.100.{number}"), ["/password/forgot", "/email/verification"][number % 2]);
        async move || post_from(program, &ip, path, &json!({ "email": "ADA@example.org" })).await
    }))
    .await;
    assert_eq!(count(&answers), BTreeMap::from([(202, 60)]), "nobody learns of it");
    let sent = database.number("SELECT CAST(count(*) AS bigint) FROM deliveries").await;
    assert!(sent <= 11 && sent + i64::try_from(perhaps).expect("few") >= 11, "{sent}, {perhaps} times perhaps");
}

async fn three_processes_together_compare_only_the_guesses_that_are_free(database: Database) {
    let programs = three(&database).await;
    let started = Instant::now();
    let (answers, perhaps) = once_they_have_time((0..48).map(|number| {
        let program = &programs[number % programs.len()];
        async move || log_in_from(program, &format!("198.51.100.{number}"), ADA, "a wrong one").await
    }))
    .await;
    let counts = count(&answers);
    let compared = counts.get(&401).copied().unwrap_or_default();
    // Each delay is twice the one before: so many more had come to an end in the time that it took.
    let over = (started.elapsed().as_secs() + 1).ilog2() as usize;
    assert!(compared <= FREE + over && compared + perhaps >= FREE, "{counts:?}, {over} delays over, {perhaps} perhaps");
    assert_eq!(counts.values().sum::<usize>(), compared + counts[&429], "{counts:?}");
}

async fn who_guesses_elsewhere_delays_the_owner_neither_at_home_nor_after_a_mail(database: Database) {
    let (program, mailbox) = (Program::start_with(&database, &SETTINGS).await, Mailbox::of(&database));
    post_from(&program, HOME, "/signup", &json!({ "email": ADA, "password": PASSWORD })).await;
    assert_eq!(log_in_from(&program, HOME, ADA, PASSWORD).await.status, 200);
    // Her first login, when no network was known, counts as one of them.
    assert!(guess_from(&program, ELSEWHERE).await >= FREE - 1);
    assert_eq!(log_in_from(&program, HOME, ADA, PASSWORD).await.status, 200, "at home nothing is in the way");
    // On the way somewhere else she is in the same boat as whoever guesses, until she reads her mail there.
    let (away, mut asked) = ("192.0.2.50", 0);
    while log_in_from(&program, away, ADA, "a wrong one").await.status != 429 {
        asked += 1;
        assert!(asked < 20, "her delay grows");
    }
    post_from(&program, away, "/password/forgot", &json!({ "email": ADA })).await;
    let token = mailbox.has(2).await[1].token();
    let reset = post_from(&program, away, "/password/reset", &json!({ "token": token, "new_password": NEW })).await;
    assert_eq!(reset.status, 200, "{}", reset.text);
    assert!(guess_from(&program, ELSEWHERE).await >= FREE, "the delay is over for whoever guesses, too");
    assert_eq!(log_in_from(&program, away, ADA, NEW).await.status, 200);
}

async fn who_guesses_in_the_same_network_does_not_delay_a_known_browser(database: Database) {
    let programs = [Program::start_with(&database, &SETTINGS).await, Program::start_with(&database, &SETTINGS).await];
    let [here, there] = &programs;
    for who in [ADA, "ben@example.org"] {
        post_from(here, HOME, "/signup", &json!({ "email": who, "password": PASSWORD })).await;
    }
    let (mut ada, mut ben) = (Browser::default(), Browser::default());
    assert_eq!(ada.log_in_from(here, HOME, ADA).await, 303);
    assert_eq!(ben.log_in_from(here, HOME, "ben@example.org").await, 303);
    assert!(guess_from(here, "203.0.113.99").await >= FREE, "the network is known, and so is the count of it");
    assert_eq!(database.prolong_delays().await, 1);
    assert_eq!(Browser::default().log_in_from(there, HOME, ADA).await, 429);
    assert_eq!(ben.log_in_from(there, HOME, ADA).await, 429, "another account's is none");
    let mut forged = ada.clone();
    forged.device = forged.device.map(|device| device[..device.len() - 2].to_owned());
    assert_eq!(forged.log_in_from(there, HOME, ADA).await, 429);
    assert_eq!(ada.log_in_from(there, HOME, ADA).await, 303, "every process knows it");
    for program in programs {
        assert_eq!(program.stop().await, Some(0));
    }
    let again = Program::start_with(&database, &SETTINGS).await;
    assert_eq!(Browser::default().log_in_from(&again, HOME, ADA).await, 429, "the delay goes on");
    assert_eq!(ada.log_in_from(&again, HOME, ADA).await, 303, "it is known after a restart as before");
}

async fn refusals_are_recorded_and_tell_no_address(database: Database) {
    let program = Program::start_with(&database, &SETTINGS).await;
    let secret = "canary-owl@example.org";
    while log_in_from(&program, "198.51.100.77", secret, "a wrong one").await.status != 429 {}
    assert_eq!(program.stop().await, Some(0));
    let told = "SELECT CAST(count(*) AS bigint) FROM events WHERE kind = 'throttle.refused'";
    assert_eq!(database.number(told).await, 1, "one for its key, when the process ends at the latest");
    let contents = database.contents().await;
    for canary in ["canary-owl", "198.51.100.77"] {
        let found = contents.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found, "{canary} is stored");
    }
}

async fn throttles_that_are_off_refuse_nothing_and_say_so(database: Database) {
    let program = Program::start_with(&database, &[("USER_REGISTRY_THROTTLES", "off")]).await;
    for _ in 0..FREE + 3 {
        let body = json!({ "email": ADA, "password": "a wrong one" });
        assert_eq!(program.post("/login", &body).await.status, 401);
    }
    program.has_logged("throttles is off").await;
}
