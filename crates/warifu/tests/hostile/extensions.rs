//! Each extension unsolicited, duplicated and misplaced, by a table of our own reading of RFC 8446 Section 4.2.

use warifu::parameters::{AlertDescription, ExtensionType};
use warifu::{Error, PeerMisbehaved};

use crate::bytes::*;
use crate::parameters::offered_psk;
use crate::scene::{AFTER, Flight, Item, Scene, Setting, find, refused};
use crate::support::Side;

/// Everything offered that the library can offer as a client: ALPN, OCSP, SNI and record_size_limit.
const ALL: Setting = Setting {
    retry: false,
    client_auth: true,
    post_handshake_auth: false,
    record_size_limit: Some(16_385),
    more_extensions: true,
};
const ALL_WITH_RETRY: Setting = Setting { retry: true, ..ALL };

/// A message that carries extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Ch,
    Sh,
    Hrr,
    Ee,
    Ct,
    Cr,
    Nst,
}
use Carrier::*;

impl Carrier {
    const ALL: [Self; 7] = [Ch, Sh, Hrr, Ee, Ct, Cr, Nst];

    fn name(self) -> &'static str {
        match self {
            Ch => "ClientHello",
            Sh => "ServerHello",
            Hrr => "HelloRetryRequest",
            Ee => "EncryptedExtensions",
            Ct => "Certificate",
            Cr => "CertificateRequest",
            Nst => "NewSessionTicket",
        }
    }

    fn message_type(self) -> u8 {
        match self {
            Ch => CLIENT_HELLO,
            Sh | Hrr => SERVER_HELLO,
            Ee => ENCRYPTED_EXTENSIONS,
            Ct => CERTIFICATE,
            Cr => CERTIFICATE_REQUEST,
            Nst => NEW_SESSION_TICKET,
        }
    }

    fn victim(self) -> Side {
        if self == Ch {
            Side::Server
        } else {
            Side::Client
        }
    }
}

/// The table of RFC 8446 Section 4.2 with RFC 8449, number and carriers; and what older versions had, which TLS 1.3
/// knows in ClientHello alone.
const TABLE: &[(u16, &[Carrier])] = &[
    (0, &[Ch, Ee]),       // server_name
    (1, &[Ch, Ee]),       // max_fragment_length
    (5, &[Ch, Cr, Ct]),   // status_request
    (10, &[Ch, Ee]),      // supported_groups
    (13, &[Ch, Cr]),      // signature_algorithms
    (16, &[Ch, Ee]),      // application_layer_protocol_negotiation
    (18, &[Ch, Cr, Ct]),  // signed_certificate_timestamp
    (21, &[Ch]),          // padding
    (28, &[Ch, Ee]),      // record_size_limit
    (41, &[Ch, Sh]),      // pre_shared_key
    (42, &[Ch, Ee, Nst]), // early_data
    (43, &[Ch, Sh, Hrr]), // supported_versions
    (44, &[Ch, Hrr]),     // cookie
    (45, &[Ch]),          // psk_key_exchange_modes
    (47, &[Ch, Cr]),      // certificate_authorities
    (48, &[Cr]),          // oid_filters
    (49, &[Ch]),          // post_handshake_auth
    (50, &[Ch, Cr]),      // signature_algorithms_cert
    (51, &[Ch, Sh, Hrr]), // key_share
];

/// Older versions' extensions, GREASE, numbers nobody has given out, and drafts we do not know.
const UNKNOWN: &[u16] = &[
    11, 14, 15, 17, 20, 22, 23, 27, 34, 35, 56, 57, 0x0a0a, 0x3374, 0xfafa, 0xfe0d, 0xff01, 0xffff,
];

/// What this setting's client offers; RFC 8446 Section 4.2: an answer to anything else is unsolicited.
fn offered(number: u16, setting: Setting) -> bool {
    let always = [0, 10, 13, 43, 50, 51];
    let sometimes = [5, 16, 28];
    always.contains(&number) || (setting.more_extensions && sometimes.contains(&number))
}

/// Valid content for messages that may carry the extension.
fn content(number: u16, carrier: Carrier) -> Vec<u8> {
    match (number, carrier) {
        (0 | 49, _) | (42, Ch | Ee) | (18 | 5, Cr) => Vec::new(),
        (1, _) => vec![1],
        (5, _) => [&[1, 0, 0, 1][..], &[7]].concat(),
        (10 | 13 | 50, _) => vector(2, &[4, 3]),
        (16, _) => vector(2, &vector(1, b"two")),
        (18, _) => vector(2, &vector(2, b"sct")),
        (28, _) => u16_bytes(16_385),
        (41, Ch) => offered_psk(),
        (41, _) => u16_bytes(0),
        (42, _) => vec![0; 4],
        (43, _) => u16_bytes(0x0304),
        (44, _) => vector(2, b"cookie"),
        (45, _) => vector(1, &[1]),
        (47, _) => vector(2, &vector(2, b"name")),
        (48, _) => vector(2, &[]),
        (51, Sh) => [&[0, 29][..], &vector(2, &[9; 32])].concat(),
        (51, Hrr) => vec![0, 23],
        _ => Vec::new(),
    }
}

