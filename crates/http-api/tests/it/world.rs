//! An API on an empty in-memory registry, and a caller.

use std::sync::{Arc, LazyLock};

use domain::access::Actor;
use domain::accounts::answers::Answers;
use domain::accounts::ask_by_mail::AskByMail;
use domain::accounts::change_address::ChangeAddress;
use domain::accounts::change_password::ChangePassword;
use domain::accounts::confirm_address::ConfirmAddress;
use domain::accounts::create_user::{Command, CreateUser};
use domain::accounts::email::EmailAddress;
use domain::accounts::issue_user_token::IssueUserToken;
use domain::accounts::own_row::OwnRow;
use domain::accounts::password::{Password, PasswordPolicy};
use domain::accounts::remove_user_token::RemoveUserToken;
use domain::accounts::reset_password::ResetPassword;
use domain::accounts::set_preferences::SetPreferences;
use domain::accounts::show_me::ShowMe;
use domain::accounts::sign_up::SignUp;
use domain::accounts::undo_address_change::UndoAddressChange;
use domain::accounts::update_phone::UpdatePhone;
use domain::authority::issue::IssueAuthorityToken;
use domain::authority::revoke::RevokeAuthorityToken;
use domain::authority::show::ShowAuthorityToken;
use domain::domains::list_domains::ListDomains;
use domain::domains::policy::DefaultPolicy;
use domain::domains::put_domains::PutDomains;
use domain::domains::remove_domain::RemoveDomain;
use domain::events::list_own_events::ListOwnEvents;
use domain::land::add_field::AddField;
use domain::land::list_fields::ListFields;
use domain::land::remove_field::RemoveField;
use domain::land::replace_field::ReplaceField;
use domain::mail::redeem::Redeem;
use domain::sessions::authenticate::Authenticate;
use domain::sessions::end_session::EndSession;
use domain::sessions::list_sessions::ListSessions;
use domain::sessions::log_in::{LogIn, LogInRules};
use domain::sessions::log_out::LogOut;
use domain::sessions::refresh::Refresh;
use domain::throttles::counting::Counting;
use domain::throttles::gate::Gate;
use http_api::api::Api;
use http_api::options::Options;
use http_api::routes::routes;
use memory::clock::ManualClock;
use memory::entropy::SeededEntropy;
use memory::memory::Memory;
use memory::passwords::{CheapHashing, FewCommonPasswords};
use memory::secrets::FakeSecretKeeper;
use memory::tokens::FakeTokenSigner;
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, Method};
use poem::{Endpoint as _, EndpointExt as _, Request, Response};
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// The API, and the doubles behind it.
pub(crate) struct World {
    api: BoxEndpoint<'static, Response>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) hashing: Arc<CheapHashing>,
    pub(crate) clock: Arc<ManualClock>,
    create_user: CreateUser,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The end of the problem's type.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let json = self.json();
        assert_eq!(json["status"], self.status);
        assert_eq!(json["detail"], json["message"]);
        assert_eq!(json["instance"], format!("urn:uuid:{}", self.header("x-request-id")));
        let kind = json["type"].as_str().unwrap();
        kind.strip_prefix("https://registry.example/problems/").unwrap().to_owned()
    }

    /// The wrong fields, each with its code.
    pub(crate) fn wrong(&self) -> Vec<(String, String)> {
        assert_eq!((self.status, self.problem().as_str()), (422, "invalid"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (text(&error["field"]), text(&error["code"])))
            .collect()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same, with something changed in the API.
    pub(crate) fn with(change: impl FnOnce(&mut Api)) -> Self {
        Self::build(false, change)
    }

    /// The same, where what is tried too often is refused.
    pub(crate) fn throttled() -> Self {
        Self::build(true, |_| {})
    }

    fn build(throttled: bool, change: impl FnOnce(&mut Api)) -> Self {
        let (memory, hashing) = (Arc::new(Memory::new()), Arc::new(CheapHashing::default()));
        let (clock, entropy) = (Arc::new(ManualClock::new()), Arc::new(SeededEntropy::default()));
        let create_user = CreateUser {
            hashing: hashing.clone(),
            ledger: memory.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
        };
        let gate = if throttled {
            Gate::new(Counting {
                throttles: memory.clone(),
                keeper: Arc::new(FakeSecretKeeper::default()),
                ledger: memory.clone(),
                clock: clock.clone(),
                entropy: entropy.clone(),
            })
        } else {
            Gate::open()
        };
        let mut api = api(&memory, &hashing, &clock, &entropy, &Arc::new(gate));
        change(&mut api);
        let options = Options {
            public_url: "https://registry.example".into(),
            cors_origins: vec!["https://app.example".into()],
            body_timeout: std::time::Duration::from_millis(50),
        };
        Self { api: routes(Arc::new(api), options).boxed(), memory, hashing, clock, create_user }
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = self.send_undocumented(request).await;
        expect_documented(method.as_str(), &path, answer.status);
        answer
    }

    async fn send_undocumented(&self, request: Request) -> Answer {
        let mut response = self.api.call(request).await.unwrap();
        let text = response.take_body().into_string().await.unwrap();
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.header("x-request-id").unwrap().len(), 36);
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), text }
    }

    /// The same, with the body as it travels.
    pub(crate) async fn bytes(&self, request: Request) -> (HeaderMap, Vec<u8>) {
        let mut response = self.api.call(request).await.unwrap();
        let bytes = response.take_body().into_vec().await.unwrap();
        (response.headers().clone(), bytes)
    }

    pub(crate) async fn call(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri_str(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(match body {
            Some(body) => request.content_type("application/json").body(body.to_string()),
            None => request.finish(),
        })
        .await
    }

    /// Sends a body as it is.
    pub(crate) async fn raw(&self, path: &str, body: impl Into<poem::Body>) -> Answer {
        let request = Request::builder().method(Method::POST).uri_str(path).content_type("application/json");
        self.send(request.body(body)).await
    }

    /// Makes a user as the operator does, and gives the tokens of a login.
    pub(crate) async fn user(&self, email: &str, administrator: bool) -> Value {
        let command = Command {
            email: EmailAddress::parse(email).unwrap(),
            password: Password::typed(PASSWORD).unwrap(),
            administrator,
            verified: true,
        };
        self.create_user.run(&Actor::system(), command).await.unwrap();
        let answer = self.call("POST", "/login", None, Some(json!({ "email": email, "password": PASSWORD }))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// The access token of a new user.
    pub(crate) async fn token(&self, email: &str, administrator: bool) -> String {
        self.user(email, administrator).await["access_token"].as_str().unwrap().to_owned()
    }
}

/// That an operation answers nothing which the document does not tell. What is refused before an operation
/// is found (a path, a method) is no operation's answer.
fn expect_documented(method: &str, path: &str, status: u16) {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    });
    let method = if method == "HEAD" { "get".to_owned() } else { method.to_lowercase() };
    let fits = |template: &str| {
        let (parts, given) = (template.split('/'), path.split('/'));
        let fits = |(part, given): (&str, &str)| part == given || (part.starts_with('{') && !given.is_empty());
        parts.clone().count() == given.clone().count() && parts.zip(given).all(fits) && !path.contains('%')
    };
    let operations = DOCUMENT["paths"].as_object().unwrap();
    let exact = operations.get(path).or_else(|| operations.iter().find(|(template, _)| fits(template)).map(|(_, o)| o));
    if let Some(operation) = exact.and_then(|operations| operations.get(&method)) {
        let told = operation["responses"].get(status.to_string()).is_some();
        assert!(told, "{method} {path} answers {status}, which the document does not tell");
    }
}

