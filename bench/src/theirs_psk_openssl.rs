//! OpenSSL with an external pre-shared key, by the crate `openssl`.

use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslSessionCacheMode,
    SslStream, SslVersion,
};

use crate::psk::{IDENTITY, KEY, Mode};
use crate::wire::End;

/// SSL_OP_ALLOW_NO_DHE_KEX, which the crate does not name: psk_ke may be offered and chosen.
const ALLOW_NO_DHE_KEX: u64 = 1 << 10;
/// SSL_OP_PREFER_NO_DHE_KEX of OpenSSL 3.3: a server chooses psk_ke where the client offers both. A client that offers it
/// cannot but offer psk_dhe_ke too, and makes a key share for nothing.
const PREFER_NO_DHE_KEX: u64 = 1 << 35;

/// The two configurations.
pub struct Contexts {
    pub client: SslContext,
    pub server: SslContext,
}

fn builder(mode: Mode) -> SslContextBuilder {
    let mut builder = SslContextBuilder::new(SslMethod::tls()).unwrap();
    builder
        .set_min_proto_version(Some(SslVersion::TLS1_3))
        .unwrap();
    builder.set_ciphersuites("TLS_AES_128_GCM_SHA256").unwrap();
    builder.set_groups_list("X25519").unwrap();
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    if mode == Mode::PskKe {
        let options = ALLOW_NO_DHE_KEX | PREFER_NO_DHE_KEX;
        builder.set_options(SslOptions::from_bits_retain(options));
    }
    builder
}

/// Gives both the key.
pub fn take_keys(client: &mut SslContextBuilder, server: &mut SslContextBuilder) {
    client.set_psk_client_callback(|_, _, identity, key| {
        identity[..IDENTITY.len()].copy_from_slice(IDENTITY);
        identity[IDENTITY.len()] = 0;
        key[..KEY.len()].copy_from_slice(&KEY);
        Ok(KEY.len())
    });
    server.set_psk_server_callback(|_, identity, key| {
        if identity != Some(IDENTITY) {
            return Ok(0);
        }
        key[..KEY.len()].copy_from_slice(&KEY);
        Ok(KEY.len())
    });
}

impl Contexts {
    /// No tickets, no sessions remembered.
    pub fn new(mode: Mode) -> Self {
        let (mut client, mut server) = (builder(mode), builder(mode));
        take_keys(&mut client, &mut server);
        server.set_num_tickets(0).unwrap();
        Self {
            client: client.build(),
            server: server.build(),
        }
    }
}

/// Both ends of one connection.
pub struct Pair {
    pub client: SslStream<End>,
    pub server: SslStream<End>,
}

/// A handshake, from two configurations to two established connections.
pub fn handshake(contexts: &Contexts, ends: &(End, End)) -> Pair {
    handshake_with(contexts, ends, |_| {})
}

/// As [`handshake`], with something told to the client first.
pub fn handshake_with(
    contexts: &Contexts,
    (client_end, server_end): &(End, End),
    prepare: impl FnOnce(&mut Ssl),
) -> Pair {
    let mut client = Ssl::new(&contexts.client).unwrap();
    client.set_connect_state();
    prepare(&mut client);
    let mut server = Ssl::new(&contexts.server).unwrap();
    server.set_accept_state();
    let mut pair = Pair {
        client: SslStream::new(client, client_end.clone()).unwrap(),
        server: SslStream::new(server, server_end.clone()).unwrap(),
    };
    let (mut client_done, mut server_done) = (false, false);
    while !(client_done && server_done) {
        client_done = step(&mut pair.client);
        server_done = step(&mut pair.server);
    }
    pair
}

/// Whether the handshake is done on this side.
fn step(stream: &mut SslStream<End>) -> bool {
    match stream.do_handshake() {
        Ok(()) => true,
        Err(error) if error.code() == ErrorCode::WANT_READ => false,
        Err(error) => panic!("OpenSSL: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::wire::ends;

    #[test]
    fn both_modes_are_what_they_say() {
        for mode in [Mode::PskKe, Mode::PskDheKe] {
            let mut pair = handshake(&Contexts::new(mode), &ends());
            assert!(pair.server.ssl().session_reused());
            let has_share = pair.client.ssl().peer_tmp_key().is_ok();
            assert_eq!(has_share, mode == Mode::PskDheKe);
            pair.client.write_all(b"ping").unwrap();
            let mut got = [0; 4];
            pair.server.read_exact(&mut got).unwrap();
            assert_eq!(&got, b"ping");
        }
    }
}
