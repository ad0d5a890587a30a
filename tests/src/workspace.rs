//! Where things stand in this checkout.

use std::path::{Path, PathBuf};

/// The top folder of the checkout.
///
/// # Panics
/// When this package has moved.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ stands in the top folder").into()
}

/// The program, as the same build has made it.
///
/// # Panics
/// When it was not built: `cargo test --workspace` builds it.
#[must_use]
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let folder = test.parent().and_then(Path::parent).expect("tests stand in target/<profile>/deps");
    let program = folder.join("user-registry");
    assert!(program.exists(), "{} is missing: run the tests with --workspace", program.display());
    program
}
