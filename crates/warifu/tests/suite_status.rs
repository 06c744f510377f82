//! What a configuration says of itself: its versions, and why a cipher suite is not used.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::psk::psk;
use support::{Pki, client_builder, server_builder};
use warifu::config::{Client, ConfigBuilder, Policy, Server, SuiteStatus};
use warifu::parameters::{CipherSuite, ProtocolVersion};

/// What both roles say of a suite; they must say the same.
#[track_caller]
fn status(
    client: ConfigBuilder<Client>,
    server: ConfigBuilder<Server>,
    suite: CipherSuite,
) -> SuiteStatus {
    let status = client.build().unwrap().suite_status(suite);
    assert_eq!(server.build().unwrap().suite_status(suite), status);
    status
}

#[test]
fn what_is_not_implemented_is_unknown_and_what_no_policy_has_is_used_by_name() {
    let pki = Pki::new();
    let told = |suite| status(client_builder(&pki), server_builder(&pki), suite);
    for suite in [
        CipherSuite::TLS_FALLBACK_SCSV,
        CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
        CipherSuite(0x0005),
    ] {
        assert_eq!(told(suite), SuiteStatus::Unknown);
    }
    let ccm = CipherSuite::TLS_AES_128_CCM_8_SHA256;
    let policies = vec![Policy::PskIot];
    assert_eq!(told(ccm), SuiteStatus::NotChosen { policies });
    let named = |client: ConfigBuilder<Client>, server: ConfigBuilder<Server>| {
        let suites = [ccm];
        status(
            client.with_cipher_suites(&suites),
            server.with_cipher_suites(&suites),
            ccm,
        )
    };
    let both = named(client_builder(&pki), server_builder(&pki));
    assert_eq!(both, SuiteStatus::Enabled);
}

#[test]
fn every_policy_enables_the_suites_it_lists_as_far_as_keys_and_certificates_go() {
    let pki = Pki::new();
    for policy in Policy::ALL {
        let client = client_builder(&pki).with_psks([psk("alice")]);
        let client = client.with_policy(policy).build().unwrap();
        for suite in CipherSuite::implemented() {
            let enabled = client.suite_status(suite) == SuiteStatus::Enabled;
            assert_eq!(enabled, policy.cipher_suites().contains(&suite), "{suite}");
            let has = Policy::all_with(suite).any(|found| found == policy);
            assert_eq!(enabled, has, "{suite} in {policy}");
        }
        #[cfg(feature = "legacy")]
        assert_eq!(client.versions(), policy.versions());
    }
}

#[cfg(not(feature = "legacy"))]
#[test]
fn there_is_one_version() {
    let pki = Pki::new();
    let only = ProtocolVersion::TLS1_3..=ProtocolVersion::TLS1_3;
    for policy in Policy::ALL {
        let client = client_builder(&pki).with_policy(policy);
        assert_eq!(client.build().unwrap().versions(), only);
    }
    let old = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
    let told = status(client_builder(&pki), server_builder(&pki), old);
    assert_eq!(told, SuiteStatus::Unknown);
}

#[cfg(feature = "legacy")]
mod legacy {
    use support::psk::{client_of, server_of};
    use warifu::PskPolicy;
    use warifu::parameters::NamedGroup;

    use super::*;

    const TLS1_0: ProtocolVersion = ProtocolVersion::TLS1_0;
    const TLS1_1: ProtocolVersion = ProtocolVersion::TLS1_1;
    const TLS1_2: ProtocolVersion = ProtocolVersion::TLS1_2;
    const TLS1_3: ProtocolVersion = ProtocolVersion::TLS1_3;

    #[test]
    fn versions_are_read_back_as_they_were_set() {
        let pki = Pki::new();
        for range in [
            TLS1_0..=TLS1_0,
            TLS1_0..=TLS1_3,
            TLS1_1..=TLS1_2,
            TLS1_2..=TLS1_2,
            TLS1_3..=TLS1_3,
        ] {
            let client = client_builder(&pki).with_versions(range.clone());
            assert_eq!(client.build().unwrap().versions(), range);
            let server = server_builder(&pki).with_versions(range.clone());
            assert_eq!(server.build().unwrap().versions(), range);
        }
        let client = client_builder(&pki).build().unwrap();
        assert_eq!(client.versions(), TLS1_2..=TLS1_3);
        // A version without suites is not used.
        let suites = [CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256];
        let client = client_builder(&pki).with_cipher_suites(&suites);
        assert_eq!(client.build().unwrap().versions(), TLS1_2..=TLS1_2);
    }

