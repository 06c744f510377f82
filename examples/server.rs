//! The specification's server: prints each message it receives over TLS and answers with a set
//! message, until a client sends `shutdown`.
//!
//! `cargo run --example server`, with `server.crt` and `server.key` in the current directory; with `-- --psk`, a pre-shared
//! key in `psk.key` takes the place of certificates (`head -c 32 /dev/urandom > psk.key`).

use std::error::Error;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;

use warifu::{Credential, Psk, ServerConfig, Stream};

/// The port without the environment variable `PORT`.
const PORT: u16 = 11111;
const REPLY: &[u8] = b"message received";

fn main() -> ExitCode {
    match run(std::env::args().any(|argument| argument == "--psk")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(with_psk: bool) -> Result<(), Box<dyn Error>> {
    // The context: what this server proves itself with.
    let config = match with_psk {
        true => ServerConfig::psk_builder(Psk::new("alice", std::fs::read("psk.key")?)?),
        false => {
            let credential = Credential::from_files("server.crt", "server.key")?;
            ServerConfig::builder(Arc::new(credential))
        }
    }
    .build()?;
    let port = port()?;
    let listener = TcpListener::bind(("127.0.0.1", port))
        .map_err(|error| format!("listening on port {port}: {error}"))?;
    loop {
        let (transport, peer) = listener.accept()?;
        match serve(&config, transport) {
            Ok(Next::Client) => {}
            Ok(Next::Shutdown) => return Ok(()),
            // One client's failure is not the server's.
            Err(error) => eprintln!("server: {peer}: {error}"),
        }
    }
}

fn port() -> Result<u16, Box<dyn Error>> {
    Ok(std::env::var("PORT").map_or(Ok(PORT), |port| port.parse())?)
}

enum Next {
    Client,
    Shutdown,
}

fn serve(config: &Arc<ServerConfig>, transport: TcpStream) -> Result<Next, Box<dyn Error>> {
    let mut stream = Stream::server(config.clone(), transport);
    stream.handshake()?;
    let mut buffer = [0; 16384];
    loop {
        let count = stream.read(&mut buffer)?;
        let message = buffer.get(..count).unwrap_or_default();
        if message.is_empty() {
            stream.close()?;
            return Ok(Next::Client);
        }
        println!("{}", String::from_utf8_lossy(message));
        if message == b"shutdown" {
            stream.close()?;
            return Ok(Next::Shutdown);
        }
        stream.write_all(REPLY)?;
    }
}
