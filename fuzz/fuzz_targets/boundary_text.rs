#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| web_ui::fuzzing::boundary_text(data));
