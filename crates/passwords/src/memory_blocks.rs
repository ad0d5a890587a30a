//! The memory that one thread hashes in, taken from the system once and used again and again.
//!
//! Its code is unsafe, as that of one other module of the program (`start_pages` of the server): the allocator can
//! neither promise huge pages nor give the pages of a live allocation back, and both decide what a hash costs.
#![expect(unsafe_code, reason = "huge pages and giving pages back need the system's own calls")]

use std::io;
use std::ptr::{self, NonNull};
use std::slice;

use argon2::Block;

/// The size and alignment of a huge page, in bytes.
const HUGE_PAGE: usize = 2 * 1024 * 1024;

/// A region of 1 KiB blocks: private to this process, aligned to 2 MiB, in huge pages where the
/// system has them, and left out of core dumps where the system can.
///
/// Mapping costs nothing but addresses: a page takes memory only when a hash first touches it, and
/// until [`MemoryBlocks::give_back`] is called.
#[derive(Debug)]
pub struct MemoryBlocks {
    mapping: NonNull<libc::c_void>,
    mapped_bytes: usize,
    first: NonNull<Block>,
    count: usize,
}

// SAFETY: the mapping belongs to this value alone, and nothing in it is bound to a thread.
unsafe impl Send for MemoryBlocks {}

impl MemoryBlocks {
    /// Maps room for `kib` blocks of 1 KiB.
    ///
    /// # Errors
    /// The system's own error when it has no addresses left, or allows this process no more.
    pub fn map(kib: u32) -> io::Result<Self> {
        let count = usize::try_from(kib).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mapped_bytes = count
            .checked_mul(Block::SIZE)
            .and_then(|bytes| bytes.checked_add(HUGE_PAGE))
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let mapping = map_anonymous(mapped_bytes)?;
        let offset = mapping.as_ptr().align_offset(HUGE_PAGE);
        // SAFETY: the mapping is one huge page longer than the blocks need, so an offset below one
        // huge page keeps all of them inside it; a 2 MiB boundary is aligned for any block.
        let first = unsafe { mapping.byte_add(offset) }.cast::<Block>();
        let region = Self { mapping, mapped_bytes, first, count };
        region.advise_at_start();
        Ok(region)
    }

    /// The blocks. They hold whatever the last hash left in them, or zeros.
    pub fn as_mut_slice(&mut self) -> &mut [Block] {
        // SAFETY: `count` blocks from `first` on lie inside the mapping, which lives as long as
        // `self` and is reached through `&mut self` alone. A block is plain numbers: any bytes are
        // a valid value, those of a fresh page too.
        unsafe { slice::from_raw_parts_mut(self.first.as_ptr(), self.count) }
    }

    /// Gives the pages back to the system. The blocks stay usable; on Linux they read as zeros.
    pub fn give_back(&mut self) {
        self.advise(self.bytes(), libc::MADV_DONTNEED);
    }

    fn bytes(&self) -> usize {
        self.count * Block::SIZE
    }

    /// Asks for huge pages, but only where a whole one fits, so that the region never takes more
    /// memory than its blocks; and keeps what passwords leave behind out of core dumps.
    #[cfg(target_os = "linux")]
    fn advise_at_start(&self) {
        self.advise(self.bytes() - self.bytes() % HUGE_PAGE, libc::MADV_HUGEPAGE);
        self.advise(self.bytes(), libc::MADV_DONTDUMP);
    }

    #[cfg(not(target_os = "linux"))]
    fn advise_at_start(&self) {}

    /// Advice is advice: a system that does not take it (a kernel without huge pages) hashes all
    /// the same, so its error is of no use to anyone.
    fn advise(&self, bytes: usize, advice: libc::c_int) {
        // SAFETY: the range lies inside the mapping of this value. None of the advice used here
        // ends the mapping; `MADV_DONTNEED` changes bytes, and only `give_back` passes it, which
        // holds the value exclusively.
        unsafe { libc::madvise(self.first.as_ptr().cast(), bytes, advice) };
    }
}

impl Drop for MemoryBlocks {
    fn drop(&mut self) {
        // SAFETY: exactly what `map_anonymous` mapped, once; no slice of it outlives the value.
        unsafe { libc::munmap(self.mapping.as_ptr(), self.mapped_bytes) };
    }
}

fn map_anonymous(bytes: usize) -> io::Result<NonNull<libc::c_void>> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new anonymous mapping at an address of the system's choice touches no other memory.
    let mapping = unsafe { libc::mmap(ptr::null_mut(), bytes, protection, flags, -1, 0) };
    if mapping == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(mapping).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Argon2, Params, Version};

    use super::{HUGE_PAGE, MemoryBlocks};

    fn fill(blocks: &mut MemoryBlocks, kib: u32) {
        let params = Params::new(kib, 1, 1, None).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .fill_memory(b"password", b"somesalt", blocks.as_mut_slice())
            .unwrap();
    }

    fn is_zero(blocks: &mut MemoryBlocks) -> bool {
        blocks.as_mut_slice().iter().all(|block| block.as_ref().iter().all(|word| *word == 0))
    }

    #[test]
    fn a_region_is_aligned_to_a_huge_page_and_has_the_size_asked_for() {
        for kib in [8, 1024, 2048, 5000] {
            let mut blocks = MemoryBlocks::map(kib).unwrap();
            let slice = blocks.as_mut_slice();
            assert_eq!(slice.as_ptr().align_offset(HUGE_PAGE), 0);
            assert_eq!(slice.len(), kib as usize);
        }
    }

    #[test]
    fn a_region_can_be_written_to_its_last_block() {
        let mut blocks = MemoryBlocks::map(5000).unwrap();
        fill(&mut blocks, 5000);
        assert!(blocks.as_mut_slice()[4999].as_ref().iter().any(|word| *word != 0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_was_given_back_reads_as_zeros_and_can_be_used_again() {
        let mut blocks = MemoryBlocks::map(5000).unwrap();
        assert!(is_zero(&mut blocks));
        fill(&mut blocks, 5000);
        assert!(!is_zero(&mut blocks));
        blocks.give_back();
        assert!(is_zero(&mut blocks));
        fill(&mut blocks, 5000);
        assert!(!is_zero(&mut blocks));
    }

    #[test]
    fn a_region_that_the_system_cannot_map_is_an_error() {
        // 4 TiB by region: the addresses of a process end before a hundred of them.
        let regions: Vec<_> = (0..100).map(|_| MemoryBlocks::map(u32::MAX)).collect();
        assert!(regions.iter().any(Result::is_err));
    }
}
