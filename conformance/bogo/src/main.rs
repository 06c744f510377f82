//! warifu as BoringSSL's TLS test runner drives it: one process for each test, all of it said by options, the outcome by exit
//! status and standard error. `docs/conformance/bogo.md` tells how to run it.

mod check;
mod ciphers;
mod config;
mod decisions;
mod exchange;
mod failure;
mod options;
mod pending;
mod token;
mod transport;

use std::process::ExitCode;

use config::Memory;
use failure::Failure;
use options::{AllOptions, Unimplemented};

/// What tells the runner that a test cannot be run.
const UNIMPLEMENTED: u8 = 89;
/// What tells it that a test has failed whatever was expected.
const MUST_FAIL: u8 = 90;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    // Asked before all tests: whether handshakes can be moved to another process.
    if arguments.len() == 1
        && std::env::args_os().nth(1).as_deref() == Some("-is-handshaker-supported".as_ref())
    {
        println!("No");
        return ExitCode::SUCCESS;
    }
    let outcome = AllOptions::parse(arguments)
        .map_err(Failure::from)
        .and_then(|options| run(&options));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Unimplemented(Unimplemented(what))) => {
            eprintln!("not implemented: {what}");
            ExitCode::from(UNIMPLEMENTED)
        }
        Err(Failure::Tls(error)) => {
            eprintln!(":{}:\n{error}", token::of(&error));
            ExitCode::FAILURE
        }
        Err(Failure::NoVersion) => {
            eprintln!(":{}:", token::NO_VERSION);
            ExitCode::FAILURE
        }
        Err(Failure::ApplicationDataOnShutdown) => {
            eprintln!(":{}:", token::DATA_ON_SHUTDOWN);
            ExitCode::FAILURE
        }
        Err(Failure::Io(error)) => {
            eprintln!("transport: {error}");
            ExitCode::FAILURE
        }
        Err(Failure::Mismatch(what)) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
        Err(Failure::Inconsistent(what)) => {
            eprintln!("{what}");
            ExitCode::from(MUST_FAIL)
        }
    }
}

/// All connections of a test.
fn run(options: &AllOptions) -> Result<(), Failure> {
    let memory = Memory::new()?;
    let mut session = None;
    for number in 0..=options.initial.resume_count {
        let is_resume = number > 0;
        let current = match is_resume {
            true => &options.resume,
            false => &options.initial,
        };
        if is_resume && !current.server && session.is_none() {
            return Err(Failure::mismatch("No session to offer."));
        }
        session = exchange::run(current, &options.retry, &memory, session, is_resume)?;
        memory.clock.advance(current.resumption_delay);
    }
    Ok(())
}
