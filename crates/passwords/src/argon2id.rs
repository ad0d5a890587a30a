//! One hash, on the thread of the caller.

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::cost::Cost;
use crate::memory_blocks::MemoryBlocks;

/// The bytes of a tag that this crate makes.
pub const TAG_BYTES: usize = 32;

/// A hash that could not be computed, as the hash function words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("argon2: {0}")]
pub struct HashError(argon2::Error);

/// The argon2id tag (RFC 9106, version 0x13) of a password: the bare work behind every new hash.
///
/// It is what the pool computes, without the pool: a measure for benchmarks.
///
/// # Errors
/// When `blocks` are fewer than the cost asks for, or the salt is shorter than 8 bytes.
pub fn bare_hash(
    cost: Cost,
    salt: &[u8],
    password: &[u8],
    blocks: &mut MemoryBlocks,
) -> Result<[u8; TAG_BYTES], HashError> {
    let mut tag = [0; TAG_BYTES];
    Function::CURRENT.fill_tag(cost, salt, password, blocks.as_mut_slice(), &mut tag)?;
    Ok(tag)
}

/// One of the hash functions of RFC 9106.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) algorithm: Algorithm,
    pub(crate) version: Version,
}

impl Function {
    /// That of every new hash.
    pub(crate) const CURRENT: Self = Self { algorithm: Algorithm::Argon2id, version: Version::V0x13 };

    /// Computes as many bytes of tag as there is room for.
    pub(crate) fn fill_tag(
        self,
        cost: Cost,
        salt: &[u8],
        password: &[u8],
        blocks: &mut [Block],
        tag: &mut [u8],
    ) -> Result<(), HashError> {
        Params::new(cost.memory_kib(), cost.passes(), cost.lanes(), Some(tag.len()))
            .and_then(|params| {
                Argon2::new(self.algorithm, self.version, params)
                    .hash_password_into_with_memory(password, salt, tag, blocks)
            })
            .map_err(HashError)
    }
}

#[cfg(test)]
mod tests {
    use super::bare_hash;
    use crate::cost::Cost;
    use crate::memory_blocks::MemoryBlocks;

    #[test]
    fn too_few_blocks_are_an_error() {
        let mut blocks = MemoryBlocks::map(63).unwrap();
        let cost = Cost::new(64, 1, 1).unwrap();
        let error = bare_hash(cost, b"somesalt", b"password", &mut blocks).unwrap_err();
        assert!(error.to_string().starts_with("argon2: "), "{error}");
    }

    #[test]
    fn a_short_salt_is_an_error() {
        let mut blocks = MemoryBlocks::map(64).unwrap();
        assert!(bare_hash(Cost::new(64, 1, 1).unwrap(), b"salt", b"password", &mut blocks).is_err());
    }
}
