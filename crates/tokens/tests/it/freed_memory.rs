//! An allocator that looks at what is given back to it.
#![expect(unsafe_code, reason = "only an allocator sees memory that is freed")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is looked for: eight bytes that no other memory of a test holds.
pub(crate) const MARK: [u8; 8] = [0x1a, 0x92, 0x5d, 0x07, 0x28, 0xaa, 0x10, 0x4b];

/// How often memory was freed with the mark in it.
static FREED: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// The allocator of the system, which grows nothing in place here: what is outgrown is freed.
struct Watching;

// SAFETY: every call is passed on to the system's allocator with the layout that it was made with.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Zeroed, so that all of it can be read when it is freed.
        // SAFETY: the caller promises what the system's allocator asks for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's until it is freed below, and as long as its layout says.
        let bytes = unsafe { slice::from_raw_parts(block, layout.size()) };
        if bytes.windows(MARK.len()).any(|window| window == MARK) {
            FREED.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller promises that the block came from `alloc` with this layout.
        unsafe { System.dealloc(block, layout) };
    }
}

/// How often the mark was in memory that was freed meanwhile.
pub(crate) fn marks_freed_by(work: impl FnOnce()) -> usize {
    let before = FREED.load(Ordering::Relaxed);
    work();
    FREED.load(Ordering::Relaxed) - before
}
