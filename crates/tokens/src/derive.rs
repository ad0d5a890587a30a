//! Keys from keys: HKDF (RFC 5869) with SHA-256.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

/// The 32 bytes that HKDF gives for this secret, salt and info.
pub(crate) fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut derived = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], HKDF_SHA256)
        .and_then(|material| material.fill(derived.as_mut_slice()))
        .expect("one block of output is always within what HKDF gives");
    derived
}

#[cfg(test)]
mod tests {
    use super::derive;
    use domain::sessions::opaque::{hex, unhex};

    /// The first and the third test case of RFC 5869, appendix A, up to the length that we take.
    #[test]
    fn it_answers_as_the_standard_says() {
        for (salt, info, expected) in [
            (
                "000102030405060708090a0b0c",
                "f0f1f2f3f4f5f6f7f8f9",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
            ),
            ("", "", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"),
        ] {
            let (salt, info) = (unhex(salt).unwrap(), unhex(info).unwrap());
            assert_eq!(hex(derive(&[0x0b; 22], &salt, &info).as_slice()), expected);
        }
    }
}
