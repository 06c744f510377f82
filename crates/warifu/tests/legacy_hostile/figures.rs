//! The figures of TLS 1.0, 1.1 and 1.2: RFC 5246 Section 7.3 (the same in RFC 2246 and 4346), with CertificateStatus of RFC
//! 6066 Section 8, NewSessionTicket of RFC 5077 Section 3, and the pre-shared keys of RFC 4279 and 5489.
//!
//! `{}` under the keys of the connection; `*` only in some handshakes, of which [`Setting::presence`] says which.

use std::sync::Arc;

use warifu::ClientAuth;
use warifu::resumption::{MemorySessionStore, Tickets};

use crate::crypto::*;
use crate::figure::{Presence, Step, read};
use crate::peer::*;
use crate::support::Side;
use crate::support::resumption::{OneKey, Shelf};

const FULL: &str = "
        ClientHello              -------->
                                                      ServerHello
                                                     Certificate*
                                               CertificateStatus*
                                               ServerKeyExchange*
                                              CertificateRequest*
                                 <--------        ServerHelloDone
        Certificate*
        ClientKeyExchange
        CertificateVerify*
        ChangeCipherSpec
        {Finished}               -------->
                                                NewSessionTicket*
                                                 ChangeCipherSpec
                                 <--------             {Finished}
        {Application Data}       <------->     {Application Data}
";

const ABBREVIATED: &str = "
        ClientHello              -------->
                                                      ServerHello
                                                NewSessionTicket*
                                                 ChangeCipherSpec
                                 <--------             {Finished}
        ChangeCipherSpec
        {Finished}               -------->
        {Application Data}       <------->     {Application Data}
";

/// Inside of a connection.
const RENEGOTIATION: &str = "
                                 <--------         {HelloRequest}
        {ClientHello}            -------->
                                                    {ServerHello}
                                                   {Certificate*}
                                             {CertificateStatus*}
                                             {ServerKeyExchange*}
                                            {CertificateRequest*}
                                 <--------      {ServerHelloDone}
        {Certificate*}
        {ClientKeyExchange}
        {CertificateVerify*}
        {ChangeCipherSpec}
        {Finished}               -------->
                                              {NewSessionTicket*}
                                               {ChangeCipherSpec}
                                 <--------             {Finished}
        {Application Data}       <------->     {Application Data}
";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Full,
    /// The client names its session by an ID.
    ResumedById,
    ResumedByTicket,
    Renegotiation,
}

/// Whether the client proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    IsNotAsked,
    HasNone,
    HasOne,
}

/// Whether the server staples a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    No,
    Sent,
    /// It answers the extension, and then sends none.
    Promised,
}

/// One handshake.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub victim: Side,
    pub tls: u16,
    pub suite: Suite,
    pub flow: Flow,
    pub client: Client,
    pub status: Status,
    pub ticket: bool,
    pub hint: bool,
}

impl Setting {
    pub fn steps(&self) -> Vec<Step> {
        let figure = match self.flow {
            Flow::Full => FULL,
            Flow::ResumedById | Flow::ResumedByTicket => ABBREVIATED,
            Flow::Renegotiation => RENEGOTIATION,
        };
        let mut steps = read(figure);
        steps.retain_mut(|step| {
            if step.presence == Presence::MayBeAbsent {
                match self.presence(step.name, step.from) {
                    Some(presence) => step.presence = presence,
                    None => return false,
                }
            }
            true
        });
        steps
    }

