//! A law that nobody stamps is no law.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_law_is_stamped() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let stamped = fs::read_to_string(source.join("lib.rs")).expect("the macro is there");
    let stamped: BTreeSet<_> = stamped.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
    let mut laws = 0;
    for file in fs::read_dir(source.join("laws")).expect("the laws are there") {
        let text = fs::read_to_string(file.expect("a file").path()).expect("it is text");
        for law in text.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
            let name = law.split('(').next().expect("a function has a name");
            assert!(stamped.contains(name), "{name} stands in no line of stamp!");
            laws += 1;
        }
    }
    assert!(laws > 50, "the laws were not found: {laws}");
}
