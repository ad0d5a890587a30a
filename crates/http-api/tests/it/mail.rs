//! What is asked for by mail, new passwords, and where one is signed in.

use domain::mail::letter::Template;
use domain::mail::mailed_token::IssuedMailedToken;
use memory::secrets::FakeSecretKeeper;
use serde_json::{Value, json};

use crate::world::{Answer, PASSWORD, World};

const ADA: &str = "ada@example.org";
const NEW: &str = "bright kettle under glass";

impl World {
    /// The token in the newest letter of this template.
    pub(crate) fn mailed_token(&self, template: Template) -> String {
        let letters = self.memory.letters();
        let letter = letters.iter().rev().map(|delivery| &delivery.letter).find(|letter| letter.template == template);
        let token = letter.and_then(|letter| letter.token).unwrap();
        IssuedMailedToken::of(token, &FakeSecretKeeper::default()).reveal().into()
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Answer {
        self.call("POST", path, token, Some(body)).await
    }

    pub(crate) async fn log_in(&self, password: &str) -> Answer {
        self.post("/login", None, json!({ "email": ADA, "password": password })).await
    }

    pub(crate) async fn sign_up(&self) {
        let body = json!({ "email": ADA, "password": PASSWORD });
        assert_eq!(self.post("/signup", None, body).await.status, 201);
    }

    pub(crate) async fn access_token(&self, password: &str) -> String {
        self.log_in(password).await.json()["access_token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_address_is_verified_by_the_token_in_its_mail() {
    let world = World::new();
    world.sign_up().await;
    let token = world.access_token(PASSWORD).await;
    let is_activated = async || world.call("GET", "/me", Some(&token), None).await.json()["is_activated"].clone();
    assert_eq!(is_activated().await, false);
    let confirm = json!({ "token": world.mailed_token(Template::VerifyAddress) });
    let answer = world.post("/email/verification/confirm", None, confirm.clone()).await;
    assert_eq!((answer.status, &answer.json()["message"]), (200, &json!("The e-mail address is verified.")));
    assert_eq!(is_activated().await, true);
    for used in [confirm, json!({ "token": "urm_forged" })] {
        let answer = world.post("/email/verification/confirm", None, used).await;
        assert_eq!((answer.status, answer.problem().as_str()), (422, "mailed-token-not-valid"));
    }
}

#[tokio::test]
async fn whoever_asks_for_a_mail_gets_one_answer() {
    let world = World::new();
    world.sign_up().await;
    for path in ["/email/verification", "/password/forgot"] {
        let mut answers = Vec::new();
        for email in [ADA, "nobody@example.org"] {
            let answer = world.post(path, None, json!({ "email": email })).await;
            answers.push((answer.status, answer.text));
        }
        assert_eq!(answers[0], (202, json!({ "message": "Check your mail." }).to_string()), "{path}");
        assert_eq!(answers[0], answers[1], "{path}");
        let wrong = world.post(path, None, json!({ "email": "ada", "password": "x" })).await.wrong();
        let fields: Vec<_> = wrong.into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["password", "email"], "{path}");
    }
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew() {
    let world = World::new();
    world.sign_up().await;
    let session = world.access_token(PASSWORD).await;
    world.post("/password/forgot", None, json!({ "email": ADA })).await;
    let token = world.mailed_token(Template::ResetPassword);
    let reset = |password: &str| json!({ "token": token.clone(), "new_password": password });
    for weak in ["short", ADA] {
        let wrong = world.post("/password/reset", None, reset(weak)).await.wrong();
        assert_eq!(wrong[0].0, "new_password", "{wrong:?}");
    }
    let answer = world.post("/password/reset", None, reset(NEW)).await;
    assert_eq!((answer.status, &answer.json()["message"]), (200, &json!("The password is changed.")));
    assert_eq!(world.post("/password/reset", None, reset(NEW)).await.problem(), "mailed-token-not-valid");
    assert_eq!(world.call("GET", "/me", Some(&session), None).await.status, 401, "its session has ended");
    assert_eq!((world.log_in(PASSWORD).await.status, world.log_in(NEW).await.status), (401, 200));
    assert!(!answer.text.contains(NEW));
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let world = World::new();
    world.sign_up().await;
    let (this, other) = (world.access_token(PASSWORD).await, world.access_token(PASSWORD).await);
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let wrong = world.post("/password/change", Some(&this), change("another one", NEW)).await.wrong();
    assert_eq!(wrong, [("current_password".into(), "wrong-password".into())]);
    let wrong = world.post("/password/change", Some(&this), change("", "short")).await.wrong();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    let answer = world.post("/password/change", Some(&this), change(PASSWORD, NEW)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let status = async |token: &str| world.call("GET", "/me", Some(token), None).await.status;
    assert_eq!((status(&this).await, status(&other).await), (200, 401));
}

#[tokio::test]
async fn sessions_are_seen_and_ended() {
    let world = World::new();
    world.sign_up().await;
    let (this, other) = (world.access_token(PASSWORD).await, world.access_token(PASSWORD).await);
    let list = async || world.call("GET", "/sessions", Some(&this), None).await.json()["sessions"].clone();
    let sessions = list().await;
    assert_eq!(sessions.as_array().map(Vec::len), Some(2), "{sessions}");
    let other_one = sessions.as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    assert_eq!(other_one["channel"], "api");
    let path = format!("/sessions/{}", other_one["id"].as_str().unwrap());
    assert_eq!(world.call("DELETE", &path, Some(&this), None).await.status, 204);
    assert_eq!(world.call("DELETE", &path, Some(&this), None).await.problem(), "not-found");
    assert_eq!(world.call("DELETE", "/sessions/1", Some(&this), None).await.wrong().len(), 1);
    assert_eq!(world.call("GET", "/me", Some(&other), None).await.status, 401);
    let third = world.access_token(PASSWORD).await;
    let wrong = world.call("POST", "/logout?all=yes&x=1", Some(&this), None).await.wrong();
    assert_eq!(wrong, [("x".into(), "unknown".into()), ("all".into(), "wrong-type".into())]);
    let answer = world.call("POST", "/logout?all=true", Some(&this), None).await;
    assert_eq!((answer.status, &answer.json()["message"]), (200, &json!("Successfully logged out.")));
    for token in [&this, &third] {
        assert_eq!(world.call("GET", "/sessions", Some(token), None).await.status, 401);
    }
}
