//! Cheap stand-ins for cryptography: they spread bits, and withstand nobody.

/// The hash FNV-1a of 64 bits, begun with a key.
pub(crate) fn fnv(key: u64, bytes: &[u8]) -> u64 {
    let start = mix(key ^ 0xcbf2_9ce4_8422_2325);
    mix(bytes.iter().fold(start, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// 32 bytes that depend on key, purpose and message.
pub(crate) fn code(key: u64, purpose: &str, message: &[u8]) -> [u8; 32] {
    let mut code = [0; 32];
    let key = fnv(key, purpose.as_bytes());
    for (number, part) in (0_u64..).zip(code.chunks_mut(8)) {
        part.copy_from_slice(&fnv(key.wrapping_add(number), message).to_be_bytes());
    }
    code
}

/// The finaliser of splitmix64: different numbers stay different.
pub(crate) const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
