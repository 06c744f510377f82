//! `warifu demo`: server and client in one process, over loopback, with a CA or a pre-shared key that lives only in memory.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use time::Duration as Days;
use warifu::config::{Client, ConfigBuilder, Server as ServerRole};
use warifu::pki_types::{CertificateDer, ServerName};
use warifu::{ClientConfig, Credential, Psk, ServerConfig, Trust};
use warifu_crypto::KeyKind;
use zeroize::Zeroizing;

use crate::args::{DemoArguments, TrustArguments};
use crate::cert_make::{self, Leaf, SigningCa, Usage};
use crate::client::Session;
use crate::exit::Failure;
use crate::key::Key;
use crate::report::{ONLY_CONNECTION, Report};
use crate::server::{Answer, Server, Service, Stop};
use crate::tls_choice::Choice;
use crate::values::{HostPort, TimeLimit};
use crate::{materials, socket, tls_config};

/// Both sides are ours and on one machine: longer than this, something is broken.
const HANDSHAKE_LIMIT: TimeLimit = TimeLimit(Some(Duration::from_secs(10)));
const NO_LIMIT: TimeLimit = TimeLimit(None);

/// `warifu demo`.
pub(crate) fn run(arguments: &DemoArguments) -> Result<(), Failure> {
    let report = Report::new(&arguments.output, false);
    materials::banner(&TrustArguments::default(), &arguments.protocol, &report);
    let material = match arguments.psk {
        true => Material::key()?,
        false => Material::certificates()?,
    };
    let builder = tls_config::apply(material.server, &arguments.protocol)?;
    let wanted = HostPort {
        host: Ipv4Addr::LOCALHOST.to_string(),
        port: 0,
    };
    // One summary is enough: the client's. The server reports only the messages it receives.
    let server_report = report.for_speaker("server").without_status();
    let config = builder.clone().build().map_err(tls_config::refused)?;
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(
        &wanted,
        &[any_port],
        Service {
            report: server_report,
            builder,
            config,
            answer: Answer::Text(arguments.reply.clone()),
            raw: false,
            ignore_shutdown: false,
            post_handshake_auth: false,
            certificate_optional: false,
            trust: None,
            relaxed: Vec::new(),
            lenient: None,
            with_psk: arguments.psk,
            key_update: None,
            max_connections: 1,
            handshake_timeout: HANDSHAKE_LIMIT,
            idle_timeout: NO_LIMIT,
        },
    )?;
    let stop = server.stopper();

    let client_report = report.for_speaker("client");
    let builder = tls_config::apply(material.client, &arguments.protocol)?;
    let config = tls_config::log_messages(builder, &client_report, ONLY_CONNECTION)
        .build()
        .map_err(tls_config::refused)?;
    Choice::new(&arguments.protocol.choice)?.banner(
        &config.versions(),
        |suite| config.suite_status(suite),
        &report,
    );
    let address = HostPort {
        host: wanted.host,
        port: server.address.port(),
    };
    report.status(
        "demo      server and client in one process; type messages, \"shutdown\" ends both",
    );
    let session = Session {
        report: client_report,
        config,
        name: ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST)),
        wanted: address.host.clone(),
        peer: address.to_string(),
        trust: material.trust,
        with_psk: arguments.psk,
        needs_tls13: false,
        early_data: None,
        relaxed: Vec::new(),
        lenient: None,
        handshake_timeout: HANDSHAKE_LIMIT,
        idle_timeout: NO_LIMIT,
        raw: false,
        key_update: None,
        await_first_reply: false,
    };
    let target = server.address;
    let result = session.run(|| connect(&address, target));
    stop(Stop::Asked);
    result.and(server.wait())
}

fn connect(address: &HostPort, target: SocketAddr) -> Result<TcpStream, Failure> {
    socket::connect(address, &[target], HANDSHAKE_LIMIT)
}

/// What the two sides prove themselves with.
struct Material {
    client: ConfigBuilder<Client>,
    server: ConfigBuilder<ServerRole>,
    /// Where the client's trust in certificates comes from.
    trust: Option<String>,
}

impl Material {
    /// One random key that both sides know under the name "demo".
    fn key() -> Result<Self, Failure> {
        let mut key = Zeroizing::new([0; 32]);
        warifu_crypto::random::fill(&mut *key)
            .map_err(|_| Failure::Config("no random numbers".to_owned()))?;
        // Two values, as if they were in two places: one node does not talk to itself by one key.
        let psk =
            || Psk::new("demo", key.as_slice()).map_err(|error| Failure::Config(error.to_string()));
        Ok(Self {
            client: ClientConfig::psk_builder([psk()?]),
            server: ServerConfig::psk_builder(psk()?),
            trust: None,
        })
    }

    /// A CA that lives only in memory, and a certificate of it.
    fn certificates() -> Result<Self, Failure> {
        let (ca, credential) = identity()?;
        let trust = Trust::builder()
            .with_ca_bytes(&ca)
            .build()
            .map_err(|error| Failure::Config(error.to_string()))?;
        Ok(Self {
            client: ClientConfig::builder(trust),
            server: ServerConfig::builder(Arc::new(credential)),
            trust: Some("a CA made for this demo".to_owned()),
        })
    }
}

/// A CA's certificate, and a server's certificate and key by it.
fn identity() -> Result<(CertificateDer<'static>, Credential), Failure> {
    let ca_key = Key::generate(KeyKind::EcP256)?;
    let permitted = vec![cert_make::permitted_subtree("127.0.0.0/8")?];
    let lifetime = Days::days(1);
    let ca = cert_make::ca_certificate("warifu demo CA", &ca_key, permitted, lifetime)?;
    let signing = SigningCa::new(&ca, ca_key)?;
    let key = Key::generate(KeyKind::EcP256)?;
    let leaf = Leaf {
        common_name: "warifu demo",
        names: vec![cert_make::subject_name("127.0.0.1", Usage::Server)?],
        usage: Usage::Server,
        lifetime,
    };
    let certificate = leaf.signed_by(&key, &signing)?;
    let der = key.to_der()?;
    let credential = Credential::from_der(vec![certificate], der.as_bytes())
        .map_err(|error| Failure::Config(error.to_string()))?;
    Ok((ca, credential))
}
