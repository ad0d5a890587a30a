//! The log: structured, on standard error.

use std::io::IsTerminal as _;

use tracing::Level;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::checked::LogFormat;

/// Starts the log: text on a terminal, JSON otherwise, unless the settings say which. What the
/// libraries say below a warning is left out.
pub(crate) fn start(format: LogFormat, level: Level) {
    let json = match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let ours = ["user_registry", "http_api", "web_ui", "tokens", "passwords", "persistence", "domain"];
    let targets = tracing_subscriber::filter::Targets::new()
        .with_default(LevelFilter::from_level(level.min(Level::WARN)))
        .with_targets(ours.map(|target| (target, LevelFilter::from_level(level))));
    let registry = tracing_subscriber::registry().with(targets);
    if json {
        registry
            .with(tracing_subscriber::fmt::layer().json().with_span_list(false).with_writer(std::io::stderr))
            .init();
    } else {
        registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).init();
    }
}
