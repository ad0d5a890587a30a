//! Every setting there is: the one table.

/// What stands before the name of each setting in the environment.
pub(crate) const PREFIX: &str = "USER_REGISTRY_";

/// A setting.
pub(crate) struct Setting {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// Its value when nothing else is said; empty when there is none.
    pub(crate) default: &'static str,
    /// What a value of it is, in a word.
    pub(crate) value: &'static str,
    /// Whether it is, or may hold, a secret: then `…_FILE` names a file that holds it, and there is no
    /// flag, because every user of a machine can read the arguments of a process.
    pub(crate) secret: bool,
    /// What it means.
    pub(crate) meaning: &'static str,
}

impl Setting {
    /// Its name in the environment.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_uppercase())
    }

    /// Its flag, without the hyphens before it.
    pub(crate) fn flag(&self) -> Option<String> {
        (!self.secret).then(|| self.name.replace('_', "-"))
    }
}

const fn setting(name: &'static str, default: &'static str, value: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default, value, secret: false, meaning }
}

const fn secret(name: &'static str, value: &'static str, meaning: &'static str) -> Setting {
    Setting { name, default: "", value, secret: true, meaning }
}

/// All settings.
pub(crate) const SETTINGS: &[Setting] = &[
    setting(
        "listen",
        "127.0.0.1:8080",
        "ADDRESS",
        "Where to listen: an address and a port, or `unix:` and the path of a socket.",
    ),
    setting(
        "tls_certificate",
        "",
        "FILE",
        "The certificate to listen with, in PEM, with those between it and an authority; plain http unless said.",
    ),
    setting("tls_key", "", "FILE", "Its private key, in PEM; both files are read again when they change."),
    setting(
        "public_url",
        "",
        "URL",
        "Where the installation is reached; `http://<listen>`, or `https://` with a certificate, unless it listens on all addresses or at a socket, where it must be given.",
    ),
    setting("data_dir", "./data", "DIRECTORY", "The directory of the embedded database and of the root secret."),
    secret(
        "database_url",
        "URL",
        "`sqlite:` and a path, or `postgres://…`; a SQLite file in the data directory unless said.",
    ),
    secret(
        "secret",
        "SECRET",
        "The root secret: at least 32 random bytes in hex or base64; `secret.key` in the data directory unless said.",
    ),
    secret("new_secret", "SECRET", "The root secret that `keys rewrap` changes to; nothing else reads it."),
    setting("shutdown_grace", "10s", "TIME", "How long requests may finish after a SIGTERM, such as `10s` or `500ms`."),
    setting(
        "connections",
        "4096",
        "NUMBER",
        "The most connections of clients at a time; fewer where the process may not open so many files.",
    ),
    setting(
        "throttles",
        "on",
        "on|off",
        "`on` or `off`; without throttles anybody may guess passwords as fast as they like, so `off` is for tests only.",
    ),
    setting("default_policy", "allow", "POLICY", "What holds for unlisted e-mail domains: `allow` or `deny`."),
    setting(
        "answers",
        "contract",
        "ANSWERS",
        "How much strangers are told: `contract` (whether an address has an account), or `hardened` (nothing; needs mail).",
    ),
    setting(
        "require_verified_email",
        "false",
        "true|false",
        "Whether only users with a verified e-mail address log in; with hardened answers always.",
    ),
    setting(
        "password_profile",
        "standard",
        "PROFILE",
        "Whose rule a new password keeps: `standard` (at least 8 characters) or `nist-800-63b-4` (at least 15).",
    ),
    setting(
        "password_minimum",
        "",
        "NUMBER",
        "The least characters of a new password, up to 64; those of the profile unless said, and never fewer.",
    ),
    setting("password_memory_kib", "19456", "NUMBER", "The memory of one argon2id hash in KiB (m)."),
    setting("password_passes", "2", "NUMBER", "The passes of one argon2id hash (t)."),
    setting("password_lanes", "1", "NUMBER", "The lanes of one argon2id hash (p)."),
    setting(
        "hashing_memory_kib",
        "262144",
        "NUMBER",
        "The most memory of all hashes together in KiB; a stored hash may take half of it.",
    ),
    setting(
        "hashing_threads",
        "",
        "NUMBER",
        "Hashes computed side by side; one for each core, as far as the memory goes, unless said.",
    ),
    setting(
        "hashing_queue",
        "",
        "NUMBER",
        "Logins that may wait to be hashed, and as many sign-ups, or a quarter while logins wait; 32 for each thread unless said.",
    ),
    setting("hashing_deadline", "2s", "TIME", "How long a hash may wait before it is refused."),
    setting(
        "signing_algorithm",
        "ES256",
        "ALGORITHM",
        "What access tokens are signed with: `ES256`, `EdDSA` or `RS256`.",
    ),
    setting(
        "further_signing_algorithms",
        "",
        "ALGORITHMS",
        "More algorithms with published keys, separated by commas.",
    ),
    setting(
        "signing_key_lifetime",
        "30d",
        "TIME",
        "How long a key signs before the next one takes over: from `1h` to `366d`.",
    ),
    setting("access_token_lifetime", "15m", "TIME", "How long an access token lives: up to one hour."),
    setting("issuer", "", "TEXT", "The claim `iss`; the public URL unless said."),
    setting("audience", "", "TEXT", "The claim `aud`; left out unless said."),
    setting(
        "trusted_proxies",
        "",
        "NETWORKS",
        "The networks of proxies whose word is taken for where a request comes from, such as `10.0.0.0/8`, separated by commas.",
    ),
    setting(
        "forwarded_field",
        "x-forwarded-for",
        "FIELD",
        "Where these proxies write it: `x-forwarded-for` or `forwarded`; the other is never read.",
    ),
    setting("cors_origins", "", "ORIGINS", "Origins whose scripts may call the API, separated by commas."),
    setting(
        "allow_insecure_http",
        "false",
        "true|false",
        "Whether the pages may be served over plain http beyond this machine.",
    ),
    secret(
        "mail_url",
        "URL",
        "Where mail goes: `smtps://` or `smtp://`, user and password, and a host; the directory `mail` in the data directory unless said.",
    ),
    setting(
        "mail_from",
        "",
        "SENDER",
        "Who mail is from, with a name or without; `registry@` and the host of the public URL (`localhost` for a number) unless said.",
    ),
    setting(
        "mail_templates",
        "",
        "DIRECTORY",
        "A directory with texts of your own for mail; those of the program unless said.",
    ),
    setting(
        "event_retention",
        "180d",
        "DAYS",
        "How long events are kept: days such as `180d`, or `off` to keep them for ever.",
    ),
    setting(
        "database_connections",
        "8",
        "NUMBER",
        "The most connections to the database, 2 to 200; beside them up to four count on PostgreSQL, and two on SQLite write and count.",
    ),
    setting("log_format", "auto", "FORMAT", "`text`, `json`, or `auto`: text on a terminal, else JSON."),
    setting("log_level", "info", "LEVEL", "`error`, `warn`, `info`, `debug` or `trace`."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_the_configuration_tells_of_each_setting() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        let page = std::fs::read_to_string(path).unwrap();
        for setting in SETTINGS {
            let (default, meaning) = (setting.default, setting.meaning);
            let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
            let row = format!("| `{}` | {default} | {meaning} |\n", setting.variable());
            assert!(page.contains(&row), "{row}");
        }
        assert_eq!(page.matches("\n| `USER_REGISTRY_").count(), SETTINGS.len());
    }
}
