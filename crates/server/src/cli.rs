//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A web API and pages for user registration and account tasks, authenticated by JSON Web Tokens.
///
/// Without any setting, `user-registry serve` listens on http://127.0.0.1:8080 and keeps its data in
/// ./data. Settings come from defaults, a TOML file, the environment (USER_REGISTRY_LISTEN and so on)
/// and flags, the later ones winning; `user-registry check-config` shows what holds.
///
/// Exit codes: 0 done, 1 failed, 2 wrong arguments or settings.
#[derive(Debug, Parser)]
#[command(name = "user-registry", version)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) settings: Flags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Settings on the command line.
#[derive(Debug, Default, Args)]
pub(crate) struct Flags {
    /// A TOML file of settings.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen, such as 127.0.0.1:8080.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Where the installation is reached, such as https://registry.example.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// The directory of the embedded database and the root secret.
    #[arg(long, global = true, value_name = "DIRECTORY")]
    pub(crate) data_dir: Option<String>,
    /// `sqlite:` and a path; for PostgreSQL, whose address holds a password, use the environment.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API and the pages until a SIGTERM or SIGINT.
    Serve,
    /// Bring the tables of the database up to date, and stop.
    Migrate,
    /// Make and list users, beside a running server or without one.
    #[command(subcommand)]
    Users(Users),
    /// Allow and block e-mail domains, and keep their authority tokens.
    #[command(subcommand)]
    Domains(Domains),
    /// Print the OpenAPI document.
    Openapi,
    /// Ask the server of these settings whether it is ready.
    Healthcheck,
    /// Check the settings, and show them without secrets.
    CheckConfig,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// Make a user. The e-mail address counts as verified unless you say otherwise.
    ///
    /// Example: printf '%s\n' "$PASSWORD" | user-registry users create --email ada@example.org --admin --password-stdin
    Create {
        /// The e-mail address.
        #[arg(long)]
        email: String,
        /// The user administers the registry.
        #[arg(long)]
        admin: bool,
        /// The e-mail address does not count as verified.
        #[arg(long)]
        unverified: bool,
        /// Read the password from standard input; the newline that ends it is no part of it.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List all users.
    List {
        /// One JSON array instead of a table.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Domains {
    /// Let addresses of these domains register.
    Allow {
        /// The domains, in any spelling.
        #[arg(required = true)]
        domains: Vec<String>,
    },
    /// Let no address of these domains register.
    Block {
        /// The domains, in any spelling.
        #[arg(required = true)]
        domains: Vec<String>,
    },
    /// Take a domain off the table.
    Remove {
        /// The domain, in any spelling.
        domain: String,
    },
    /// List the allowed and blocked domains.
    List {
        /// One JSON array instead of a table.
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
        domain: String,
    },
    /// Replace the authority token of a domain, and print the new one.
    Rotate {
        /// The domain, in any spelling.
        domain: String,
    },
    /// Print the authority token of a domain.
    Show {
        /// The domain, in any spelling.
        domain: String,
    },
    /// Revoke the authority token of a domain.
    Revoke {
        /// The domain, in any spelling.
        domain: String,
    },
}