    /// Whether a message that is in some handshakes is in this one; `None` where it may not be.
    fn presence(&self, name: &str, from: Side) -> Option<Presence> {
        let kx = self.suite.kx;
        let may_be_left_out = |is_there| match is_there {
            true => Some(Presence::MayBeAbsent),
            false => Some(Presence::MayBePresent),
        };
        let must_be = |is_there: bool| is_there.then_some(Presence::Always);
        match (name, from) {
            ("Certificate", Side::Server) => must_be(kx.has_certificate()),
            // RFC 6066 Section 8: a server that answered the extension may leave it out.
            ("CertificateStatus", _) => match self.status {
                Status::No => None,
                Status::Sent => may_be_left_out(true),
                Status::Promised => may_be_left_out(false),
            },
            // RFC 4279 Section 2 and 4: without a hint there is none.
            ("ServerKeyExchange", _) => match kx {
                Kx::Rsa => None,
                Kx::Psk | Kx::RsaPsk => may_be_left_out(self.hint),
                _ => must_be(true),
            },
            // RFC 4279 Section 2: not without a certificate of the server's. With RSA_PSK, OpenSSL asks.
            ("CertificateRequest", _) => match kx.has_certificate() {
                true => may_be_left_out(self.client != Client::IsNotAsked),
                false => None,
            },
            ("Certificate", Side::Client) => must_be(self.client != Client::IsNotAsked),
            ("CertificateVerify", _) => must_be(self.client == Client::HasOne),
            ("NewSessionTicket", _) => must_be(self.ticket),
            (name, _) => panic!("{name} has no condition"),
        }
    }

    /// Victim and peer, at the beginning of the handshake.
    pub fn stage(&self) -> Stage {
        match self.flow {
            Flow::Full => self.full_stage(),
            Flow::ResumedById | Flow::ResumedByTicket => self.resumed_stage(),
            Flow::Renegotiation => {
                let mut stage = Stage::client_with(self.tls, self.suite, |client| {
                    client.with_renegotiation(true)
                });
                stage.handshake();
                stage.peer.transcript.clear();
                self.set(&mut stage.peer);
                stage.received.clear();
                stage
            }
        }
    }

    fn set(&self, peer: &mut Peer) {
        peer.requests_certificate = self.client != Client::IsNotAsked;
        peer.sends_ticket = self.ticket;
        peer.sends_status = self.status != Status::No;
        peer.withholds_status = self.status == Status::Promised;
        peer.credential = (self.client == Client::HasOne).then_some(&keys().client);
        peer.hint = self.hint.then_some(b"hint");
    }

    fn full_stage(&self) -> Stage {
        let mut stage = match self.victim {
            Side::Client => Stage::client_with(self.tls, self.suite, |client| {
                let client = client.with_ocsp_request(self.status != Status::No);
                let client = match self.ticket {
                    true => client
                        .with_session_context("client")
                        .with_session_store(Arc::new(Shelf::default())),
                    false => client,
                };
                match self.client {
                    Client::HasOne => client.with_credential(keys().client.credential.clone()),
                    _ => client,
                }
            }),
            Side::Server => Stage::server_with(self.tls, self.suite, |server| {
                let server = match self.client {
                    Client::IsNotAsked => server,
                    _ => server.with_client_auth(ClientAuth::optional(trust())),
                };
                match self.ticket {
                    true => server
                        .with_session_context("server")
                        .with_tickets(Tickets::stateless(OneKey::new(1))),
                    false => server,
                }
            }),
        };
        self.set(&mut stage.peer);
        stage
    }

    fn resumed_stage(&self) -> Stage {
        let by_ticket = self.flow == Flow::ResumedByTicket;
        match self.victim {
            Side::Client => {
                let client = client_config(self.tls, self.suite)
                    .with_session_context("client")
                    .with_session_store(Arc::new(Shelf::default()))
                    .build()
                    .unwrap();
                let mut first = Stage::of_client(client.clone(), self.tls, self.suite);
                first.peer.sends_ticket = by_ticket;
                if !by_ticket {
                    first.peer.session_id = vec![9; 32];
                }
                first.handshake();
                let mut stage = Stage::of_client(client, self.tls, self.suite);
                stage.peer.sends_ticket = self.ticket;
                stage.peer.main = first.peer.main;
                stage
            }
            Side::Server => {
                let tickets = match by_ticket {
                    true => Tickets::stateless(OneKey::new(1)),
                    false => Tickets::stored(MemorySessionStore::new(4)),
                };
                let server = server_config(self.tls, self.suite)
                    .with_session_context("server")
                    .with_tickets(tickets)
                    .build()
                    .unwrap();
                let mut first = Stage::of_server(server.clone(), self.tls, self.suite);
                first.peer.sends_ticket = by_ticket;
                first.handshake();
                let mut stage = Stage::of_server(server, self.tls, self.suite);
                stage.peer.offer(&first.peer.session());
                stage
            }
        }
    }
}
