//! What many users ask, one after the other.

use std::sync::Arc;

use domain::ports::entropy::Entropy as _;
use hyper::header::{AUTHORIZATION, HeaderValue};
use memory::entropy::SeededEntropy;

use crate::load::{Call, get};

/// The request of each number, whichever connection comes to it.
pub(crate) type Calls = Arc<dyn Fn(usize) -> Call + Send + Sync>;

/// What a bearer token goes by.
pub(crate) fn bearer(token: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("Bearer {token}")).expect("a token is ASCII")
}

/// The same request with this bearer token.
pub(crate) fn with_bearer(mut call: Call, bearer: HeaderValue) -> Call {
    call.headers_mut().insert(AUTHORIZATION, bearer);
    call
}

/// Gets a path with one token after the other, in random order.
pub(crate) fn readers<'a>(path: &'static str, tokens: impl Iterator<Item = &'a str>) -> Calls {
    let tokens = tokens.map(bearer).collect::<Vec<_>>();
    let order = shuffled(tokens.len());
    Arc::new(move |number| with_bearer(get(path), tokens[order[number % order.len()]].clone()))
}

/// The same request, as a trusted proxy passes it on from this address.
pub(crate) fn from(mut call: Call, [a, b, c, d]: [u8; 4]) -> Call {
    let address = HeaderValue::from_str(&format!("{a}.{b}.{c}.{d}")).expect("an address is ASCII");
    call.headers_mut().insert("x-forwarded-for", address);
    call
}

/// The numbers below `count` in an order that is random, and the same in every run.
pub(crate) fn shuffled(count: usize) -> Vec<usize> {
    let (entropy, mut order) = (SeededEntropy::new(1), (0..count).collect::<Vec<_>>());
    for last in (1..count).rev() {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        let drawn = usize::try_from(u32::from_be_bytes(bytes)).expect("32 bits");
        order.swap(last, drawn % (last + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::shuffled;

    #[test]
    fn every_user_comes_once_in_an_order_that_is_none() {
        let order = shuffled(1_000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..1_000));
        let followers = order.windows(2).filter(|pair| pair[0] + 1 == pair[1]).count();
        assert!(followers < 20, "{followers} users come right after the one before them");
    }
}
