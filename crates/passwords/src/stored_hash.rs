//! Hashes as they are stored: PHC strings, measured before they are trusted.

use std::fmt;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Block, Version};

use crate::argon2id::{Function, HashError, TAG_BYTES};
use crate::cost::{Cost, CostError};
use crate::limits::{LimitError, Limits};

/// Longer than any hash with the longest salt and tag.
const MOST_CHARACTERS: usize = 256;
/// A shorter tag is guessed too soon.
const LEAST_TAG_BYTES: usize = 16;

/// A hash that a password can be compared with at a known cost.
pub(crate) struct StoredHash {
    function: Function,
    cost: Cost,
    salt: Salt,
    tag: Output,
}

/// Why a stored string is not compared. No sentence repeats the string.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoredHashError {
    #[error("a stored password hash has {0} characters; at most {MOST_CHARACTERS} are read")]
    Long(usize),
    #[error("a stored password hash is no PHC string")]
    Form,
    #[error("a stored password hash is of another kind than argon2id, argon2i and argon2d")]
    Algorithm,
    #[error("a stored password hash has a version of argon2 other than 16 and 19")]
    Version,
    #[error("a stored password hash has parameters other than m, t and p")]
    Parameters,
    #[error("a stored password hash has a tag of {0} bytes; it must have at least {LEAST_TAG_BYTES}")]
    ShortTag(usize),
    #[error("the cost of a stored password hash is beyond bounds: {0}")]
    Cost(#[from] CostError),
    #[error("a stored password hash costs too much: {0}")]
    TooDear(#[from] LimitError),
}

impl StoredHash {
    /// A new hash of `password`, of the current function, with a salt from the operating system.
    pub(crate) fn create(cost: Cost, password: &[u8], blocks: &mut [Block]) -> Result<Self, HashError> {
        let (function, salt) = (Function::CURRENT, Salt::generate());
        let mut tag = [0; TAG_BYTES];
        function.fill_tag(cost, &salt, password, blocks, &mut tag)?;
        Ok(Self { function, cost, salt, tag: output(&tag) })
    }

    /// A hash of the current function that no password is known for, and that cost nothing to make.
    pub(crate) fn of_nobody(cost: Cost) -> Self {
        let mut tag = [0; TAG_BYTES];
        for half in tag.chunks_exact_mut(Salt::RECOMMENDED_LENGTH) {
            half.copy_from_slice(&Salt::generate());
        }
        Self { function: Function::CURRENT, cost, salt: Salt::generate(), tag: output(&tag) }
    }

    /// Reads a stored string and refuses what would cost too much, or is too weak to be a hash.
    pub(crate) fn parse(text: &str, limits: Limits) -> Result<Self, StoredHashError> {
        if text.len() > MOST_CHARACTERS {
            return Err(StoredHashError::Long(text.len()));
        }
        let phc = PasswordHash::new(text).map_err(|_| StoredHashError::Form)?;
        let function = function(&phc)?;
        let cost = cost(&phc.params)?;
        limits.check(cost)?;
        let (Some(salt), Some(tag)) = (phc.salt, phc.hash) else {
            return Err(StoredHashError::Form);
        };
        if tag.len() < LEAST_TAG_BYTES {
            return Err(StoredHashError::ShortTag(tag.len()));
        }
        Ok(Self { function, cost, salt, tag })
    }

    pub(crate) const fn cost(&self) -> Cost {
        self.cost
    }

    /// Whether it is a hash of `password`. The tags are compared in constant time.
    pub(crate) fn matches(&self, password: &[u8], blocks: &mut [Block]) -> Result<bool, HashError> {
        let mut buffer = [0; Output::MAX_LENGTH];
        let tag = &mut buffer[..self.tag.len()];
        self.function.fill_tag(self.cost, &self.salt, password, blocks, tag)?;
        // `Output` compares without a branch on its bytes.
        Ok(output(tag) == self.tag)
    }

    /// Whether a new hash of this cost would be stronger, or of a better function.
    pub(crate) fn is_outdated(&self, configured: Cost) -> bool {
        self.function != Function::CURRENT
            || configured.is_stronger_than(self.cost)
            || self.salt.len() < Salt::RECOMMENDED_LENGTH
            || self.tag.len() < TAG_BYTES
    }
}

impl fmt::Display for StoredHash {
    /// The PHC string, with the parameters in the order of its specification.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { function, cost, salt, tag } = self;
        let (algorithm, version) = (function.algorithm, u32::from(function.version));
        let (memory, passes, lanes) = (cost.memory_kib(), cost.passes(), cost.lanes());
        write!(f, "${algorithm}$v={version}$m={memory},t={passes},p={lanes}${salt}${tag}")
    }
}

fn output(tag: &[u8]) -> Output {
    Output::new(tag).expect("a tag has between 10 and 64 bytes")
}

