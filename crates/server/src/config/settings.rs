//! Every setting there is: the one table.

/// A setting.
pub(crate) struct Setting {
    /// Its name in the file; in the environment it is `USER_REGISTRY_` and the name in capitals.
    pub(crate) name: &'static str,
    /// Its value when nothing else is said; empty when there is none.
    pub(crate) default: &'static str,
    /// Whether it is, or may hold, a secret: then `…_FILE` names a file that holds it.
    pub(crate) secret: bool,
    /// What it means.
    #[cfg_attr(not(test), expect(dead_code, reason = "the page about the configuration is held against it"))]
    pub(crate) meaning: &'static str,
}

const fn setting(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, secret: false, meaning }
}

const fn secret(name: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default: "", secret: true, meaning }
}

/// All settings.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("listen", "127.0.0.1:8080", "Where to listen."),
    setting(
        "public_url",
        "",
        "Where the installation is reached; `http://<listen>` unless it listens on all addresses.",
    ),
    setting("data_dir", "./data", "The directory of the embedded database and of the root secret."),
    secret("database_url", "`sqlite:` and a path, or `postgres://…`; a SQLite file in the data directory unless said."),
    secret(
        "secret",
        "The root secret: at least 32 random bytes in hex or base64; `secret.key` in the data directory unless said.",
    ),
    setting("shutdown_grace", "10s", "How long requests may finish after a SIGTERM, such as `10s` or `500ms`."),
    setting("throttles", "on", "`on` or `off`; accepted now, this version has none."),
    setting("default_policy", "allow", "What holds for unlisted e-mail domains: `allow` or `deny`."),
    setting("password_minimum", "8", "The least characters of a new password: 8 to 64."),
    setting("password_memory_kib", "19456", "The memory of one argon2id hash in KiB (m)."),
    setting("password_passes", "2", "The passes of one argon2id hash (t)."),
    setting("password_lanes", "1", "The lanes of one argon2id hash (p)."),
    setting("hashing_memory_kib", "262144", "The most memory of all hashes together in KiB."),
    setting("hashing_threads", "", "Hashes computed side by side; one for each core unless said."),
    setting("hashing_queue", "", "Hashes that may wait; 32 for each thread unless said."),
    setting("hashing_deadline", "2s", "How long a hash may wait before it is refused."),
    setting("signing_algorithm", "ES256", "What access tokens are signed with: `ES256`, `EdDSA` or `RS256`."),
    setting("further_signing_algorithms", "", "More algorithms with published keys, separated by commas."),
    setting("access_token_lifetime", "15m", "How long an access token lives: up to one hour."),
    setting("issuer", "", "The claim `iss`; the public URL unless said."),
    setting("audience", "", "The claim `aud`; left out unless said."),
    setting("cors_origins", "", "Origins whose scripts may call the API, separated by commas."),
    setting("allow_insecure_http", "false", "Whether the pages may be served over plain http beyond this machine."),
    setting("database_connections", "8", "The most connections to the database: 2 to 200."),
    setting("log_format", "auto", "`text`, `json`, or `auto`: text on a terminal, else JSON."),
    setting("log_level", "info", "`error`, `warn`, `info`, `debug` or `trace`."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_the_configuration_tells_of_each_setting() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let page = std::fs::read_to_string(path).unwrap();
        for Setting { name, default, meaning, .. } in SETTINGS {
            let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
            let row = format!("| `USER_REGISTRY_{}` | {default} | {meaning} |\n", name.to_uppercase());
            assert!(page.contains(&row), "{row}");
        }
        assert_eq!(page.matches("\n| `USER_REGISTRY_").count(), SETTINGS.len());
    }
}
