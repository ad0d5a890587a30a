#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mailer::fuzzing::pattern(data));
