//! The command line.

pub(crate) mod flags;

use clap::{Parser, Subcommand};
use domain::accounts::email::EmailAddress;
use domain::domains::name::DomainName;

use crate::cli::flags::{Flags, without_flag};

/// A web API and pages for user registration and account tasks, authenticated by JSON Web Tokens.
///
/// Without any setting, `user-registry serve` listens on http://127.0.0.1:8080 and keeps its data in
/// ./data. Settings come from defaults, a TOML file, the environment and flags, the later ones winning:
/// shutdown_grace in the file is USER_REGISTRY_SHUTDOWN_GRACE in the environment and --shutdown-grace on
/// the command line. `--help` lists all of them, `-h` only the commands, and `user-registry check-config`
/// shows what holds.
///
/// Every command works beside a running server. What fails is said in one sentence on standard error.
/// Exit codes: 0 done, 1 failed, 2 wrong arguments, input or settings.
#[derive(Debug, Parser)]
#[command(name = "user-registry", version, after_long_help = without_flag())]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) settings: Flags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API and the pages until a SIGTERM or SIGINT.
    ///
    /// The tables of the database are brought up to date first. A signal lets requests under way finish
    /// within the shutdown grace; a second one ends at once, with exit code 130.
    #[command(after_long_help = without_flag())]
    Serve,
    /// Bring the tables of the database up to date, and stop.
    Migrate,
    /// Make, list, shut and open the accounts of users, beside a running server or without one.
    #[command(subcommand)]
    Users(Users),
    /// Allow and block e-mail domains, and keep their authority tokens.
    #[command(subcommand)]
    Domains(Domains),
    /// See, rotate and revoke the keys that sign access tokens, and change the root secret.
    #[command(subcommand)]
    Keys(Keys),
    /// See whether mail works.
    #[command(subcommand)]
    Mail(Mail),
    /// Print the OpenAPI document.
    Openapi,
    /// Ask the server of these settings whether it is ready.
    ///
    /// Exit code 0 when it is; 1 when it is not, or does not answer within 4 seconds.
    Healthcheck,
    /// Check the settings, and show them without secrets.
    #[command(after_long_help = without_flag())]
    CheckConfig,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// Make a user, and print their id. The e-mail address counts as verified unless you say otherwise.
    ///
    /// Allowed and blocked domains bind those who sign up, not the operator: any address will do. The
    /// rules for passwords hold for everybody.
    ///
    /// Example: printf '%s\n' "$PASSWORD" | user-registry users create --email ada@example.org --admin --password-stdin
    Create {
        /// The e-mail address.
        #[arg(long, value_parser = EmailAddress::parse)]
        email: EmailAddress,
        /// The user administers the registry.
        #[arg(long)]
        admin: bool,
        /// The e-mail address does not count as verified.
        #[arg(long)]
        unverified: bool,
        /// Read the password from standard input; the newline that ends it is no part of it. On a
        /// terminal it is asked for, and not shown.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Shut an account: its sessions end at once, and nobody logs in to it.
    Disable {
        /// The e-mail address.
        #[arg(value_parser = EmailAddress::parse)]
        email: EmailAddress,
    },
    /// Open an account again that was shut.
    Enable {
        /// The e-mail address.
        #[arg(value_parser = EmailAddress::parse)]
        email: EmailAddress,
    },
    /// List all users, a line each: id, e-mail address, state, whether the address is verified, whether
    /// they administer the registry, and since when, with tabs between.
    List {
        /// One JSON array instead of lines.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List the signing keys, a line each: id, algorithm, whether it is active, next or retired, since when,
    /// and when it was made, with tabs between.
    List {
        /// One JSON array instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Let the next key of each algorithm sign from now on, and print a line for each: algorithm, what signs
    /// now, and what is next, with tabs between. Tokens that are out stay good.
    ///
    /// Refused while a next key is so new that others may not know it yet.
    Rotate {
        /// Although somebody may not know the next key yet, who then refuses new tokens for some minutes.
        #[arg(long)]
        now: bool,
    },
    /// Take a signing key away: all its tokens are refused within a second. When it signed until now, the
    /// next one does from then on.
    Revoke {
        /// The id of the key, as `keys list` shows it.
        #[arg(value_name = "KID", allow_hyphen_values = true)]
        kid: String,
    },
    /// Change the root secret. Every token stays good.
    ///
    /// The present root secret is found as ever; the new one is in USER_REGISTRY_NEW_SECRET or in the file that
    /// USER_REGISTRY_NEW_SECRET_FILE names. When secret.key in the data directory is the present one, it is
    /// replaced, by a fresh secret if you give none. Servers that run go on; start them again with the new
    /// root secret.
    Rewrap,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mail {
    /// Send a mail at once, past the queue, and say where it went.
    ///
    /// Example: user-registry mail test --to ada@example.org
    Test {
        /// Whom to send it to.
        #[arg(long, value_name = "ADDRESS", value_parser = EmailAddress::parse)]
        to: EmailAddress,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Domains {
    /// Let addresses of these domains register.
    Allow {
        /// The domains, in any spelling.
        #[arg(required = true, value_name = "DOMAIN", value_parser = DomainName::parse)]
        domains: Vec<DomainName>,
    },
    /// Let no address of these domains register.
    Block {
        /// The domains, in any spelling.
        #[arg(required = true, value_name = "DOMAIN", value_parser = DomainName::parse)]
        domains: Vec<DomainName>,
    },
    /// Take a domain off the table.
    Remove {
        /// The domain, in any spelling.
        #[arg(value_parser = DomainName::parse)]
        domain: DomainName,
    },
    /// List the allowed and blocked domains, a line each: domain, 0 for allowed or 1 for blocked, whether
    /// it has an authority token, and since when, with tabs between.
    List {
        /// One JSON array instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Keep the authority tokens of domains.
    #[command(subcommand)]
    Authority(Authority),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Authority {
    /// Issue the authority token of a domain that has none, and print it.
    Issue {
        /// The domain, in any spelling.
        #[arg(value_parser = DomainName::parse)]
        domain: DomainName,
    },
    /// Replace the authority token of a domain, and print the new one. A domain that has none gets its
    /// first.
    Rotate {
        /// The domain, in any spelling.
        #[arg(value_parser = DomainName::parse)]
        domain: DomainName,
    },
    /// Print the authority token of a domain.
    Show {
        /// The domain, in any spelling.
        #[arg(value_parser = DomainName::parse)]
        domain: DomainName,
    },
    /// Revoke the authority token of a domain.
    Revoke {
        /// The domain, in any spelling.
        #[arg(value_parser = DomainName::parse)]
        domain: DomainName,
    },
}