    #[test]
    fn the_first_reason_is_told() {
        let pki = Pki::new();
        let told = |suite| status(client_builder(&pki), server_builder(&pki), suite);
        let ecdhe_rsa = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        assert_eq!(told(ecdhe_rsa), SuiteStatus::Enabled);
        for (suite, policies, text) in [
            (
                CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256,
                vec![Policy::Compat, Policy::Legacy],
                "of policy compat, legacy: enable it by name",
            ),
            (
                CipherSuite::TLS_RSA_WITH_3DES_EDE_CBC_SHA,
                Vec::new(),
                "in no policy: enable it by name",
            ),
            (
                CipherSuite::TLS_PSK_WITH_AES_128_CCM_8,
                vec![Policy::PskIot],
                "of policy psk-iot: enable it by name",
            ),
        ] {
            assert_eq!(told(suite).to_string(), text);
            assert_eq!(told(suite), SuiteStatus::NotChosen { policies });
        }
        let psk_suite = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256;
        assert_eq!(told(psk_suite), SuiteStatus::NeedsPsk);

        let newest = |suite| {
            status(
                client_builder(&pki).with_policy(Policy::Modern),
                server_builder(&pki).with_policy(Policy::Modern),
                suite,
            )
        };
        let (lowest, highest) = (TLS1_2, TLS1_2);
        let version = SuiteStatus::Version { lowest, highest };
        assert_eq!(newest(ecdhe_rsa), version);
        assert_eq!(version.to_string(), "TLS 1.2 is not enabled");
        let old = newest(CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA);
        assert_eq!(old.to_string(), "none of TLS 1.0 to TLS 1.2 is enabled");
        assert_eq!(
            old,
            SuiteStatus::Version {
                lowest: TLS1_0,
                highest: TLS1_2
            }
        );
    }

    #[test]
    fn keys_alone_have_no_suites_with_certificates() {
        let told = |suite| {
            let compat = Policy::Compat;
            status(
                client_of([psk("alice")]).with_policy(compat),
                server_of([psk("alice")]).with_policy(compat),
                suite,
            )
        };
        assert_eq!(
            told(CipherSuite::TLS_PSK_WITH_AES_128_GCM_SHA256),
            SuiteStatus::Enabled
        );
        for suite in [
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256,
        ] {
            assert_eq!(told(suite), SuiteStatus::NeedsCertificate);
        }
    }

    #[test]
    fn the_policy_for_keys_excludes_suites_and_says_so() {
        let pki = Pki::new();
        let told = |policy, suite| {
            let client = client_builder(&pki).with_psks([psk("alice")]);
            let table = warifu::psk::PskTable::new([psk("alice")]).unwrap();
            let server = server_builder(&pki).with_psk_store(table);
            status(
                client.with_policy(Policy::Compat).with_psk_policy(policy),
                server.with_policy(Policy::Compat).with_psk_policy(policy),
                suite,
            )
        };
        let rsa = CipherSuite::TLS_RSA_WITH_AES_128_GCM_SHA256;
        let rsa_psk = CipherSuite::TLS_RSA_PSK_WITH_AES_128_GCM_SHA256;
        let ecdhe_psk = CipherSuite::TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256;
        for (policy, suites) in [
            (PskPolicy::Optional, vec![rsa, rsa_psk, ecdhe_psk]),
            (PskPolicy::Required, vec![ecdhe_psk]),
            (PskPolicy::RequiredWithCertificate, vec![rsa_psk]),
        ] {
            for suite in [rsa, rsa_psk, ecdhe_psk] {
                let expected = match suites.contains(&suite) {
                    true => SuiteStatus::Enabled,
                    false => SuiteStatus::PskPolicy(policy),
                };
                assert_eq!(told(policy, suite), expected, "{suite} with {policy:?}");
            }
        }
    }

    #[test]
    fn curves_are_needed_where_the_exchange_is_on_curves() {
        let pki = Pki::new();
        let groups = [NamedGroup::X25519MLKEM768];
        let told = |suite| {
            status(
                client_builder(&pki)
                    .with_policy(Policy::Compat)
                    .with_groups(&groups),
                server_builder(&pki)
                    .with_policy(Policy::Compat)
                    .with_groups(&groups),
                suite,
            )
        };
        let ecdhe = CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
        assert_eq!(told(ecdhe), SuiteStatus::NeedsGroup);
        let dhe = CipherSuite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256;
        assert_eq!(told(dhe), SuiteStatus::Enabled);
    }
}