/// A scene in which `change` is made to the message.
fn play(carrier: Carrier, change: impl Fn(&mut Dissected)) -> crate::scene::Outcome {
    let setting = if carrier == Hrr { ALL_WITH_RETRY } else { ALL };
    Scene::new(carrier.victim(), setting).play(|number, flight: &mut Flight| {
        match (carrier, number) {
            (Nst, AFTER) => {
                let mut ticket = ticket();
                edit(&mut ticket, &change);
                flight.push(Item::post(&ticket));
            }
            (Nst, _) => {}
            (_, 0) => edit(find(flight, carrier.message_type()), &change),
            _ => {}
        }
    })
}

/// A NewSessionTicket.
pub fn ticket() -> Vec<u8> {
    let mut body = vec![0, 0, 0x1c, 0x20, 1, 2, 3, 4];
    body.extend(vector(1, &[0]));
    body.extend(vector(2, b"ticket"));
    body.extend(vector(2, &[]));
    message(NEW_SESSION_TICKET, &body)
}

fn alert_of(error: &PeerMisbehaved) -> AlertDescription {
    match error {
        PeerMisbehaved::UnsolicitedExtension { .. } => AlertDescription::UNSUPPORTED_EXTENSION,
        _ => AlertDescription::ILLEGAL_PARAMETER,
    }
}

#[track_caller]
fn expect(what: &str, outcome: &crate::scene::Outcome, error: PeerMisbehaved) {
    let alert = alert_of(&error);
    crate::scene::expect(what, outcome, error, alert);
}

/// Every extension that a message may not carry, in it.
#[test]
fn misplaced_extensions_are_refused() {
    let mut count = 0;
    for &(number, carriers) in TABLE {
        for carrier in Carrier::ALL {
            if carriers.contains(&carrier) {
                continue;
            }
            let what = format!("extension {number} in {}", carrier.name());
            let outcome = play(carrier, |message| {
                message.extensions.push((number, content(number, carrier)));
            });
            let error = PeerMisbehaved::MisplacedExtension {
                extension: ExtensionType(number),
                message: carrier.name(),
            };
            expect(&what, &outcome, error);
            count += 1;
        }
    }
    assert_eq!(count, 94);
}

/// Every extension that a response may carry but that was not offered, and every unknown one.
#[test]
fn unsolicited_extensions_are_refused() {
    let mut count = 0;
    for carrier in [Sh, Hrr, Ee, Ct] {
        let known = TABLE
            .iter()
            .filter(|(number, carriers)| carriers.contains(&carrier) && !offered(*number, ALL))
            .map(|(number, _)| *number)
            // RFC 8446 Section 4.2: the exception.
            .filter(|number| (*number, carrier) != (44, Hrr));
        for number in known.chain(UNKNOWN.iter().copied()) {
            let what = format!("extension {number} in {}", carrier.name());
            let outcome = play(carrier, |message| {
                message.extensions.push((number, content(number, carrier)));
            });
            let error = PeerMisbehaved::UnsolicitedExtension {
                extension: ExtensionType(number),
                message: carrier.name(),
            };
            expect(&what, &outcome, error);
            count += 1;
        }
    }
    assert_eq!(count, 76);
}

/// The same by a client's Certificate: this server asks for nothing in it.
#[test]
fn unsolicited_extensions_of_a_client_certificate_are_refused() {
    for number in [5, 18].iter().chain(UNKNOWN) {
        refused(
            &format!("extension {number}"),
            Side::Server,
            ALL,
            |flight_number, flight| {
                if flight_number == 1 {
                    edit(find(flight, CERTIFICATE), |message| {
                        message.extensions.push((*number, content(*number, Ct)));
                    });
                }
            },
            PeerMisbehaved::UnsolicitedExtension {
                extension: ExtensionType(*number),
                message: "Certificate",
            },
            AlertDescription::UNSUPPORTED_EXTENSION,
        );
    }
}

/// Each extension a message may carry, and unknown ones, twice: also those that requests may hold unknown.
#[test]
fn duplicate_extensions_are_refused() {
    let mut count = 0;
    for carrier in Carrier::ALL {
        let known = TABLE
            .iter()
            .filter(|(_, carriers)| carriers.contains(&carrier))
            .map(|(number, _)| *number);
        for number in known.chain(UNKNOWN.iter().copied()) {
            let what = format!("extension {number} twice in {}", carrier.name());
            let outcome = play(carrier, |message| {
                let data = content(number, carrier);
                if !message.extensions.iter().any(|(other, _)| *other == number) {
                    message.extensions.insert(0, (number, data.clone()));
                }
                message.extensions.push((number, data));
            });
            let error = PeerMisbehaved::DuplicateExtension {
                extension: ExtensionType(number),
                message: carrier.name(),
            };
            expect(&what, &outcome, error);
            count += 1;
        }
    }
    assert_eq!(count, 165);
}

