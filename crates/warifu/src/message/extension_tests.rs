//! The decisions of the extension table, row by row, and what single extensions demand.

use super::codec::{Reader, Wire, write_block};
use super::extension::{Carrier, Entries, Row, TABLE, first_duplicate};
use super::sample::{Sample, Source};
use super::*;
use crate::error::PeerMisbehaved;
use crate::parameters::{AlertDescription, ExtensionType};

const CARRIERS: &[Carrier] = &[
    Carrier::ClientHello,
    Carrier::ServerHello,
    Carrier::HelloRetryRequest,
    Carrier::EncryptedExtensions,
    Carrier::Certificate,
    Carrier::CertificateRequest,
    Carrier::NewSessionTicket,
    #[cfg(feature = "legacy")]
    Carrier::LegacyServerHello,
];

/// The ServerHello of TLS 1.2 and older.
fn is_legacy(carrier: Carrier) -> bool {
    #[cfg(feature = "legacy")]
    return carrier == Carrier::LegacyServerHello;
    #[cfg(not(feature = "legacy"))]
    {
        let _ = carrier;
        false
    }
}

/// A type that nobody knows (GREASE, RFC 8701).
const UNKNOWN: ExtensionType = ExtensionType(0x0a0a);

/// Reads a block as that of a message. Returns what was there and, for a response, whether it is all among
/// `offered`.
fn read_block(
    carrier: Carrier,
    block: &[u8],
    offered: ExtensionSet,
) -> Result<(ExtensionSet, Result<(), PeerMisbehaved>), Error> {
    let mut wire = Vec::new();
    write_block(&mut wire, 2, 0, 0xffff, |out| {
        out.extend_from_slice(block);
        Ok(())
    })
    .unwrap();
    let mut reader = Reader::new(&wire);
    macro_rules! read {
        ($struct:ident) => {{
            let extensions = $struct::read_from(&mut reader, "block")?;
            (extensions.present(), Ok(()))
        }};
        ($struct:ident, response) => {{
            let extensions = $struct::read_from(&mut reader, "block")?;
            (extensions.present(), extensions.check_solicited(offered))
        }};
    }
    let result = match carrier {
        Carrier::ClientHello => read!(ClientHelloExtensions),
        Carrier::ServerHello => read!(ServerHelloExtensions, response),
        Carrier::HelloRetryRequest => read!(HelloRetryRequestExtensions, response),
        Carrier::EncryptedExtensions => read!(EncryptedExtensionsExtensions, response),
        Carrier::Certificate => read!(CertificateExtensions, response),
        Carrier::CertificateRequest => read!(CertificateRequestExtensions),
        Carrier::NewSessionTicket => read!(NewSessionTicketExtensions),
        #[cfg(feature = "legacy")]
        Carrier::LegacyServerHello => read!(LegacyServerHelloExtensions, response),
    };
    reader.finish("block")?;
    Ok(result)
}

/// A block with samples of all extensions that a message may carry.
fn full_block(carrier: Carrier, source: &mut Source) -> Vec<u8> {
    fn sample_block<'a, E: Sample + Wire<'a>>(source: &mut Source) -> Vec<u8> {
        loop {
            let mut wire = Vec::new();
            if E::sample(source).encode_to(&mut wire).is_ok() && wire.len() > 2 {
                return wire.split_off(2);
            }
        }
    }
    let rows = TABLE.iter().filter(|row| row.may_be_in(carrier));
    let mut block = Vec::new();
    for row in rows {
        // Until a sample has it.
        while !Entries::new(&block).any(|entry| entry.unwrap().extension_type == row.extension_type)
        {
            let sample = match carrier {
                Carrier::ClientHello => sample_block::<ClientHelloExtensions>(source),
                Carrier::ServerHello => sample_block::<ServerHelloExtensions>(source),
                Carrier::HelloRetryRequest => sample_block::<HelloRetryRequestExtensions>(source),
                Carrier::EncryptedExtensions => {
                    sample_block::<EncryptedExtensionsExtensions>(source)
                }
                Carrier::Certificate => sample_block::<CertificateExtensions>(source),
                Carrier::CertificateRequest => sample_block::<CertificateRequestExtensions>(source),
                Carrier::NewSessionTicket => sample_block::<NewSessionTicketExtensions>(source),
                #[cfg(feature = "legacy")]
                Carrier::LegacyServerHello => sample_block::<LegacyServerHelloExtensions>(source),
            };
            for entry in Entries::new(&sample) {
                let entry = entry.unwrap();
                if entry.extension_type == row.extension_type {
                    block.extend(extension(row.extension_type, entry.extension_data));
                }
            }
        }
    }
    block
}

