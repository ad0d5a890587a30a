//! The pages of the program file that only the start needed.
//!
//! Reading settings, migrations and relocations touch most of the program file, sixteen pages for each that is
//! needed. What is served afterwards needs a part of them; the rest would be counted as held by a process that
//! never looks at it again.
#![cfg_attr(
    all(target_os = "linux", target_pointer_width = "64"),
    expect(unsafe_code, reason = "giving pages back needs the system's own calls")
)]

/// Gives them back to the system: whatever is needed again comes from the cache of the file, or from the disk.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub(crate) fn give_back() {
    // SAFETY: the function is one for this call, and asks for no data.
    unsafe { libc::dl_iterate_phdr(Some(give_back_program), std::ptr::null_mut()) };
}

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub(crate) fn give_back() {}

/// Is called with what is loaded, the program first, until it returns another number than 0: see `dl_iterate_phdr(3)`.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
unsafe extern "C" fn give_back_program(
    program: *mut libc::dl_phdr_info,
    _size: usize,
    _data: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the caller hands over one that lives as long as this call, with as many headers as it says.
    let (base, segments) = unsafe {
        let program = &*program;
        (program.dlpi_addr, std::slice::from_raw_parts(program.dlpi_phdr, program.dlpi_phnum.into()))
    };
    // What was loaded to be written holds relocated addresses, even where it may only be read since.
    let segments =
        segments.iter().filter(|segment| segment.p_type == libc::PT_LOAD && segment.p_flags & libc::PF_W == 0);
    for segment in segments {
        let start = base + segment.p_vaddr;
        let Some(pages) = whole_pages(start, start + segment.p_memsz) else { continue };
        // SAFETY: the program stays loaded as long as it runs, and nothing writes to these segments, so each page of
        // them reads again as it did.
        unsafe {
            let first = std::ptr::with_exposed_provenance_mut(pages.start);
            libc::madvise(first, pages.len(), libc::MADV_DONTNEED);
        }
    }
    1
}

/// The pages that lie in these addresses as a whole.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn whole_pages(start: u64, end: u64) -> Option<std::ops::Range<usize>> {
    let page = u64::try_from(rustix::param::page_size()).ok()?;
    let (start, end) = (start.next_multiple_of(page), end - end % page);
    (start < end).then_some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use super::*;

    /// What the process holds of files, in KiB, as `proc_pid_status(5)` tells.
    fn of_files() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells it");
        let size = status.lines().find_map(|line| line.strip_prefix("RssFile:")).expect("it is told");
        size.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    #[test]
    fn a_process_goes_on_with_less_in_memory() {
        let before = of_files();
        give_back();
        let after = of_files();
        assert!(after < before, "{before} KiB, and then {after}");
    }

    #[test]
    fn no_page_is_given_back_that_others_use_as_well() {
        let page = rustix::param::page_size();
        let addresses = |start, end| whole_pages(u64::try_from(start).unwrap(), u64::try_from(end).unwrap());
        assert_eq!(addresses(page, 3 * page), Some(page..3 * page));
        assert_eq!(addresses(page - 1, 3 * page + 1), Some(page..3 * page));
        assert_eq!(addresses(page + 1, 3 * page), Some(2 * page..3 * page));
        assert_eq!(addresses(page + 1, 3 * page - 1), None);
    }
}
