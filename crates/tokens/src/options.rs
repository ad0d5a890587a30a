//! What the configuration says about tokens.

use domain::keys::rows::SigningAlgorithm;

/// What the configuration says about tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The claim `iss`: who issues the tokens.
    pub issuer: String,
    /// The claim `aud`, which is only there if this is.
    pub audience: Option<String>,
    /// What tokens are signed with.
    pub algorithm: SigningAlgorithm,
    /// More algorithms that have keys in the ring, so that services can learn them before they are
    /// used.
    pub further_algorithms: Vec<SigningAlgorithm>,
}

impl Options {
    /// Tokens of this issuer, without an audience, signed with ES256.
    #[must_use]
    pub fn new(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: None,
            algorithm: SigningAlgorithm::Es256,
            further_algorithms: Vec::new(),
        }
    }

    /// Every algorithm that has keys in the ring, each once, the signing one first.
    pub(crate) fn algorithms(&self) -> Vec<SigningAlgorithm> {
        let mut algorithms = vec![self.algorithm];
        for algorithm in &self.further_algorithms {
            if !algorithms.contains(algorithm) {
                algorithms.push(*algorithm);
            }
        }
        algorithms
    }
}