fn extension(extension_type: ExtensionType, data: &[u8]) -> Vec<u8> {
    let mut out = extension_type.0.to_be_bytes().to_vec();
    out.extend_from_slice(&(data.len() as u16).to_be_bytes());
    out.extend_from_slice(data);
    out
}

fn all_known() -> ExtensionSet {
    TABLE
        .iter()
        .fold(ExtensionSet::EMPTY, |set, row| set.with(row.extension_type))
}

fn is_request(carrier: Carrier) -> bool {
    use Carrier::*;
    matches!(carrier, ClientHello | CertificateRequest | NewSessionTicket)
}

fn unsolicited(extension: ExtensionType, carrier: Carrier) -> Result<(), PeerMisbehaved> {
    Err(PeerMisbehaved::UnsolicitedExtension {
        extension,
        message: carrier.name(),
    })
}

#[test]
fn every_extension_is_read_where_it_may_be_and_refused_elsewhere() {
    let mut source = Source::new(6);
    for &carrier in CARRIERS {
        let full = full_block(carrier, &mut source);
        for row in TABLE {
            let this = row.extension_type;
            let only_this = ExtensionSet::EMPTY.with(this);
            let entry = Entries::new(&full)
                .flatten()
                .find(|entry| entry.extension_type == this);
            let block = extension(this, entry.map_or(&[0; 8], |entry| entry.extension_data));
            // At least 8 bytes inside, since HelloRetryRequest has no block of less than 6.
            let result = read_block(carrier, &block, only_this);
            match (row.may_be_in(carrier), row.legacy) {
                (true, _) => assert_eq!(result, Ok((only_this, Ok(()))), "{carrier:?} {row:?}"),
                (false, true) if is_request(carrier) => {
                    assert_eq!(result, Ok((ExtensionSet::EMPTY, Ok(()))))
                }
                (false, legacy) if legacy || is_legacy(carrier) => assert_eq!(
                    result,
                    Ok((ExtensionSet::EMPTY, unsolicited(this, carrier))),
                    "{carrier:?} {row:?}"
                ),
                (false, _) => assert_eq!(
                    result,
                    Err(PeerMisbehaved::MisplacedExtension {
                        extension: this,
                        message: carrier.name()
                    }
                    .into()),
                    "{carrier:?} {row:?}"
                ),
            }
        }
    }
}

#[test]
fn every_extension_in_a_response_must_have_been_offered() {
    let mut source = Source::new(7);
    for &carrier in CARRIERS.iter().filter(|carrier| !is_request(**carrier)) {
        let full = full_block(carrier, &mut source);
        assert_eq!(read_block(carrier, &full, all_known()).unwrap().1, Ok(()));
        for entry in Entries::new(&full) {
            let entry = entry.unwrap();
            let this = entry.extension_type;
            let without = all_known()
                .iter()
                .filter(|other| *other != this)
                .fold(ExtensionSet::EMPTY, ExtensionSet::with);
            let block = extension(this, entry.extension_data);
            let (_, solicited) = read_block(carrier, &block, without).unwrap();
            if (carrier, this) == (Carrier::HelloRetryRequest, ExtensionType::COOKIE) {
                assert_eq!(solicited, Ok(()));
            } else {
                assert_eq!(solicited, unsolicited(this, carrier));
            }
        }
    }
}

