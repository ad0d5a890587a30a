//! The settings, checked, each concern for itself.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::TimeDelta;
use domain::accounts::answers::Answers;
use domain::accounts::password::PasswordProfile;
use domain::domains::policy::DefaultPolicy;
use domain::sessions::claims::LONGEST_LIFETIME;
use domain::sessions::log_in::LogInRules;

use crate::client_address::TrustedProxies;
use crate::config::raw::Raw;
use crate::listener::address::Address;
use crate::listener::tls::CertificateFiles;

/// The most that an installation may ask for: NIST SP 800-63B-4 wants passwords of 64 to be accepted.
const MOST_PASSWORD_MINIMUM: usize = 64;

/// The configuration.
pub(crate) struct Config {
    pub(crate) listen: Address,
    /// The certificate to listen with; in the open without.
    pub(crate) tls: Option<CertificateFiles>,
    pub(crate) public_url: String,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: persistence::options::Options,
    /// The engine and where it is, without any credential.
    pub(crate) database_place: String,
    /// Whether the data directory is where the database is because nothing else was said.
    pub(crate) database_in_data_dir: bool,
    pub(crate) secret: Option<String>,
    /// What `keys rewrap` changes the root secret to.
    pub(crate) new_secret: Option<String>,
    pub(crate) shutdown_grace: Duration,
    /// The most connections of clients at a time.
    pub(crate) connections: usize,
    pub(crate) throttles: bool,
    pub(crate) default_policy: DefaultPolicy,
    pub(crate) log_in_rules: LogInRules,
    pub(crate) password_minimum: usize,
    pub(crate) hashing: passwords::options::Options,
    /// What the options of hashing come to on this machine.
    pub(crate) hashing_size: passwords::options::Size,
    pub(crate) tokens: tokens::options::Options,
    pub(crate) signing_key_lifetime: TimeDelta,
    pub(crate) access_token_lifetime: TimeDelta,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) pages: web_ui::options::Options,
    pub(crate) mail: mailer::options::Options,
    /// How long events are kept; `None` for ever.
    pub(crate) event_retention: Option<TimeDelta>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: tracing::Level,
}

/// How the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Auto,
    Text,
    Json,
}

impl Config {
    /// Checks every setting.
    ///
    /// # Errors
    /// A sentence for each wrong one; no secret is repeated.
    pub(crate) fn check(raw: &Raw) -> Result<Self, Vec<String>> {
        let mut check = Check { raw, wrong: Vec::new() };
        let config = check.all();
        config.filter(|_| check.wrong.is_empty()).ok_or(check.wrong)
    }
}

pub(super) struct Check<'a> {
    pub(super) raw: &'a Raw,
    pub(super) wrong: Vec<String>,
}

