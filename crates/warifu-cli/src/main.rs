//! The program `warifu`: a TLS server, a TLS client, and the certificates that both need.
#![forbid(unsafe_code)]

mod args;
mod args_cert;
mod cert_check;
mod cert_make;
mod cert_show;
mod channel;
mod client;
mod demo;
mod describe;
mod exit;
#[allow(dead_code, reason = "the commands that use it come next")]
mod exit_psk;
mod exit_tls;
mod files;
mod http;
mod key;
mod local_ca;
mod materials;
mod messages;
mod passphrase;
#[allow(dead_code, reason = "the commands that use it come next")]
mod psk_file;
#[allow(dead_code, reason = "the commands that use it come next")]
mod psk_format;
#[allow(dead_code, reason = "the commands that use it come next")]
mod psk_line;
#[allow(dead_code, reason = "the commands that use it come next")]
mod psk_source;
mod report;
mod serve;
mod server;
mod signals;
mod socket;
mod summary;
mod tls_config;
mod values;
mod when;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::args_cert::CertCommand;
use crate::cert_make::Usage;
use crate::exit::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = match &arguments.command {
        Command::Server(server) => server.output.json,
        Command::Client(client) => client.output.json,
        Command::Demo(demo) => demo.output.json,
        Command::Cert { .. } => false,
    };
    match run(&arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::failure(&failure, json);
            ExitCode::from(failure.code() as u8)
        }
    }
}

fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Server(arguments) => server::run(arguments),
        Command::Client(arguments) => client::run(arguments),
        Command::Demo(arguments) => demo::run(arguments),
        Command::Cert { command } => match command.as_ref() {
            CertCommand::Ca(arguments) => cert_make::ca(arguments),
            CertCommand::Server(arguments) => cert_make::leaf(arguments, Usage::Server),
            CertCommand::Client(arguments) => cert_make::leaf(arguments, Usage::Client),
            CertCommand::Show(arguments) => cert_show::show(arguments),
            CertCommand::Check(arguments) => cert_check::check(arguments),
        },
    }
}