fn function(phc: &PasswordHash) -> Result<Function, StoredHashError> {
    let algorithm = Algorithm::try_from(phc.algorithm.as_str()).map_err(|_| StoredHashError::Algorithm)?;
    // A string without a version is older than the field, and so than version 19.
    let version = phc.version.unwrap_or(Version::V0x10.into());
    let version = Version::try_from(version).map_err(|_| StoredHashError::Version)?;
    Ok(Function { algorithm, version })
}

fn cost(parameters: &ParamsString) -> Result<Cost, StoredHashError> {
    let [memory, passes, lanes] = ["m", "t", "p"].map(|name| parameters.get_decimal(name));
    match (memory, passes, lanes) {
        (Some(memory), Some(passes), Some(lanes)) if parameters.iter().count() == 3 => {
            Ok(Cost::new(memory, passes, lanes)?)
        }
        _ => Err(StoredHashError::Parameters),
    }
}

#[cfg(test)]
mod tests {
    use super::{StoredHash, StoredHashError};
    use crate::cost::{Cost, CostError};
    use crate::limits::{LimitError, Limits};
    use crate::memory_blocks::MemoryBlocks;

    const MOST_KIB: u32 = 65_536;
    const PASSWORD: &[u8] = b"correct horse";

    /// Computed by the reference implementation in C (PyPI `argon2-cffi` 25.1.0), all of
    /// `correct horse`.
    const KNOWN: [&str; 12] = [
        "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk",
        "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$L1b1NjppUoj/KIEORq1pof4waLxklM0mqKZzt9nCsKI",
        "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MjZP1+1U9JUbDWvDvtLyEsZiNXOKEUxfi6O2oe46uxA",
        "$argon2id$v=19$m=64,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$XeeXZAxxzl4dvhftF7p9JJrbwg2wMEYOhL1MMlEBhE4",
        "$argon2id$v=19$m=65,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$KxHJVnDhYiqapfnvMKeTi+2dhloGGVx5CNFaXfo7kf8",
        "$argon2id$v=19$m=128,t=2,p=4$MDEyMzQ1Njc4OWFiY2RlZg$e1IKJLUDu8EHFtYdbPioBZE0pBoGqpL4BD7CTwBa9YI",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$3j0+S6gGV20Zdm+eoztdkLUvOKbucBG7gA8asDqV4P8",
        "$argon2id$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$YOFfoFCP/LuJgEgcVZ/ATw",
        "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\
         $2Hww7e2OoOa8uPAd+IqiIY2cgxJ6jk7ULBFGFFwQZheyvbINlKF7gLAgjwEwhkNiF76k3JctkzbOEsKc8PvKuQ",
        "$argon2i$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$upMolgTkMlwbVBjdk8MFwkTNVPmQTsViYFz5ZF/pVVg",
        "$argon2d$v=19$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$yKlBuXMyPSQ2Ltk1+t0pQsoKwkaTMFgDcq5mzUVT8GI",
        "$argon2id$v=16$m=64,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$8qQEkLG14QwsOeP8vYfWOPvFwEgwFYUQZ8mRBY7QjtU",
    ];

    fn weak() -> Cost {
        Cost::new(64, 1, 1).unwrap()
    }

    /// Those of a budget of twice the memory.
    fn limits() -> Limits {
        Limits::new(weak(), 2 * MOST_KIB)
    }

    fn blocks() -> MemoryBlocks {
        MemoryBlocks::map(MOST_KIB).unwrap()
    }

    fn refused(text: &str) -> StoredHashError {
        StoredHash::parse(text, limits()).map(|_| ()).unwrap_err()
    }

    #[test]
    fn the_hashes_of_another_implementation_match_and_are_written_alike() {
        let mut blocks = blocks();
        for text in KNOWN {
            let hash = StoredHash::parse(text, limits()).unwrap();
            assert!(hash.matches(PASSWORD, blocks.as_mut_slice()).unwrap(), "{text}");
            assert!(!hash.matches(b"correct Horse", blocks.as_mut_slice()).unwrap(), "{text}");
            assert_eq!(hash.to_string(), text);
        }
    }

    #[test]
    fn a_string_without_version_is_of_the_version_before_there_was_one() {
        let hash = StoredHash::parse(&KNOWN[11].replace("$v=16", ""), limits()).unwrap();
        assert!(hash.matches(PASSWORD, blocks().as_mut_slice()).unwrap());
    }

    #[test]
    fn a_new_hash_has_a_salt_of_its_own_and_reads_back() {
        let mut blocks = blocks();
        let mut create = || StoredHash::create(weak(), PASSWORD, blocks.as_mut_slice()).unwrap().to_string();
        let (one, other) = (create(), create());
        assert_ne!(one, other);
        // 16 bytes of salt are 22 characters, 32 bytes of tag are 43.
        let lengths: Vec<_> = one.split('$').map(str::len).collect();
        assert_eq!(lengths, [0, 8, 4, 12, 22, 43]);
        let read = StoredHash::parse(&one, limits()).unwrap();
        assert!(read.matches(PASSWORD, blocks.as_mut_slice()).unwrap());
        assert!(!read.is_outdated(weak()));
    }