impl Check<'_> {
    /// Every setting is looked at before the first wrong one ends it, so that all are told at once.
    fn all(&mut self) -> Option<Config> {
        let listen = self.listen();
        let tls = self.tls();
        let public_url = self.public_url(listen.as_ref(), tls.as_ref());
        let pages = self.pages(public_url.as_deref(), listen.as_ref(), tls.as_ref().is_some_and(Option::is_some));
        let data_dir = PathBuf::from(self.raw.get("data_dir"));
        let database = self.database(&data_dir);
        let shutdown_grace = self.duration("shutdown_grace", Duration::from_secs(600));
        let connections = self.number("connections", 1, 65_536);
        let throttles = self.one_of("throttles", &[("on", true), ("off", false)]);
        let default_policy = self.default_policy();
        let log_in_rules = self.log_in_rules();
        let password_minimum = self.password_minimum();
        let hashing = self.hashing();
        let tokens = self.tokens(public_url.as_deref());
        let lifetime = self.duration("access_token_lifetime", LONGEST_LIFETIME.to_std().ok()?);
        let signing_key_lifetime = self.signing_key_lifetime();
        let (log_format, log_level, cors_origins) = (self.log_format(), self.log_level(), self.cors_origins());
        let mail = self.mail(public_url.as_deref(), &data_dir);
        let trusted_proxies = self.trusted_proxies();
        let event_retention = self.event_retention();
        let (secret, new_secret) = (self.secret("secret"), self.secret("new_secret"));
        let ((database, database_place), (hashing, hashing_size)) = (database?, hashing?);
        Some(Config {
            listen: listen?,
            tls: tls?,
            public_url: public_url?,
            data_dir,
            database,
            database_place,
            database_in_data_dir: self.raw.get("database_url").is_empty(),
            secret,
            new_secret,
            shutdown_grace: shutdown_grace?,
            connections: connections? as usize,
            throttles: throttles?,
            default_policy: default_policy?,
            log_in_rules: log_in_rules?,
            password_minimum: password_minimum?,
            hashing,
            hashing_size,
            tokens: tokens?,
            signing_key_lifetime: signing_key_lifetime?,
            access_token_lifetime: TimeDelta::from_std(lifetime?).ok()?,
            trusted_proxies: trusted_proxies?,
            event_retention: event_retention?,
            cors_origins: cors_origins?,
            pages: pages?,
            mail: mail?,
            log_format: log_format?,
            log_level: log_level?,
        })
    }

    pub(super) fn refuse<T>(&mut self, name: &str, sentence: &str) -> Option<T> {
        self.wrong.push(format!("The setting {name} must be {sentence}."));
        None
    }

    fn parsed<T: FromStr>(&mut self, name: &str, sentence: &str) -> Option<T> {
        let value = self.raw.get(name).parse().ok();
        value.or_else(|| self.refuse(name, sentence))
    }

    pub(super) fn number(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let value = self.raw.get(name).parse().ok().filter(|value| (least..=most).contains(value));
        value.or_else(|| self.refuse(name, &format!("a number from {least} to {most}")))
    }

    pub(super) fn optional_number(&mut self, name: &str, most: usize) -> Option<Option<usize>> {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        if self.raw.get(name).is_empty() { Some(None) } else { self.number(name, 1, most).map(|n| Some(n as usize)) }
    }

    pub(super) fn duration(&mut self, name: &str, most: Duration) -> Option<Duration> {
        let value = duration(self.raw.get(name)).filter(|value| (Duration::from_millis(1)..=most).contains(value));
        value.or_else(|| self.refuse(name, &format!("a time such as 10s or 500ms, at most {}s", most.as_secs())))
    }

    pub(super) fn one_of<T: Copy>(&mut self, name: &str, values: &[(&str, T)]) -> Option<T> {
        let value = values.iter().find(|(word, _)| *word == self.raw.get(name)).map(|(_, value)| *value);
        let words = values.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
        value.or_else(|| self.refuse(name, &words))
    }

    /// The profile says the least, and the installation may ask for more.
    fn password_minimum(&mut self) -> Option<usize> {
        let profiles = [("standard", PasswordProfile::Standard), ("nist-800-63b-4", PasswordProfile::Nist80063B4)];
        let least = self.one_of("password_profile", &profiles)?.minimum();
        let given = self.raw.get("password_minimum");
        let minimum = if given.is_empty() { Some(least) } else { given.parse().ok() };
        let sentence = format!("a number from {least}, which the profile asks for, to {MOST_PASSWORD_MINIMUM}");
        let within = minimum.filter(|minimum| (least..=MOST_PASSWORD_MINIMUM).contains(minimum));
        within.or_else(|| self.refuse("password_minimum", &sentence))
    }

    fn database(&mut self, data_dir: &Path) -> Option<(persistence::options::Options, String)> {
        let given = self.raw.get("database_url");
        let url = if given.is_empty() {
            format!("sqlite:{}", data_dir.join("registry.sqlite").display())
        } else {
            given.into()
        };
        let max_connections = self.number("database_connections", 2, 200);
        let options = persistence::options::Options::new(url);
        let place = options.place().ok();
        let sentence = "sqlite: and the path of a file, or a postgres:// address";
        let place = place.or_else(|| self.refuse("database_url", sentence))?;
        Some((persistence::options::Options { max_connections: max_connections?, ..options }, place))
    }

    /// An origin that no browser would send is a slip that nobody would notice.
    fn cors_origins(&mut self) -> Option<Vec<String>> {
        let origins = list(self.raw.get("cors_origins"));
        let is_origin = |origin: &String| {
            let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._:[]".contains(c);
            authority.is_some_and(|authority| !authority.is_empty() && authority.chars().all(is_plain))
        };
        if origins.iter().all(is_origin) {
            return Some(origins);
        }
        self.refuse("cors_origins", "origins in lower case, such as https://app.example.org, without a path")
    }

    fn default_policy(&mut self) -> Option<DefaultPolicy> {
        self.one_of("default_policy", &[("allow", DefaultPolicy::Allow), ("deny", DefaultPolicy::Deny)])
    }

    fn log_in_rules(&mut self) -> Option<LogInRules> {
        let answers = self.one_of("answers", &[("contract", Answers::Contract), ("hardened", Answers::Hardened)]);
        let require_verified_email = self.one_of("require_verified_email", &[("true", true), ("false", false)]);
        Some(LogInRules { answers: answers?, require_verified_email: require_verified_email? })
    }

    fn log_format(&mut self) -> Option<LogFormat> {
        let words = [("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];
        self.one_of("log_format", &words)
    }

    fn log_level(&mut self) -> Option<tracing::Level> {
        self.parsed("log_level", "error, warn, info, debug or trace")
    }
}

pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Into::into).collect()
}