#[test]
fn unknown_extensions_are_ignored_in_requests_and_unsolicited_in_responses() {
    let mut source = Source::new(8);
    for &carrier in CARRIERS {
        let known = full_block(carrier, &mut source);
        let mut block = extension(UNKNOWN, &[1, 2, 3]);
        block.extend_from_slice(&known);
        let (present, solicited) = read_block(carrier, &block, all_known()).unwrap();
        let (present_before, _) = read_block(carrier, &known, all_known()).unwrap();
        assert_eq!(present, present_before);
        if is_request(carrier) {
            assert_eq!(solicited, Ok(()));
        } else {
            assert_eq!(solicited, unsolicited(UNKNOWN, carrier));
        }
    }
}

#[test]
fn every_extension_that_comes_twice_is_refused() {
    let mut source = Source::new(9);
    for &carrier in CARRIERS {
        let mut full = full_block(carrier, &mut source);
        full.splice(0..0, extension(UNKNOWN, &[1, 2, 3]));
        for entry in Entries::new(&full) {
            let entry = entry.unwrap();
            let mut block = extension(entry.extension_type, entry.extension_data);
            block.extend_from_slice(&full);
            assert_eq!(
                read_block(carrier, &block, all_known()),
                Err(PeerMisbehaved::DuplicateExtension {
                    extension: entry.extension_type,
                    message: carrier.name()
                }
                .into())
            );
        }
    }
}

