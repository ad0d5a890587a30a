#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    web_ui::fuzzing::next(data, fuzz::text::stays_on_site, fuzz::text::origin_of);
});
