//! Compresses what browsers load and nobody else reads, once, when the program is built.

use std::fs::{File, read};
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

const FILES: [&str; 2] = ["vendor/zxcvbn/core-4.2.0.js", "vendor/zxcvbn/language-common-4.1.3.js"];

#[expect(clippy::disallowed_methods, reason = "cargo tells build scripts by the environment where to write")]
fn main() -> io::Result<()> {
    let directory = std::env::var("OUT_DIR").map_err(io::Error::other)?;
    for file in FILES {
        println!("cargo::rerun-if-changed={file}");
        let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let compressed = File::create(Path::new(&directory).join(format!("{name}.gz")))?;
        let mut encoder = GzEncoder::new(compressed, Compression::best());
        encoder.write_all(&read(file)?)?;
        encoder.finish()?;
    }
    Ok(())
}
