//! The specification's client: sends each line of standard input as a message over TLS and prints the reply.
//!
//! `cargo run --example client -- [IP]`, with `ca.crt` in the current directory; with `--psk` behind the address, a
//! pre-shared key in `psk.key` takes the place of certificates (`head -c 32 /dev/urandom > psk.key`).

use std::error::Error;
use std::io::{self, BufRead, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::process::ExitCode;

use warifu::{ClientConfig, Psk, Stream, Trust};

/// The port without the environment variable `PORT`.
const PORT: u16 = 11111;

fn main() -> ExitCode {
    let (options, addresses): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|argument| argument == "--psk");
    let address = addresses.first().map_or("127.0.0.1", String::as_str);
    match run(address, !options.is_empty()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(address: &str, with_psk: bool) -> Result<(), Box<dyn Error>> {
    let address: IpAddr = address
        .parse()
        .map_err(|_| format!("{address} is not an IP address"))?;
    // The context: whom this client believes.
    let config = match with_psk {
        true => ClientConfig::psk_builder([Psk::new("alice", std::fs::read("psk.key")?)?]),
        false => ClientConfig::builder(Trust::from_ca_file("ca.crt")?),
    }
    .build()?;
    // The connection: TCP, then TLS on it.
    let port = std::env::var("PORT").map_or(Ok(PORT), |port| port.parse())?;
    let transport = TcpStream::connect((address, port))
        .map_err(|error| format!("connecting to {address} port {port}: {error}"))?;
    let mut stream = Stream::client(config, address.into(), transport);
    stream.handshake()?;

    let mut reply = [0; 16384];
    for line in io::stdin().lock().lines() {
        let message = line?;
        if message.is_empty() {
            continue; // an empty message would have no reply
        }
        stream.write_all(message.as_bytes())?;
        if message == "shutdown" {
            break;
        }
        let count = stream.read(&mut reply)?;
        if count == 0 {
            return Err("the server closed the connection".into());
        }
        let reply = reply.get(..count).unwrap_or_default();
        println!("{}", String::from_utf8_lossy(reply));
    }
    // Released in the reverse order of making: TLS here; connection, socket and context as they drop.
    stream.close()?;
    Ok(())
}
