//! Any bytes as an m4 program.
#![no_main]

use std::io::{self, Write};

use canonify::m4::{Console, Files, Finding, Found, Host, NoCommands, Settings, Step, run};
use libfuzzer_sys::fuzz_target;

struct Nothing;

impl Files for Nothing {
    fn read(&mut self, _: &[u8]) -> io::Result<Found> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn temporary(&mut self, _: &[u8]) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn append(&mut self, _: &[u8]) -> io::Result<Box<dyn Write>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Console for Nothing {
    fn output(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn finding(&mut self, _: &Finding<'_>) {}

    fn debug(&mut self, _: &[u8]) {}

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fuzz_target!(|text: &[u8]| {
    let (mut files, mut console) = (Nothing, Nothing);
    let host = Host { files: &mut files, commands: &mut NoCommands, console: &mut console };
    let settings = Settings {
        memory_limit: 16 << 20,
        call_limit: 50_000,
        work_limit: 8 << 20,
        nesting_limit: 20_000,
        ..Settings::default()
    };
    drop(run(host, settings, vec![Step::Text(b"fuzz".to_vec(), text.to_vec())]));
});
