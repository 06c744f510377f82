//! Certificates through a whole handshake, in both roles: the alert on the wire. What [`warifu::Trust`] decides, and why,
//! is tested in `trust.rs`.

use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use warifu::parameters::AlertDescription;
use warifu::{CertificateError, ClientAuth, Connection, Credential, Error, Trust};

use crate::support::{Pair, Pki, Side, client_builder, pki, server_builder, server_name};

/// The handshake in which `prover` shows this credential to a verifier with this trust.
fn handshake(prover: Side, credential: Arc<Credential>, trust: Trust) -> Pair {
    let pki = Pki::new();
    let (client, server) = match prover {
        Side::Server => {
            let client = warifu::ClientConfig::builder(trust);
            let client = client.with_clock(Arc::new(crate::support::FixedClock));
            (
                client.build().unwrap(),
                server_builder(&pki).build().unwrap(),
            )
        }
        Side::Client => {
            let server = server_builder(&pki).with_client_auth(ClientAuth::required(trust));
            (
                client_builder(&pki).build().unwrap(),
                server.build().unwrap(),
            )
        }
    };
    let mut pair = Pair {
        client: Connection::client(client, server_name()),
        server: Connection::server(server),
    };
    let side = match prover {
        Side::Client => &mut pair.client,
        Side::Server => &mut pair.server,
    };
    side.set_credential(credential).unwrap();
    pair
}

fn trust(ca: &pki::Ca) -> Trust {
    Trust::builder()
        .with_ca_bytes(&ca.certificate)
        .build()
        .unwrap()
}

fn credential(
    ca: &pki::Ca,
    names: &[&str],
    change: impl FnOnce(&mut rcgen::CertificateParams),
) -> Arc<Credential> {
    let (certificate, key) = ca.leaf_and_key(names, change);
    Arc::new(Credential::from_der(vec![certificate], &key.serialize_der()).unwrap())
}

/// Both roles refuse the certificate for `reason`, and say so by `alert`.
#[track_caller]
fn refused(
    what: &str,
    credential: &Arc<Credential>,
    trust: impl Fn() -> Trust,
    reason: impl Fn(&CertificateError) -> bool,
    alert: AlertDescription,
    provers: &[Side],
) {
    for &prover in provers {
        let mut pair = handshake(prover, credential.clone(), trust());
        let (victim, error) = pair.handshake().expect_err(what);
        assert_ne!(victim, prover, "{what}: {error}");
        let Error::Certificate(found) = &error else {
            panic!("{what}, shown by the {prover:?}: {error}");
        };
        assert!(reason(found), "{what}, shown by the {prover:?}: {found:?}");
        assert_eq!(error.alert(), Some(alert), "{what}");
        pair.expect_alert(victim, &error);
    }
}

const BOTH: &[Side] = &[Side::Server, Side::Client];

#[test]
fn each_defect_has_its_alert_on_the_wire() {
    let ca = pki::Ca::root("CA of this test");
    let other = pki::Ca::root("another CA");
    let good = credential(&ca, &["host.example"], |_| {});

    refused(
        "wrong CA",
        &good,
        || trust(&other),
        |reason| matches!(reason, CertificateError::UnknownIssuer { .. }),
        AlertDescription::UNKNOWN_CA,
        BOTH,
    );
    let namesake = pki::Ca::root("CA of this test");
    refused(
        "CA with the right name and another key",
        &good,
        || trust(&namesake),
        |reason| matches!(reason, CertificateError::BadChainSignature { .. }),
        AlertDescription::BAD_CERTIFICATE,
        BOTH,
    );
    refused(
        "wrong name",
        &credential(&ca, &["other.example"], |_| {}),
        || trust(&ca),
        |reason| matches!(reason, CertificateError::NameMismatch { .. }),
        AlertDescription::BAD_CERTIFICATE,
        &[Side::Server],
    );
    refused(
        "expired",
        &credential(&ca, &["host.example"], |params| {
            params.not_after = rcgen::date_time_ymd(2026, 5, 1);
        }),
        || trust(&ca),
        |reason| matches!(reason, CertificateError::Expired { .. }),
        AlertDescription::CERTIFICATE_EXPIRED,
        BOTH,
    );
    refused(
        "not yet valid",
        &credential(&ca, &["host.example"], |params| {
            params.not_before = rcgen::date_time_ymd(2026, 8, 1);
        }),
        || trust(&ca),
        |reason| matches!(reason, CertificateError::NotYetValid { .. }),
        AlertDescription::CERTIFICATE_EXPIRED,
        BOTH,
    );
    refused(
        "extended key usage: servers' for a client",
        &credential(&ca, &["host.example"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }),
        || trust(&ca),
        |reason| matches!(reason, CertificateError::WrongUsage { .. }),
        AlertDescription::UNSUPPORTED_CERTIFICATE,
        &[Side::Client],
    );
    refused(
        "extended key usage: clients' for a server",
        &credential(&ca, &["host.example"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }),
        || trust(&ca),
        |reason| matches!(reason, CertificateError::WrongUsage { .. }),
        AlertDescription::UNSUPPORTED_CERTIFICATE,
        &[Side::Server],
    );
}

#[test]
fn revoked_certificates_are_refused_on_the_wire() {
    let ca = pki::Ca::root_with("CA with a list", |params| {
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    });
    let revoked = credential(&ca, &["host.example"], |_| {});
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2026, 5, 1),
        next_update: rcgen::date_time_ymd(2026, 7, 1),
        crl_number: rcgen::SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: vec![rcgen::RevokedCertParams {
            serial_number: rcgen::SerialNumber::from_slice(&[7]),
            revocation_time: rcgen::date_time_ymd(2026, 5, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&ca.issuer).unwrap();
    refused(
        "revoked",
        &revoked,
        || {
            Trust::builder()
                .with_ca_bytes(&ca.certificate)
                .with_crl_bytes(list.der())
                .build()
                .unwrap()
        },
        |reason| matches!(reason, CertificateError::Revoked),
        AlertDescription::CERTIFICATE_REVOKED,
        BOTH,
    );
}