    #[test]
    fn the_hash_of_nobody_differs_each_time_and_costs_what_is_configured() {
        let (one, other) = (StoredHash::of_nobody(weak()), StoredHash::of_nobody(weak()));
        assert_ne!(one.to_string(), other.to_string());
        assert_eq!(StoredHash::parse(&one.to_string(), limits()).unwrap().cost(), weak());
    }

    #[test]
    fn weaker_hashes_and_other_functions_are_outdated() {
        let outdated = |text: &str, cost| StoredHash::parse(text, limits()).unwrap().is_outdated(cost);
        let default = Cost::new(19_456, 2, 1).unwrap();
        assert!(!outdated(KNOWN[0], default));
        assert!(!outdated(KNOWN[1], default), "a stronger hash stays");
        assert!(outdated(KNOWN[0], Cost::new(19_456, 3, 1).unwrap()));
        assert!(outdated(KNOWN[0], Cost::new(19_457, 2, 1).unwrap()));
        assert!(outdated(KNOWN[2], default));
        assert!(!outdated(KNOWN[2], weak()));
        for (text, why) in [
            (KNOWN[6], "short salt"),
            (KNOWN[7], "short tag"),
            (KNOWN[9], "argon2i"),
            (KNOWN[10], "argon2d"),
            (KNOWN[11], "version 16"),
        ] {
            assert!(outdated(text, weak()), "{why}");
        }
    }

    #[test]
    fn a_cost_beyond_the_caps_is_refused_unread() {
        let with = |cost: &str| refused(&KNOWN[0].replace("m=19456,t=2,p=1", cost));
        assert_eq!(with("m=4294967295,t=2,p=1"), CostError::TooMuchMemory(u32::MAX).into());
        assert_eq!(with("m=19456,t=4294967295,p=1"), CostError::Passes(u32::MAX).into());
        assert_eq!(with("m=19456,t=0,p=1"), CostError::Passes(0).into());
        assert_eq!(with("m=19456,t=2,p=17"), CostError::Lanes(17).into());
        assert_eq!(with("m=7,t=2,p=1"), CostError::TooLittleMemory { memory_kib: 7, lanes: 1 }.into());
        let large = LimitError::Memory { memory_kib: 65_537, most_kib: MOST_KIB };
        assert_eq!(with("m=65537,t=2,p=1"), large.into());
        assert_eq!(with("m=65536,t=16,p=16"), LimitError::Work { work: 1_048_576, most: 196_608 }.into());
        assert_eq!(with("m=4294967296,t=2,p=1"), StoredHashError::Parameters);
    }

    #[test]
    fn what_is_no_hash_of_this_family_is_refused() {
        let salt_and_tag = KNOWN[0].split("p=1").nth(1).unwrap();
        for (text, error) in [
            (String::new(), StoredHashError::Form),
            ("password".into(), StoredHashError::Form),
            ("$".into(), StoredHashError::Form),
            ("$argon2id".into(), StoredHashError::Parameters),
            ("$2b$12$abcdefghijklmnopqrstuuM5ZlOxV3dQyVqNTlGfYb0bF4Zl2Gm3a".into(), StoredHashError::Form),
            (format!("$scrypt$m=64,t=1,p=1{salt_and_tag}"), StoredHashError::Algorithm),
            (KNOWN[0].replace("v=19", "v=20"), StoredHashError::Version),
            (KNOWN[0].replace(",p=1", ""), StoredHashError::Parameters),
            (KNOWN[0].replace("p=1", "p=1,x=1"), StoredHashError::Parameters),
            (KNOWN[0].replace("p=1", "p=1,data=AAAA"), StoredHashError::Parameters),
            (KNOWN[0].replace("t=2", "t=02"), StoredHashError::Parameters),
            (KNOWN[0].replace("t=2", "t=-2"), StoredHashError::Parameters),
            (format!("{}$AAAA", KNOWN[0]), StoredHashError::Form),
            (KNOWN[0].rsplit_once('$').unwrap().0.into(), StoredHashError::Form),
            (KNOWN[6].replace("c29tZXNhbHQ", "c2FsdA"), StoredHashError::Form),
            ("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAA".into(), StoredHashError::ShortTag(15)),
            (format!("{}{}", KNOWN[0], "A".repeat(200)), StoredHashError::Long(297)),
        ] {
            assert_eq!(refused(&text), error, "{text}");
        }
    }

    #[test]
    fn no_refusal_repeats_the_hash() {
        for text in [
            format!("{}$AAAA", KNOWN[0]),
            KNOWN[0].replace("v=19", "v=20"),
            KNOWN[0].replace("m=19456", "m=65537"),
            KNOWN[0].replace("t=2", "t=99"),
        ] {
            let error = refused(&text);
            for part in KNOWN[0].split('$').skip(4) {
                assert!(!format!("{error} {error:?}").contains(part), "{error:?}");
            }
        }
    }
}
