#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| caffemodel_fuzz::deploy(bytes));