/// Requests may carry what we do not know (RFC 8446 Section 4.2); the handshake then differs for both sides,
/// so that nothing but the transcript complains.
#[test]
fn unknown_extensions_in_requests_are_ignored() {
    for number in UNKNOWN {
        for carrier in [Cr, Nst] {
            let outcome = play(carrier, |message| {
                let data = match number {
                    0xff01 => vec![0],
                    11 => vec![1, 0],
                    _ => Vec::new(),
                };
                message.extensions.push((*number, data));
            });
            let expected: Error = match carrier {
                Cr => PeerMisbehaved::BadSignature.into(),
                _ => Error::Truncated,
            };
            assert_eq!(
                outcome.error,
                Some(expected),
                "extension {number} in {carrier:?}"
            );
        }
    }
}

#[test]
fn pre_shared_key_that_is_not_last_is_refused() {
    let outcome = play(Ch, |message| {
        message.extensions.push((45, vec![1, 1]));
        message.extensions.push((41, offered_psk()));
        message.extensions.push((21, Vec::new()));
    });
    expect(
        "pre_shared_key",
        &outcome,
        PeerMisbehaved::PreSharedKeyNotLast,
    );
}

/// Contents of extensions that are well-formed as a whole and wrong inside.
#[test]
fn wrong_contents_are_refused() {
    let illegal = |what| PeerMisbehaved::IllegalParameter { what };
    let malformed = |what, problem| PeerMisbehaved::Malformed { what, problem };
    let not_offered = |what, value: &str| PeerMisbehaved::NotOffered {
        what,
        value: value.to_owned(),
    };
    let name = |name: &[u8]| vector(2, &[&[0][..], &vector(2, name)].concat());
    let bad_name = "server_name is not printable ASCII without a final dot (RFC 6066 Section 3)";
    let two_protocols = vector(2, &[vector(1, b"two"), vector(1, b"one")].concat());
    let cases: Vec<(Carrier, u16, Vec<u8>, PeerMisbehaved)> = vec![
        (Ch, 0, name(b"a\0b"), illegal(bad_name)),
        (Ch, 0, name(b"host.example."), illegal(bad_name)),
        (Ch, 0, name("höst".as_bytes()), illegal(bad_name)),
        (
            Ch,
            0,
            vec![0, 1, 7],
            malformed("server_name", "name of a type other than host_name"),
        ),
        (
            Ch,
            0,
            name(b""),
            malformed("server_name", "shorter than the minimum"),
        ),
        (
            Ch,
            1,
            vec![0],
            illegal("max_fragment_length is not 1 to 4 (RFC 6066 Section 4)"),
        ),
        (
            Ch,
            1,
            vec![5],
            illegal("max_fragment_length is not 1 to 4 (RFC 6066 Section 4)"),
        ),
        (
            Ch,
            28,
            vec![0, 63],
            illegal("record_size_limit is less than 64 (RFC 8449 Section 4)"),
        ),
        (
            Ee,
            28,
            vec![0, 63],
            illegal("record_size_limit is less than 64 (RFC 8449 Section 4)"),
        ),
        (
            Ee,
            28,
            vec![0x40, 2],
            illegal("record_size_limit exceeds the version's limit (RFC 8449 Section 4)"),
        ),
        (
            Ee,
            16,
            vector(2, &vector(1, b"three")),
            not_offered("application protocol", "three"),
        ),
        (
            Ee,
            16,
            two_protocols,
            malformed(
                "application_layer_protocol_negotiation",
                "more than one protocol selected",
            ),
        ),
        (
            Ee,
            0,
            vec![0],
            malformed("server_name", "bytes are left over"),
        ),
        (
            Ct,
            5,
            vec![2, 0, 0, 1, 0],
            illegal(
                "certificate status is not of type ocsp, which alone was asked for (RFC 6066 Section 8)",
            ),
        ),
        (Nst, 42, vec![0; 3], malformed("early_data", "ends early")),
        (
            Ct,
            18,
            vec![0, 0],
            malformed("signed_certificate_timestamp", "shorter than the minimum"),
        ),
    ];
    for (carrier, number, data, error) in cases {
        let what = format!("extension {number} in {}: {data:?}", carrier.name());
        let outcome = play(carrier, |message| {
            message.extensions.retain(|(other, _)| *other != number);
            message.extensions.insert(0, (number, data.clone()));
        });
        let alert = match &error {
            PeerMisbehaved::Malformed { .. } => AlertDescription::DECODE_ERROR,
            _ => AlertDescription::ILLEGAL_PARAMETER,
        };
        crate::scene::expect(&what, &outcome, error, alert);
    }
}

#[test]
fn certificate_request_without_schemes_is_refused() {
    let outcome = play(Cr, |message| message.remove(13));
    crate::scene::expect(
        "signature_algorithms",
        &outcome,
        PeerMisbehaved::MissingExtension {
            extension: "signature_algorithms",
            message: "CertificateRequest",
        },
        AlertDescription::MISSING_EXTENSION,
    );
}
