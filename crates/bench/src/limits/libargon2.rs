//! The same hash by the C library, where it is installed.
#![expect(unsafe_code, reason = "a C library has no safe interface, and only this file calls one")]

use std::ffi::{c_int, c_void};
use std::path::Path;
use std::time::Duration;

use libloading::{Library, Symbol};
use passwords::argon2id::{TAG_BYTES, bare_hash};
use passwords::cost::{Cost, LEAST_MEMORY_KIB, LEAST_PASSES};
use passwords::memory_blocks::MemoryBlocks;

use super::hash::cpu_of_this_thread;
use crate::registry::PASSWORD;

/// As Debian ships it: built for every processor of the architecture.
pub(crate) const DEBIANS: &str = "libargon2.so.1";
const SALT: &[u8] = b"0123456789abcdef";
type Tag = [u8; TAG_BYTES];

/// `argon2id_hash_raw` of the file `argon2.h`, version 20190702.
type HashRaw = unsafe extern "C" fn(
    passes: u32,
    memory_kib: u32,
    lanes: u32,
    password: *const c_void,
    password_length: usize,
    salt: *const c_void,
    salt_length: usize,
    tag: *mut c_void,
    tag_length: usize,
) -> c_int;

/// The CPU time of `count` of our hashes and of as many of the library's, one after the other in turns; `None` where
/// it is not installed.
pub(crate) fn in_turns(file: &Path, count: usize) -> Option<Vec<[Duration; 2]>> {
    // SAFETY: what the library does when it is loaded is nothing.
    let library = unsafe { Library::new(file) }.ok()?;
    // SAFETY: the function has had this type since its first version with this number of the interface.
    let theirs = unsafe { library.get::<HashRaw>(b"argon2id_hash_raw") }.ok()?;
    let cost = Cost::new(LEAST_MEMORY_KIB, LEAST_PASSES, 1).expect("the server's own cost");
    let mut blocks = MemoryBlocks::map(LEAST_MEMORY_KIB).expect("memory for one hash");
    let mut ours = || bare_hash(cost, SALT, PASSWORD.as_bytes(), &mut blocks).expect("a hash");
    // They are the same function, and our memory is faulted in.
    assert_eq!(ours(), hash_by(&theirs), "both compute argon2id");
    let timed = |hash: &mut dyn FnMut() -> Tag| {
        let before = cpu_of_this_thread();
        hash();
        cpu_of_this_thread() - before
    };
    Some((0..count).map(|_| [timed(&mut ours), timed(&mut || hash_by(&theirs))]).collect())
}

fn hash_by(function: &Symbol<'_, HashRaw>) -> Tag {
    let mut tag = [0; TAG_BYTES];
    let (password, salt) = (PASSWORD.as_ptr().cast(), SALT.as_ptr().cast());
    // SAFETY: each pointer is to as many bytes as its length says, and they live as long as the call.
    let code = unsafe {
        function(
            LEAST_PASSES,
            LEAST_MEMORY_KIB,
            1,
            password,
            PASSWORD.len(),
            salt,
            SALT.len(),
            tag.as_mut_ptr().cast(),
            TAG_BYTES,
        )
    };
    assert_eq!(code, 0, "the library hashes");
    tag
}
