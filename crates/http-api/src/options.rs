//! What the configuration says about the API.

use std::time::Duration;

/// What the configuration says about the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the installation is reached, without a slash at its end; problem types begin with it.
    pub public_url: String,
    /// The origins whose scripts may call the API, without credentials; none by default.
    pub cors_origins: Vec<String>,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
}
