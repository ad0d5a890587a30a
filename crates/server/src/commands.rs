//! What the commands do.

use std::io::Write as _;

use domain::access::Actor;
use domain::accounts::create_user::Command as NewUser;
use domain::accounts::email::EmailAddress;
use domain::accounts::set_user_state::Wanted;
use domain::authority::issue::Mode;
use domain::domains::name::DomainName;
use domain::domains::policy::BelongsTo;
use domain::domains::put_domains::Command as PutDomains;
use domain::page::PageLimit;
use serde_json::json;

use crate::cli::{Authority, Command, CommandLine, Domains, Mail, Users};
use crate::config::checked::Config;
use crate::failure::{Failure, said};
use crate::wiring::{Adapters, hashing, migrate, password_policy};
use crate::{config, healthcheck, key_commands, logging, mail_test, rows, serve, typed_password};

/// Does what the command line says.
pub(crate) async fn run(line: CommandLine) -> Result<(), Failure> {
    match line.command {
        Command::Openapi => return print(&http_api::document::document()),
        Command::CheckConfig => {
            let shown = config::shown(&line.settings)?;
            // It is no good to whoever finds out only when the server starts.
            serve::tls(&config::load(&line.settings)?)?;
            return print(&shown);
        }
        _ => {}
    }
    let config = config::load(&line.settings)?;
    if !matches!(line.command, Command::Healthcheck) {
        logging::start(config.log_format, config.log_level);
    }
    match line.command {
        Command::Serve => serve::run(&config).await,
        Command::Migrate => {
            migrate(&config).await?;
            print("The tables of the database are up to date.\n")
        }
        Command::Users(command) => users(&config, command).await,
        Command::Domains(command) => domains(&config, command).await,
        Command::Keys(command) => print(&key_commands::run(&config, command).await?),
        Command::Mail(Mail::Test { to }) => {
            print(&format!("The mail went to {}.\n", mail_test::run(&config, to).await?))
        }
        Command::Healthcheck => healthcheck::run(&config).await,
        Command::Openapi | Command::CheckConfig => Ok(()),
    }
}

async fn users(config: &Config, command: Users) -> Result<(), Failure> {
    match command {
        Users::Create { email, admin, unverified, password_stdin: _ } => {
            let password = password_policy(config).accept(&typed_password::read()?, Some(&email));
            let password = password.map_err(|error| Failure::usage(vec![error.to_string()]))?;
            let adapters = Adapters::open(config).await?;
            let command = NewUser { email, password, administrator: admin, verified: !unverified };
            let user = adapters.create_user(hashing(config)?).run(&Actor::system(), command).await.map_err(said)?;
            adapters.database.close().await;
            print(&format!("{}\n", user.id))
        }
        Users::Disable { email } => set_state(config, &email, Wanted::Disabled).await,
        Users::Enable { email } => set_state(config, &email, Wanted::Enabled).await,
        Users::List { json } => {
            let adapters = Adapters::open(config).await?;
            let (list_users, mut after, mut rows) = (adapters.list_users(), None, Vec::new());
            loop {
                let page = list_users.run(&Actor::system(), after, PageLimit::MOST).await.map_err(said)?;
                rows.extend(page.items.iter().map(|user| {
                    json!({
                        "id": user.id.to_string(),
                        "email": user.email.as_str(),
                        "state": user.state.name(),
                        "is_activated": user.is_activated(),
                        "administrator": user.administrator,
                        "created_at": user.created_at.to_rfc3339(),
                    })
                }));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            adapters.database.close().await;
            print(&rows::text(rows, json))
        }
    }
}

async fn set_state(config: &Config, email: &EmailAddress, wanted: Wanted) -> Result<(), Failure> {
    let adapters = Adapters::open(config).await?;
    let outcome = adapters.set_user_state().run(&Actor::system(), email, wanted).await.map_err(said);
    adapters.database.close().await;
    outcome
}

async fn domains(config: &Config, command: Domains) -> Result<(), Failure> {
    let (nobody_else, adapters) = (Actor::system(), Adapters::open(config).await?);
    let outcome = match command {
        Domains::Allow { domains } => put(&adapters, BelongsTo::Allowed, &domains).await,
        Domains::Block { domains } => put(&adapters, BelongsTo::Blocked, &domains).await,
        Domains::Remove { domain } => adapters.remove_domain().run(&nobody_else, domain).await.map_err(said),
        Domains::List { json } => list(&adapters, json).await,
        Domains::Authority(command) => authority(&adapters, command).await,
    };
    adapters.database.close().await;
    outcome
}

async fn put(adapters: &Adapters, belongs_to: BelongsTo, domains: &[DomainName]) -> Result<(), Failure> {
    let domains = domains.iter().map(ToString::to_string).collect::<Vec<_>>();
    let command = PutDomains::check(belongs_to.number().into(), &domains).map_err(|errors| {
        let sentence = |error: &domain::form::FieldError| format!("{}: {}", error.field, error.message);
        Failure::usage(errors.iter().map(sentence).collect())
    })?;
    let rows = adapters.put_domains().run(&Actor::system(), command).await.map_err(said)?;
    rows.iter().try_for_each(|row| print(&format!("{}\n", row.rule.domain)))
}

async fn list(adapters: &Adapters, json: bool) -> Result<(), Failure> {
    let (list_domains, mut after, mut rows) = (adapters.list_domains(), None, Vec::new());
    loop {
        let page = list_domains.run(&Actor::system(), None, after, PageLimit::MOST).await.map_err(said)?;
        rows.extend(page.items.iter().map(|row| {
            json!({
                "domain": row.rule.domain.as_str(),
                "belongs_to": row.rule.belongs_to.number(),
                "has_authority": row.has_authority,
                "updated_at": row.rule.updated_at.to_rfc3339(),
            })
        }));
        after = page.next;
        if after.is_none() {
            return print(&rows::text(rows, json));
        }
    }
}

async fn authority(adapters: &Adapters, command: Authority) -> Result<(), Failure> {
    let operator = Actor::system();
    let (domain, mode) = match command {
        Authority::Issue { domain } => (domain, Mode::Issue),
        Authority::Rotate { domain } => (domain, Mode::Rotate),
        Authority::Show { domain } => {
            let token = adapters.read_authority_token().run(&operator, &domain).await.map_err(said)?;
            return print(&format!("{}\n", token.reveal()));
        }
        Authority::Revoke { domain } => {
            return adapters.revoke_authority_token().run(&operator, domain).await.map_err(said);
        }
    };
    let token = adapters.issue_authority_token().run(&operator, domain, mode).await.map_err(said)?;
    print(&format!("{}\n", token.reveal()))
}

fn print(text: &str) -> Result<(), Failure> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::new(format!("Standard output fails: {error}.")))
}
