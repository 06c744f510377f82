//! rustls, driven by its unbuffered API: the application owns all memory, and no record is copied inside of rustls.

use std::hint::black_box;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::{ClientConfig, ServerConfig};

use crate::wire::Wire;

/// Both ends of one connection, with the memory that each sends from and receives into.
pub struct Pair {
    client: UnbufferedClientConnection,
    server: UnbufferedServerConnection,
    sending: Vec<u8>,
    receiving: Vec<u8>,
}

/// Lets one end go on until it needs bytes; the value is whether it is established. A macro, as the two ends'
/// `process_tls_records` have no type in common.
macro_rules! go_on {
    ($connection:ident, $incoming:ident, $outgoing:ident) => {
        loop {
            let UnbufferedStatus { discard, state } =
                $connection.process_tls_records(&mut $incoming);
            let established = match state.unwrap() {
                ConnectionState::EncodeTlsData(mut data) => {
                    let start = $outgoing.len();
                    let Err(EncodeError::InsufficientSize(needed)) = data.encode(&mut []) else {
                        panic!("an empty buffer was enough")
                    };
                    $outgoing.resize(start + needed.required_size, 0);
                    data.encode(&mut $outgoing[start..]).unwrap();
                    None
                }
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    None
                }
                ConnectionState::BlockedHandshake => Some(false),
                ConnectionState::WriteTraffic(_) => Some(true),
                other => panic!("{other:?} in a handshake"),
            };
            $incoming.drain(..discard);
            if let Some(established) = established {
                break established;
            }
        }
    };
}

/// A full handshake, from two configurations to two established connections. Not made for speed.
pub fn connect(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    name: &ServerName<'static>,
) -> Pair {
    let mut client = UnbufferedClientConnection::new(client.clone(), name.clone()).unwrap();
    let mut server = UnbufferedServerConnection::new(server.clone()).unwrap();
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    loop {
        let client_established = go_on!(client, to_client, to_server);
        let server_established = go_on!(server, to_server, to_client);
        if client_established && server_established {
            return Pair {
                client,
                server,
                sending: vec![0; 1 << 15],
                receiving: vec![0; 1 << 15],
            };
        }
    }
}

/// Sends one message from client to server, to the point where the application can look at it, and has looked.
#[inline]
pub fn send_message(pair: &mut Pair, message: &[u8], wire: &mut Wire) {
    let UnbufferedStatus { state, .. } = pair.client.process_tls_records(&mut []);
    let Ok(ConnectionState::WriteTraffic(mut traffic)) = state else {
        panic!("nothing can be written")
    };
    let count = traffic.encrypt(message, &mut pair.sending).unwrap();
    wire.write_all(&pair.sending[..count]).unwrap();
    let count = wire.read(&mut pair.receiving).unwrap();
    let UnbufferedStatus { discard, state } = pair
        .server
        .process_tls_records(&mut pair.receiving[..count]);
    let Ok(ConnectionState::ReadTraffic(mut traffic)) = state else {
        panic!("no data came")
    };
    let record = traffic.next_record().unwrap().unwrap();
    assert_eq!(record.payload.len(), message.len());
    black_box(record.payload);
    // Everything came in one piece and is used up.
    let _ = discard;
}
