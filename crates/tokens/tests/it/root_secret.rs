//! What a root secret leaves behind.

use tokens::root_secret::RootSecret;

use crate::freed_memory::{MARK, marks_freed_by};

/// The mark and 24 bytes more, of which only the last are written otherwise in the alphabet of URLs.
const HEX: &str = "1a925d0728aa104bc377296ed41890f1553a0cbe6281dd462f99e0137c01fbff";
const STANDARD: &str = "GpJdByiqEEvDdylu1BiQ8VU6DL5igd1GL5ngE3wB+/8=";
const URL_SAFE: &str = "GpJdByiqEEvDdylu1BiQ8VU6DL5igd1GL5ngE3wB-_8=";

#[test]
fn no_copy_of_it_is_left_in_memory_that_is_freed() {
    assert_eq!(marks_freed_by(|| drop(MARK.to_vec())), 1, "a copy is seen");
    let neither = format!("{}?", &STANDARD[..43]);
    for (text, is_read) in [
        (HEX, true),
        (&HEX[..60], false),
        (STANDARD, true),
        (URL_SAFE, true),
        (&STANDARD[..40], false),
        (&neither, false),
    ] {
        let freed = marks_freed_by(|| assert_eq!(RootSecret::parse(text).is_ok(), is_read, "{text}"));
        assert_eq!(freed, 0, "{text}");
    }
}