/// A time such as `500ms`, `10s`, `15m`, `1h` or `30d`; a bare number counts seconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number = number.parse::<u32>().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number.into())),
        "" | "s" => Some(Duration::from_secs(number.into())),
        "m" => Some(Duration::from_secs(u64::from(number) * 60)),
        "h" => Some(Duration::from_secs(u64::from(number) * 3600)),
        "d" => Some(Duration::from_secs(u64::from(number) * 86_400)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::Flags;
    use crate::config::raw;

    fn check(pairs: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let pairs = pairs.iter().map(|(name, value)| (format!("USER_REGISTRY_{name}"), (*value).to_owned()));
        Config::check(&raw::read(&Flags::default(), pairs.collect())?)
    }

    #[test]
    fn the_defaults_hold() {
        let config = check(&[]).ok().unwrap();
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert_eq!(config.tokens.issuer, "http://127.0.0.1:8080");
        assert_eq!(config.database.url, "sqlite:./data/registry.sqlite");
        assert_eq!(config.access_token_lifetime, TimeDelta::minutes(15));
    }

    #[test]
    fn every_wrong_setting_is_named() {
        for (name, value) in [
            ("LISTEN", "8080"),
            ("LISTEN", "0.0.0.0:8080"),
            ("LISTEN", "127.0.0.1:0"),
            ("LISTEN", "unix:"),
            ("LISTEN", "unix:/run/registry.sock"),
            ("TLS_CERTIFICATE", "/etc/registry/tls.crt"),
            ("TLS_KEY", "/etc/registry/tls.key"),
            ("TLS_KEY", "-----BEGIN PRIVATE KEY-----\ncanary"),
            ("PUBLIC_URL", "ftp://registry.example"),
            ("PUBLIC_URL", "http://registry.example"),
            ("DATABASE_URL", "mysql://db"),
            ("DATABASE_URL", "sqlite::memory:"),
            ("DATABASE_URL", "postgres://ada:lovelace@db.example:port/registry"),
            ("SHUTDOWN_GRACE", "soon"),
            ("CONNECTIONS", "0"),
            ("THROTTLES", "perhaps"),
            ("DEFAULT_POLICY", "maybe"),
            ("PASSWORD_PROFILE", "nist"),
            ("PASSWORD_MINIMUM", "7"),
            ("PASSWORD_MINIMUM", "65"),
            ("PASSWORD_MEMORY_KIB", "1024"),
            ("PASSWORD_PASSES", "0"),
            ("PASSWORD_LANES", "0"),
            ("HASHING_MEMORY_KIB", "1"),
            ("HASHING_THREADS", "none"),
            ("HASHING_THREADS", "14"),
            ("PASSWORD_MEMORY_KIB", "524288"),
            ("HASHING_QUEUE", "0"),
            ("HASHING_DEADLINE", "2d"),
            ("SIGNING_ALGORITHM", "HS256"),
            ("FURTHER_SIGNING_ALGORITHMS", "ES256,none"),
            ("ACCESS_TOKEN_LIFETIME", "2h"),
            ("SIGNING_KEY_LIFETIME", "59m"),
            ("SIGNING_KEY_LIFETIME", "367d"),
            ("NEW_SECRET", "hunter2"),
            ("ALLOW_INSECURE_HTTP", "yes"),
            ("DATABASE_CONNECTIONS", "1"),
            ("CORS_ORIGINS", "https://a.example,*"),
            ("CORS_ORIGINS", "https://a.example/"),
            ("SECRET", "hunter2"),
            ("MAIL_URL", "https://mail.example"),
            ("MAIL_URL", "smtp://ada:canary@mail.example?tls=none"),
            ("MAIL_FROM", "nobody"),
            ("EVENT_RETENTION", "0"),
            ("MAIL_TEMPLATES", "/nowhere/at/all"),
            ("LOG_FORMAT", "xml"),
            ("LOG_LEVEL", "loud"),
        ] {
            let wrong = check(&[(name, value)]).err().unwrap_or_default();
            assert_eq!(wrong.len(), 1, "{name}={value}: {wrong:?}");
            assert!(!wrong[0].contains("canary"), "{wrong:?}");
        }
        let wrong = check(&[("LOG_LEVEL", "loud"), ("PASSWORD_MINIMUM", "1"), ("THROTTLES", "x")]).err().unwrap();
        assert_eq!(wrong.len(), 3, "all at once: {wrong:?}");
        let pairs = [("DATABASE_CONNECTIONS", "1"), ("DATABASE_URL", "x"), ("PUBLIC_URL", "x"), ("MAIL_FROM", "x")];
        let wrong = check(&pairs).err().unwrap();
        assert_eq!(wrong.len(), 4, "none hides another: {wrong:?}");
        // What they hold is not repeated, also where an engine has made one line of it.
        for key in ["-----BEGIN PRIVATE KEY-----\ncanary", "-----BEGIN PRIVATE KEY-----\\ncanary", "cana\nry"] {
            let wrong = check(&[("TLS_CERTIFICATE", "/etc/registry/tls.crt"), ("TLS_KEY", key)]).err().unwrap();
            assert_eq!(wrong, ["The setting tls_key must be the path of a file."]);
            let wrong = check(&[("TLS_CERTIFICATE", key), ("TLS_KEY", "/etc/registry/tls.key")]).err().unwrap();
            assert_eq!(wrong, ["The setting tls_certificate must be the path of a file."]);
        }
    }

    #[test]
    fn the_public_url_is_where_it_listens_as_far_as_that_can_be_told() {
        let url = |pairs: &[(&str, &str)]| check(pairs).map(|config| config.public_url).ok();
        let tls = [("TLS_CERTIFICATE", "tls.crt"), ("TLS_KEY", "tls.key")];
        assert_eq!(url(&tls).as_deref(), Some("https://127.0.0.1:8080"));
        let unix = ("LISTEN", "unix:/run/registry.sock");
        assert_eq!(url(&[unix]), None);
        assert_eq!(url(&[unix, ("PUBLIC_URL", "https://r.example/")]).as_deref(), Some("https://r.example"));
    }

    #[test]
    fn the_password_minimum_is_the_profiles_and_only_more() {
        let minimum = |pairs: &[(&str, &str)]| check(pairs).map(|config| config.password_minimum).ok();
        let nist = ("PASSWORD_PROFILE", "nist-800-63b-4");
        assert_eq!(minimum(&[]), Some(8));
        assert_eq!(minimum(&[("PASSWORD_MINIMUM", "12")]), Some(12));
        assert_eq!(minimum(&[nist]), Some(15));
        assert_eq!(minimum(&[nist, ("PASSWORD_MINIMUM", "20")]), Some(20));
        let wrong = check(&[nist, ("PASSWORD_MINIMUM", "14")]).err().unwrap();
        let sentence = "The setting password_minimum must be a number from 15, which the profile asks for, to 64.";
        assert_eq!(wrong, [sentence]);
    }

    #[test]
    fn times_have_units() {
        for (text, milliseconds) in
            [("500ms", 500), ("2", 2_000), ("10s", 10_000), ("15m", 900_000), ("1h", 3_600_000), ("2d", 172_800_000)]
        {
            assert_eq!(duration(text), Some(Duration::from_millis(milliseconds)));
        }
        for text in ["", "s", "1w", "-1s", "1.5s", "99999999999s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