fn api(
    memory: &Arc<Memory>,
    hashing: &Arc<CheapHashing>,
    clock: &Arc<ManualClock>,
    entropy: &Arc<SeededEntropy>,
    gate: &Arc<Gate>,
) -> Api {
    let signer = Arc::new(FakeTokenSigner::default());
    let keeper = Arc::new(FakeSecretKeeper::default());
    let access_token_lifetime = chrono::TimeDelta::minutes(15);
    let authenticate = Arc::new(Authenticate {
        signer: signer.clone(),
        keeper: keeper.clone(),
        sessions: memory.clone(),
        clock: clock.clone(),
        last_seen: memory.clone(),
    });
    let policy = PasswordPolicy::new(8, Arc::new(FewCommonPasswords));
    let redeem = Arc::new(Redeem { tokens: memory.clone(), keeper: keeper.clone(), ledger: memory.clone() });
    let own_row = Arc::new(OwnRow { accounts: memory.clone(), ledger: memory.clone() });
    macro_rules! use_case {
        ($name:ident { $($field:ident: $value:expr),* $(,)? }) => {
            $name { $($field: $value,)* clock: clock.clone(), entropy: entropy.clone() }.into()
        };
    }
    Api {
        authenticate: authenticate.clone(),
        sign_up: use_case!(SignUp {
            gate: gate.clone(),
            answers: Answers::Contract,
            accounts: memory.clone(),
            default_policy: DefaultPolicy::Allow,
            domains: memory.clone(),
            hashing: hashing.clone(),
            keeper: keeper.clone(),
            ledger: memory.clone(),
        }),
        password_policy: policy.clone(),
        log_in: use_case!(LogIn {
            gate: gate.clone(),
            rules: LogInRules::default(),
            arrivals: memory.clone(),
            hashing: hashing.clone(),
            signer: signer.clone(),
            keeper: keeper.clone(),
            ledger: memory.clone(),
            access_token_lifetime: access_token_lifetime,
        }),
        refresh: use_case!(Refresh {
            sessions: memory.clone(),
            signer: signer.clone(),
            keeper: keeper.clone(),
            ledger: memory.clone(),
            access_token_lifetime: access_token_lifetime,
        }),
        log_out: use_case!(LogOut { ledger: memory.clone() }),
        ask_by_mail: use_case!(AskByMail {
            gate: gate.clone(),
            answers: Answers::Contract,
            accounts: memory.clone(),
            keeper: keeper.clone(),
            ledger: memory.clone(),
        }),
        confirm_address: use_case!(ConfirmAddress {
            gate: gate.clone(),
            redeem: redeem.clone(),
            default_policy: DefaultPolicy::Allow,
            domains: memory.clone(),
        }),
        change_address: use_case!(ChangeAddress {
            gate: gate.clone(),
            accounts: memory.clone(),
            default_policy: DefaultPolicy::Allow,
            domains: memory.clone(),
            hashing: hashing.clone(),
            ledger: memory.clone(),
        }),
        undo_address_change: use_case!(UndoAddressChange { gate: gate.clone(), redeem: redeem.clone() }),
        reset_password: use_case!(ResetPassword {
            gate: gate.clone(),
            redeem: redeem,
            policy: policy.clone(),
            hashing: hashing.clone(),
            keeper: keeper.clone(),
        }),
        change_password: use_case!(ChangePassword {
            gate: gate.clone(),
            accounts: memory.clone(),
            policy: policy,
            hashing: hashing.clone(),
            keeper: keeper.clone(),
            own_row: own_row.clone(),
        }),
        list_sessions: Arc::new(ListSessions { sessions: memory.clone(), clock: clock.clone() }),
        list_own_events: Arc::new(ListOwnEvents { events: memory.clone() }),
        end_session: use_case!(EndSession { ledger: memory.clone() }),
        show_me: ShowMe { authenticate: authenticate.clone() },
        update_phone: use_case!(UpdatePhone { own_row: own_row.clone() }),
        set_preferences: use_case!(SetPreferences { own_row: own_row.clone() }),
        issue_user_token: use_case!(IssueUserToken { own_row: own_row.clone(), keeper: keeper.clone() }),
        remove_user_token: use_case!(RemoveUserToken { own_row: own_row }),
        list_fields: Arc::new(ListFields { fields: memory.clone() }),
        add_field: use_case!(AddField { ledger: memory.clone() }),
        replace_field: use_case!(ReplaceField { ledger: memory.clone() }),
        remove_field: use_case!(RemoveField { ledger: memory.clone() }),
        list_domains: ListDomains { domains: memory.clone() },
        put_domains: use_case!(PutDomains { domains: memory.clone(), ledger: memory.clone() }),
        remove_domain: use_case!(RemoveDomain { ledger: memory.clone() }),
        show_authority_token: ShowAuthorityToken { authenticate, keeper: keeper.clone() },
        issue_authority_token: use_case!(IssueAuthorityToken { keeper: keeper, ledger: memory.clone() }),
        revoke_authority_token: use_case!(RevokeAuthorityToken { ledger: memory.clone() }),
        published_keys: signer,
        readiness: memory.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
    }
}
