// For the examples in the documentation: what they need around them, made while they run.

use std::sync::Arc;

use warifu::{ClientConfig, Connection, Credential, ServerConfig, Stream, Trust};

/// A CA, and a certificate of it for localhost with its key: all PEM.
pub fn certificates() -> (String, String, String) {
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.distinguished_name
        .push(rcgen::DnType::CommonName, "documentation");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf_pem = leaf.signed_by(&key, &issuer).unwrap().pem();
    (ca_pem, leaf_pem, key.serialize_pem())
}

/// Trust in that CA and a credential with that certificate.
pub fn material() -> (Trust, Arc<Credential>) {
    let (ca, certificate, key) = certificates();
    let trust = Trust::builder().with_ca_bytes(ca.as_bytes()).build().unwrap();
    let credential = Credential::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    (trust, Arc::new(credential))
}

/// A directory with `ca.pem`, `server.pem` and `server.key`, which becomes the current one.
pub fn in_a_directory_with_files() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let (ca, certificate, key) = certificates();
    for (name, content) in [("ca.pem", ca), ("server.pem", certificate), ("server.key", key)] {
        std::fs::write(directory.path().join(name), content).unwrap();
    }
    std::env::set_current_dir(directory.path()).unwrap();
    directory
}

/// A server on a free port of this host that answers each message of one client with itself.
pub fn echo_server(credential: Arc<Credential>) -> std::net::SocketAddr {
    let config = ServerConfig::builder(credential).build().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (transport, _) = listener.accept().unwrap();
        let mut stream = Stream::server(config, transport);
        let mut buffer = [0; 16384];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(count) => stream.write_all(&buffer[..count]).unwrap(),
            }
        }
        let _ = stream.close();
    });
    address
}

/// Runs both sides in memory to the end of their handshake.
pub fn handshake(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> (Connection, Connection) {
    let mut client = Connection::client(client, "localhost".try_into().unwrap());
    let mut server = Connection::server(server);
    while client.is_handshaking() || server.is_handshaking() {
        client.process().unwrap();
        let count = server.receive(client.output());
        client.sent(count);
        server.process().unwrap();
        let count = client.receive(server.output());
        server.sent(count);
    }
    (client, server)
}