#[test]
fn every_extension_is_read_to_its_last_byte_and_not_beyond() {
    let mut source = Source::new(10);
    for &carrier in CARRIERS {
        let full = full_block(carrier, &mut source);
        for entry in Entries::new(&full) {
            let entry = entry.unwrap();
            let row = Row::of(entry.extension_type).unwrap();
            let (_, inside) = row
                .carriers
                .iter()
                .find(|(other, _)| *other == carrier)
                .unwrap();
            // These take whatever there is.
            if ["Rest<'a>", "Padding", "CertificateStatusRequest<'a>"].contains(inside) {
                continue;
            }
            let data = entry.extension_data;
            let mut wrong: Vec<Vec<u8>> = (0..data.len()).map(|len| data[..len].to_vec()).collect();
            wrong.push([data, &[0]].concat());
            for data in wrong {
                // Behind another, since HelloRetryRequest has no block of less than 6 bytes.
                let mut block = extension(UNKNOWN, &[0; 2]);
                block.extend(extension(entry.extension_type, &data));
                match read_block(carrier, &block, all_known()) {
                    Err(Error::PeerMisbehaved(PeerMisbehaved::Malformed { what, .. })) => {
                        assert_ne!(what, "block");
                    }
                    other => panic!("{carrier:?} {row:?} {data:?}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn a_block_of_extensions_cut_anywhere_is_malformed() {
    let mut source = Source::new(11);
    for &carrier in CARRIERS {
        let full = full_block(carrier, &mut source);
        let ends: Vec<usize> = Entries::new(&full)
            .scan(0, |end, entry| {
                *end += 4 + entry.unwrap().extension_data.len();
                Some(*end)
            })
            .collect();
        for len in (1..full.len()).filter(|len| !ends.contains(len)) {
            assert!(
                matches!(
                    read_block(carrier, &full[..len], all_known()),
                    Err(Error::PeerMisbehaved(PeerMisbehaved::Malformed { .. }))
                ),
                "{carrier:?} {len}"
            );
        }
    }
}

#[test]
fn pre_shared_key_must_be_last_in_client_hello_only() {
    let mut source = Source::new(12);
    let psk = ExtensionSet::EMPTY.with(ExtensionType::PRE_SHARED_KEY);
    for (carrier, after) in [
        (
            Carrier::ClientHello,
            Err(PeerMisbehaved::PreSharedKeyNotLast.into()),
        ),
        (
            Carrier::ServerHello,
            Ok((psk, unsolicited(UNKNOWN, Carrier::ServerHello))),
        ),
    ] {
        let full = full_block(carrier, &mut source);
        let entry = Entries::new(&full).last().unwrap().unwrap();
        assert_eq!(entry.extension_type, ExtensionType::PRE_SHARED_KEY);
        let mut block = extension(entry.extension_type, entry.extension_data);
        block.extend(extension(UNKNOWN, &[]));
        assert_eq!(read_block(carrier, &block, psk), after);
    }
}

#[test]
fn the_table_has_each_extension_once_and_pre_shared_key_last() {
    assert_eq!(
        first_duplicate(TABLE.iter().map(|row| row.extension_type.0)),
        None
    );
    // RFC 8446 Section 4.2.11, for what we send.
    assert_eq!(
        TABLE.last().map(|row| row.extension_type),
        Some(ExtensionType::PRE_SHARED_KEY)
    );
    for row in TABLE {
        assert_eq!(row.extension_type.name(), Some(row.name));
        assert!(row.rfc.starts_with("RFC ") && row.rfc.contains(" Section "));
        let of_tls13 = row
            .carriers
            .iter()
            .filter(|(carrier, _)| !is_legacy(*carrier))
            .count();
        assert!(!row.legacy || of_tls13 == 1, "{row:?}");
    }
}

#[test]
fn the_table_agrees_with_rfc_8446() {
    // The table of RFC 8446 Section 4.2, for the types that we know; last those of later RFCs, each by its
    // own.
    let rfc = "
        server_name CH EE
        max_fragment_length CH EE
        status_request CH CT CR
        supported_groups CH EE
        signature_algorithms CH CR
        application_layer_protocol_negotiation CH EE
        signed_certificate_timestamp CH CT CR
        padding CH
        key_share CH SH HRR
        pre_shared_key CH SH
        psk_key_exchange_modes CH
        early_data CH EE NST
        cookie CH HRR
        supported_versions CH SH HRR
        certificate_authorities CH CR
        oid_filters CR
        post_handshake_auth CH
        signature_algorithms_cert CH CR
        record_size_limit CH EE
        tls_cert_with_extern_psk CH SH";
    let mut rfc: Vec<&str> = rfc.trim().lines().map(str::trim).collect();
    let mut ours: Vec<String> = TABLE
        .iter()
        .filter(|row| !row.legacy)
        .map(|row| {
            let carriers = row
                .carriers
                .iter()
                .filter(|(carrier, _)| !is_legacy(*carrier));
            let columns = carriers.map(|(carrier, _)| match carrier {
                Carrier::ClientHello => "CH",
                Carrier::ServerHello => "SH",
                Carrier::HelloRetryRequest => "HRR",
                Carrier::EncryptedExtensions => "EE",
                Carrier::Certificate => "CT",
                Carrier::CertificateRequest => "CR",
                Carrier::NewSessionTicket => "NST",
                #[cfg(feature = "legacy")]
                Carrier::LegacyServerHello => "LSH",
            });
            [row.name]
                .into_iter()
                .chain(columns)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    rfc.sort_unstable();
    ours.sort_unstable();
    assert_eq!(ours, rfc);
}

#[cfg(feature = "legacy")]
#[test]
fn the_table_agrees_with_the_rfcs_of_older_versions() {
    // Each by its own RFC; supported_groups because servers send it.
    type T = ExtensionType;
    let mut expected = [
        (T::SERVER_NAME, "Empty"),
        (T::MAX_FRAGMENT_LENGTH, "MaxFragmentLength"),
        (T::STATUS_REQUEST, "Empty"),
        (T::SUPPORTED_GROUPS, "NamedGroupList<'a>"),
        (T::EC_POINT_FORMATS, "Opaque8<'a, 1, 0xff>"),
        (
            T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION,
            "SelectedProtocol<'a>",
        ),
        (T::ENCRYPT_THEN_MAC, "Empty"),
        (T::EXTENDED_MAIN_SECRET, "Empty"),
        (
            T::RECORD_SIZE_LIMIT,
            "RecordSizeLimit<RECORD_SIZE_LIMIT_LEGACY>",
        ),
        (T::SESSION_TICKET, "Empty"),
        (
            T::SIGNED_CERTIFICATE_TIMESTAMP,
            "SignedCertificateTimestampList<'a>",
        ),
        (T::RENEGOTIATION_INFO, "Opaque8<'a, 0, 0xff>"),
    ];
    let mut ours: Vec<_> = TABLE
        .iter()
        .flat_map(|row| {
            let carriers = row
                .carriers
                .iter()
                .filter(|(carrier, _)| is_legacy(*carrier));
            carriers.map(|(_, inside)| (row.extension_type, *inside))
        })
        .collect();
    expected.sort_unstable();
    ours.sort_unstable();
    assert_eq!(ours, expected);
}

#[cfg(feature = "legacy")]
#[test]
fn an_older_server_hello_with_an_answer_of_tls_1_3_is_unsolicited() {
    // Though all was offered.
    for extension_type in [
        ExtensionType::KEY_SHARE,
        ExtensionType::SUPPORTED_VERSIONS,
        ExtensionType::PRE_SHARED_KEY,
        ExtensionType::EARLY_DATA,
        ExtensionType::COOKIE,
        ExtensionType::SIGNATURE_ALGORITHMS,
    ] {
        let block = extension(extension_type, &[0, 0]);
        let (present, solicited) =
            read_block(Carrier::LegacyServerHello, &block, all_known()).unwrap();
        assert_eq!(present, ExtensionSet::EMPTY);
        let error = solicited.unwrap_err();
        assert_eq!(
            error,
            PeerMisbehaved::UnsolicitedExtension {
                extension: extension_type,
                message: "ServerHello"
            }
        );
        assert_eq!(error.alert(), AlertDescription::UNSUPPORTED_EXTENSION);
    }
}

#[cfg(feature = "legacy")]
#[test]
fn an_older_server_may_limit_records_to_what_its_version_has() {
    let limit = |value: u16| {
        let block = extension(ExtensionType::RECORD_SIZE_LIMIT, &value.to_be_bytes());
        read_block(Carrier::LegacyServerHello, &block, all_known()).map(|(_, solicited)| solicited)
    };
    assert_eq!(limit(1 << 14), Ok(Ok(())));
    assert_eq!(limit(64), Ok(Ok(())));
    for (value, what) in [
        (
            (1 << 14) + 1,
            "record_size_limit exceeds the version's limit (RFC 8449 Section 4)",
        ),
        (63, "record_size_limit is less than 64 (RFC 8449 Section 4)"),
    ] {
        assert_eq!(
            limit(value),
            Err(PeerMisbehaved::IllegalParameter { what }.into())
        );
    }
}

#[test]
fn thousands_of_unknown_extensions_are_read_and_the_one_duplicate_found() {
    let mut block = Vec::new();
    for number in 0x1000..0x1000 + 16_000 {
        block.extend(extension(ExtensionType(number), &[]));
    }
    let (present, _) = read_block(Carrier::ClientHello, &block, all_known()).unwrap();
    assert_eq!(present, ExtensionSet::EMPTY);
    block.extend(extension(ExtensionType(0x1234), &[]));
    assert_eq!(
        read_block(Carrier::ClientHello, &block, all_known()),
        Err(PeerMisbehaved::DuplicateExtension {
            extension: ExtensionType(0x1234),
            message: "ClientHello"
        }
        .into())
    );
}

#[test]
fn duplicates_are_found_among_few_and_many() {
    for count in [0, 1, 2, 31, 32, 33, 34, 1000] {
        let mut values: Vec<u16> = (0..count).map(|value| value * 3).collect();
        assert_eq!(first_duplicate(values.iter().copied()), None);
        for place in [
            0,
            usize::from(count / 2),
            usize::from(count.saturating_sub(1)),
        ] {
            let Some(value) = values.get(place).copied() else {
                continue;
            };
            values.push(value);
            assert_eq!(first_duplicate(values.iter().copied()), Some(value));
            values.pop();
        }
    }
}

// What single extensions demand.

/// The error of a block with this one extension.
fn error_of(carrier: Carrier, extension_type: ExtensionType, data: &[u8]) -> PeerMisbehaved {
    match read_block(carrier, &extension(extension_type, data), all_known()) {
        Err(Error::PeerMisbehaved(error)) => error,
        other => panic!("{extension_type} {data:02x?}: {other:?}"),
    }
}

#[test]
fn values_that_contradict_their_rfc_are_illegal_parameters() {
    use Carrier::{Certificate, ClientHello, EncryptedExtensions};
    type T = ExtensionType;
    let psk = |identities: u8, binders: usize| {
        let list: Vec<u8> = (0..identities)
            .flat_map(|number| [0, 1, number, 0, 0, 0, 0])
            .collect();
        let mut data = vec![0, list.len() as u8];
        data.extend(list);
        data.extend_from_slice(&((binders * 33) as u16).to_be_bytes());
        for _ in 0..binders {
            data.push(32);
            data.extend([7; 32]);
        }
        data
    };
    const NAME: &str =
        "server_name is not printable ASCII without a final dot (RFC 6066 Section 3)";
    const FRAGMENT: &str = "max_fragment_length is not 1 to 4 (RFC 6066 Section 4)";
    const LIMIT: &str = "record_size_limit is less than 64 (RFC 8449 Section 4)";
    const BINDERS: &str =
        "pre_shared_key has not one binder for each identity (RFC 8446 Section 4.2.11)";
    #[rustfmt::skip]
    let cases: &[(Carrier, T, &[u8], &str)] = &[
        (ClientHello, T::SERVER_NAME, b"\0\x05\0\0\x02a.", NAME),
        (ClientHello, T::SERVER_NAME, b"\0\x06\0\0\x03a\0b", NAME),
        (ClientHello, T::SERVER_NAME, b"\0\x05\0\0\x02\xc3\xa4", NAME),
        (ClientHello, T::SERVER_NAME, b"\0\x08\0\0\x05\x1b[2Ja", NAME),
        (ClientHello, T::SERVER_NAME, b"\0\x06\0\0\x03a\nb", NAME),
        (ClientHello, T::SERVER_NAME, b"\0\x06\0\0\x03a b", NAME),
        (ClientHello, T::MAX_FRAGMENT_LENGTH, &[0], FRAGMENT),
        (ClientHello, T::MAX_FRAGMENT_LENGTH, &[5], FRAGMENT),
        (EncryptedExtensions, T::MAX_FRAGMENT_LENGTH, &[5], FRAGMENT),
        (ClientHello, T::RECORD_SIZE_LIMIT, &[0, 63], LIMIT),
        (EncryptedExtensions, T::RECORD_SIZE_LIMIT, &[0, 63], LIMIT),
        (EncryptedExtensions, T::RECORD_SIZE_LIMIT, &[0x40, 2], "record_size_limit exceeds the version's limit (RFC 8449 Section 4)"),
        (Certificate, T::STATUS_REQUEST, &[2, 0, 0, 1, 0], "certificate status is not of type ocsp, which alone was asked for (RFC 6066 Section 8)"),
        (ClientHello, T::KEY_SHARE, &[0, 10, 0, 29, 0, 1, 5, 0, 29, 0, 1, 5], "two key shares of the same group (RFC 8446 Section 4.2.8)"),
        (ClientHello, T::PRE_SHARED_KEY, &psk(2, 1), BINDERS),
        (ClientHello, T::PRE_SHARED_KEY, &psk(1, 2), BINDERS),
    ];
    for (carrier, extension_type, data, what) in cases {
        let error = error_of(*carrier, *extension_type, data);
        assert_eq!(error, PeerMisbehaved::IllegalParameter { what });
        assert_eq!(error.alert(), AlertDescription::ILLEGAL_PARAMETER);
    }
    // The other side of each limit.
    for (carrier, extension_type, data) in [
        (ClientHello, T::RECORD_SIZE_LIMIT, &[0xff, 0xff][..]),
        (ClientHello, T::RECORD_SIZE_LIMIT, &[0, 64]),
        (EncryptedExtensions, T::RECORD_SIZE_LIMIT, &[0x40, 1]),
        (ClientHello, T::MAX_FRAGMENT_LENGTH, &[4]),
        (ClientHello, T::KEY_SHARE, &[0, 0]),
        (ClientHello, T::PRE_SHARED_KEY, &psk(2, 2)),
        (ClientHello, T::SERVER_NAME, b"\0\x04\0\0\x01a"),
    ] {
        let (present, _) =
            read_block(carrier, &extension(extension_type, data), all_known()).unwrap();
        assert!(present.contains(extension_type));
    }
}

#[test]
fn vectors_outside_their_ranges_are_malformed() {
    use Carrier::{ClientHello, EncryptedExtensions, HelloRetryRequest};
    type T = ExtensionType;
    let long_name = [&[1, 3, 0, 1, 0][..], &[b'a'; 256]].concat();
    const SHORT: &str = "shorter than the minimum";
    const LONG: &str = "longer than the maximum";
    const EARLY: &str = "ends early";
    const LEFT: &str = "bytes are left over";
    #[rustfmt::skip]
    let cases: &[(Carrier, T, &[u8], &str)] = &[
        (ClientHello, T::SERVER_NAME, &[0, 0], SHORT),
        (ClientHello, T::SERVER_NAME, &[0, 3, 0, 0, 0], SHORT),
        (ClientHello, T::SERVER_NAME, &long_name, LONG),
        (ClientHello, T::SERVER_NAME, b"\0\x04\x01\0\x01a", "name of a type other than host_name"),
        (ClientHello, T::SERVER_NAME, b"\0\x08\0\0\x01a\0\0\x01b", LEFT),
        (ClientHello, T::SUPPORTED_GROUPS, &[0, 0], SHORT),
        (ClientHello, T::SUPPORTED_GROUPS, &[0, 3, 0, 29, 0], EARLY),
        (ClientHello, T::SIGNATURE_ALGORITHMS, &[0, 0], SHORT),
        (ClientHello, T::SUPPORTED_VERSIONS, &[0], SHORT),
        (ClientHello, T::SUPPORTED_VERSIONS, &[3, 3, 4, 3], EARLY),
        (ClientHello, T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, &[0, 0], SHORT),
        (ClientHello, T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, &[0, 3, 0, 1, b'a'], SHORT),
        (EncryptedExtensions, T::APPLICATION_LAYER_PROTOCOL_NEGOTIATION, &[0, 4, 1, b'a', 1, b'b'], "more than one protocol selected"),
        (HelloRetryRequest, T::COOKIE, &[0, 0], SHORT),
        (ClientHello, T::PSK_KEY_EXCHANGE_MODES, &[0], SHORT),
        (ClientHello, T::KEY_SHARE, &[0, 4, 0, 29, 0, 0], SHORT),
        (ClientHello, T::PRE_SHARED_KEY, &[0, 7, 0, 1, 9, 0, 0, 0, 0, 0, 0], SHORT),
        (ClientHello, T::CERTIFICATE_AUTHORITIES, &[0, 0], SHORT),
        (EncryptedExtensions, T::SERVER_NAME, &[0], LEFT),
    ];
    for (carrier, extension_type, data, problem) in cases {
        let error = error_of(*carrier, *extension_type, data);
        let PeerMisbehaved::Malformed { problem: found, .. } = error else {
            panic!("{extension_type} {data:?}: {error}");
        };
        assert_eq!(found, *problem, "{extension_type} {data:?}");
    }
}
