//! The program `warifu`: a TLS server, a TLS client, and the certificates and keys that both need.
#![forbid(unsafe_code)]

mod args;
mod args_cert;
mod args_psk;
mod cert_check;
mod cert_make;
mod cert_show;
mod channel;
mod client;
mod demo;
mod describe;
mod descriptors;
mod exit;
mod exit_psk;
mod exit_text;
mod exit_tls;
mod files;
mod hex;
mod http;
mod key;
mod local_ca;
mod materials;
mod messages;
mod open_connections;
mod passphrase;
mod psk_check;
mod psk_command;
mod psk_file;
mod psk_format;
mod psk_keys;
mod psk_line;
mod psk_reload;
mod psk_source;
mod report;
mod serve;
mod server;
mod session_file;
mod signals;
mod socket;
mod suite_names;
mod suites;
mod summary;
mod tls_choice;
mod tls_config;
mod values;
mod when;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::args_cert::CertCommand;
use crate::args_psk::PskCommand;
use crate::cert_make::Usage;
use crate::exit::Failure;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = match &arguments.command {
        Command::Server(server) => server.output.json,
        Command::Client(client) => client.output.json,
        Command::Demo(demo) => demo.output.json,
        Command::Cert { .. } | Command::Psk { .. } | Command::Suites(_) => false,
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
        Command::Suites(arguments) => suites::show(arguments),
        Command::Cert { command } => match command.as_ref() {
            CertCommand::Ca(arguments) => cert_make::ca(arguments),
            CertCommand::Server(arguments) => cert_make::leaf(arguments, Usage::Server),
            CertCommand::Client(arguments) => cert_make::leaf(arguments, Usage::Client),
            CertCommand::Show(arguments) => cert_show::show(arguments),
            CertCommand::Check(arguments) => cert_check::check(arguments),
        },
        Command::Psk { command } => match command.as_ref() {
            PskCommand::Gen(arguments) => psk_command::generate(arguments),
            PskCommand::List(arguments) => psk_command::list(arguments),
            PskCommand::Convert(arguments) => psk_command::convert(arguments),
            PskCommand::Check(arguments) => psk_check::check(arguments),
        },
    }
}
