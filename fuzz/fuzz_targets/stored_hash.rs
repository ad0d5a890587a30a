#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| passwords::fuzzing::stored_hash(data));
