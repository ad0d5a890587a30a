//! What the commands on the keys do.

use domain::access::Actor;
use domain::keys::revoke::Revoked;
use domain::keys::rotate::{Outcome, RotateKeysError, Which};
use serde_json::json;

use crate::cli::Keys;
use crate::config::checked::Config;
use crate::failure::{Failure, said};
use crate::wiring::Adapters;
use crate::{rewrap, rows};

/// Does it, and gives what is to be printed.
pub(crate) async fn run(config: &Config, command: Keys) -> Result<String, Failure> {
    if let Keys::Rewrap = command {
        return rewrap::run(config).await;
    }
    let adapters = Adapters::open(config).await?;
    let outcome = match command {
        Keys::List { json } => list(&adapters, json).await,
        Keys::Rotate { now } => rotate(&adapters, now).await,
        Keys::Revoke { kid } => {
            let revoked = adapters.revoke_key().run(&Actor::system(), &kid).await;
            revoked.map(|revoked| told(&kid, &revoked)).map_err(said)
        }
        Keys::Rewrap => Ok(String::new()),
    };
    adapters.database.close().await;
    outcome
}

async fn list(adapters: &Adapters, json: bool) -> Result<String, Failure> {
    let keys = adapters.list_keys().run(&Actor::system()).await.map_err(said)?;
    let keys = keys.iter().map(|key| {
        json!({
            "kid": key.kid,
            "algorithm": key.algorithm.name(),
            "state": key.state.name(),
            "since": key.changed_at.to_rfc3339(),
            "created_at": key.created_at.to_rfc3339(),
        })
    });
    Ok(rows::text(keys.collect(), json))
}

async fn rotate(adapters: &Adapters, now: bool) -> Result<String, Failure> {
    let which = if now { Which::AllAtOnce } else { Which::All };
    match adapters.rotate_keys().run(&Actor::system(), which).await {
        Ok(Outcome::Rotated(rotated)) => {
            let line = |keys: &domain::keys::rotate::Rotated| json!({ "algorithm": keys.algorithm.name(), "active": keys.active, "next": keys.next });
            Ok(rows::text(rotated.iter().map(line).collect(), false))
        }
        Ok(Outcome::Overtaken) => Ok("Another process rotated the keys at the same time.\n".into()),
        Err(error @ RotateKeysError::TooYoung { .. }) => {
            Err(Failure::new(format!("{error} Rotate them then, or now with --now.")))
        }
        Err(error) => Err(said(error)),
    }
}

fn told(kid: &str, revoked: &Revoked) -> String {
    let signs = revoked.active.as_ref().map(|active| format!(" {} signs with {active} now.", revoked.algorithm));
    format!("The {} key {kid} is revoked.{}\n", revoked.state.name(), signs.unwrap_or_default())
}
