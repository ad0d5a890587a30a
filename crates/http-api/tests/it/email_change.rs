//! Another e-mail address, and how that is undone.

use domain::mail::letter::Template;
use serde_json::{Value, json};

use crate::world::{Answer, PASSWORD, World};

const ADA: &str = "ada@example.org";
const NEW: &str = "ada@lovelace.example";

impl World {
    async fn change(&self, token: &str, new_email: &str, password: &str) -> Answer {
        // Letters of one moment have no order.
        self.clock.advance(chrono::TimeDelta::seconds(1));
        self.post("/email/change", Some(token), json!({ "new_email": new_email, "password": password })).await
    }

    /// Uses the token in the newest letter of this template.
    async fn confirm_mailed(&self, template: Template) -> Answer {
        let path = match template {
            Template::AddressChanged => "/email/change/undo",
            _ => "/email/verification/confirm",
        };
        self.post(path, None, json!({ "token": self.mailed_token(template) })).await
    }
}

fn message(answer: &Answer) -> (u16, Value) {
    (answer.status, answer.json()["message"].clone())
}

#[tokio::test]
async fn an_address_is_changed_by_the_mail_to_the_new_one_and_restored_by_the_mail_to_the_old() {
    let world = World::new();
    world.sign_up().await;
    let token = world.access_token(PASSWORD).await;
    let asked = world.change(&token, NEW, PASSWORD).await;
    assert_eq!(message(&asked), (202, json!("Check the mail of the new address.")));
    assert_eq!(world.call("GET", "/me", Some(&token), None).await.json()["email"], ADA);
    let confirmed = world.confirm_mailed(Template::ConfirmNewAddress).await;
    assert_eq!(message(&confirmed), (200, json!("The e-mail address is changed. Log in with it.")));
    assert_eq!(world.call("GET", "/me", Some(&token), None).await.status, 401, "its session has ended");
    assert_eq!(world.log_in(PASSWORD).await.problem(), "unknown-user");
    let body = json!({ "email": NEW, "password": PASSWORD });
    let token = world.post("/login", None, body).await.json()["access_token"].as_str().unwrap().to_owned();
    let me = world.call("GET", "/me", Some(&token), None).await.json();
    assert_eq!((&me["email"], &me["is_activated"]), (&json!(NEW), &json!(true)));
    assert_eq!(world.confirm_mailed(Template::ConfirmNewAddress).await.problem(), "mailed-token-not-valid");
    let again = world.post("/signup", None, json!({ "email": ADA, "password": PASSWORD })).await;
    assert_eq!(again.status, 202, "it is reserved");
    let undone = world.confirm_mailed(Template::AddressChanged).await;
    let sentence = "The change is undone. Check your mail for a link to choose a new password.";
    assert_eq!(message(&undone), (200, json!(sentence)));
    assert_eq!(world.call("GET", "/me", Some(&token), None).await.status, 401, "its session has ended");
    assert_eq!(world.log_in(PASSWORD).await.problem(), "wrong-password");
    assert_eq!(world.confirm_mailed(Template::AddressChanged).await.problem(), "mailed-token-not-valid");
}

#[tokio::test]
async fn a_wish_is_refused_in_the_order_of_all_refusals() {
    let world = World::new();
    world.sign_up().await;
    let token = world.access_token(PASSWORD).await;
    let administrator = world.token("root@example.org", true).await;
    let block = json!({ "belongs_to": 1, "domains": ["blocked.example"] });
    assert_eq!(world.post("/domains", Some(&administrator), block).await.status, 200);
    let user_token = world.call("POST", "/me/token-required", Some(&token), None).await.json();
    let user_token = user_token["token_required"].as_str().unwrap().to_owned();
    assert_eq!(world.change("urt_nobody", NEW, PASSWORD).await.status, 401);
    assert_eq!(world.change(&user_token, NEW, PASSWORD).await.problem(), "session-needed");
    let wrong = world.change(&token, "ada", "").await.wrong();
    let fields: Vec<_> = wrong.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["new_email", "password"], "{wrong:?}");
    let both = world.change(&token, "ada@blocked.example", "another one").await;
    assert_eq!(both.wrong(), [("password".into(), "wrong-password".into())]);
    assert!(!both.text.contains("another one"));
    assert_eq!(world.change(&token, ADA, PASSWORD).await.wrong(), [("new_email".into(), "same-address".into())]);
    let blocked = world.change(&token, "ada@blocked.example", PASSWORD).await;
    assert_eq!((blocked.status, blocked.problem()), (403, "domain-not-allowed".into()));
}

#[tokio::test]
async fn an_address_of_another_is_asked_for_alike_and_told_to_its_reader_only() {
    let world = World::new();
    world.sign_up().await;
    let token = world.access_token(PASSWORD).await;
    let free = world.change(&token, NEW, PASSWORD).await;
    world.user("eve@example.org", false).await;
    let taken = world.change(&token, "EVE@example.org", PASSWORD).await;
    assert_eq!((free.status, &free.text), (taken.status, &taken.text));
    let refused = world.confirm_mailed(Template::ConfirmNewAddress).await;
    assert_eq!((refused.status, refused.problem()), (409, "conflict".into()));
    let administrator = world.token("root@example.org", true).await;
    world.change(&token, NEW, PASSWORD).await;
    let block = json!({ "belongs_to": 1, "domains": ["lovelace.example"] });
    assert_eq!(world.post("/domains", Some(&administrator), block).await.status, 200);
    let refused = world.confirm_mailed(Template::ConfirmNewAddress).await;
    assert_eq!((refused.status, refused.problem()), (403, "domain-not-allowed".into()));
    assert_eq!(world.call("GET", "/me", Some(&token), None).await.json()["email"], ADA);
}
