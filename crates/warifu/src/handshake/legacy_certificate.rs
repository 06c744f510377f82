//! Certificates and signatures in TLS 1.2, 1.1 and 1.0 (RFC 5246 Section 7.4.2, 7.4.3 and 7.4.8; RFC 2246 Section 7.4.3).

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};
use warifu_crypto::legacy::LegacySignature;
use warifu_crypto::{KeyKind, PublicKey};

use crate::config::{LegacySettings, Settings};
use crate::coroutine::{Peer, Received};
use crate::credential::Credential;
use crate::decision::{
    ChooseCredential, CredentialRequest, KeyUse, PeerRole, PresentedChain, VerifyPeer,
};
use crate::error::{CertificateError, Error, NothingInCommon, OrInternal, PeerMisbehaved};
use crate::handshake::negotiate::listed;
use crate::message::legacy::{
    LegacyCertificate, LegacyCertificateStatus, LegacyCertificateVerify, LegacySigned,
};
use crate::message::{CertificateStatus, Handshake, Opaque16, Staples};
use crate::parameters::{KeyExchange, NamedGroup, ProtocolVersion, SignatureScheme};

use super::certificate::{Chosen, MAX_CHAIN_LEN, peer_public_key};
use super::legacy::send;
use super::legacy_key_schedule::LegacyTranscript;

/// What kind of signature, or of encryption, a key of a certificate can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyType {
    /// rsaEncryption.
    Rsa,
    /// id-RSASSA-PSS: signatures of TLS 1.2 alone.
    RsaPss,
    /// ECDSA.
    Ecdsa,
    /// Ed25519, which RFC 8422 puts beside ECDSA: TLS 1.2 alone.
    Ed25519,
    /// Of TLS 1.3 alone.
    Other,
}

impl KeyType {
    pub(super) fn of(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Rsa { .. } => Self::Rsa,
            KeyKind::RsaPss { .. } => Self::RsaPss,
            KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521 => Self::Ecdsa,
            KeyKind::Ed25519 => Self::Ed25519,
            KeyKind::MlDsa44 | KeyKind::MlDsa65 | KeyKind::MlDsa87 => Self::Other,
        }
    }

    pub(super) fn of_credential(credential: &Credential) -> Self {
        credential.key_kind().map_or(Self::Other, Self::of)
    }

    /// Whether a server with such a key can use this key exchange.
    pub(super) fn serves(self, key_exchange: KeyExchange, version: ProtocolVersion) -> bool {
        let is_tls12 = version == ProtocolVersion::TLS1_2;
        match key_exchange {
            KeyExchange::EcdheEcdsa => match self {
                Self::Ecdsa => true,
                Self::Ed25519 => is_tls12,
                _ => false,
            },
            KeyExchange::EcdheRsa | KeyExchange::DheRsa => match self {
                Self::Rsa => true,
                Self::RsaPss => is_tls12,
                _ => false,
            },
            KeyExchange::Rsa | KeyExchange::RsaPsk => self == Self::Rsa,
            KeyExchange::EcdhePsk | KeyExchange::DhePsk | KeyExchange::Psk => false,
        }
    }
}

/// The scheme of every signature before TLS 1.2, which follows from the key (RFC 2246 Section 4.7, RFC 4492 Section 5.10).
fn fixed_scheme(key: KeyType) -> Option<SignatureScheme> {
    match key {
        KeyType::Rsa => Some(SignatureScheme::RSA_PKCS1_MD5_SHA1),
        KeyType::Ecdsa => Some(SignatureScheme::ECDSA_SHA1),
        KeyType::RsaPss | KeyType::Ed25519 | KeyType::Other => None,
    }
}

/// What a scheme is where it is not as in TLS 1.3: ECDSA schemes name a hash and no curve (RFC 5246 Section 7.4.1.4.1).
pub(crate) fn legacy_signature(scheme: SignatureScheme) -> Option<LegacySignature> {
    match scheme {
        SignatureScheme::RSA_PKCS1_MD5_SHA1 => Some(LegacySignature::RsaPkcs1Md5Sha1),
        SignatureScheme::ECDSA_SHA1 => Some(LegacySignature::EcdsaSha1),
        SignatureScheme::ECDSA_SECP256R1_SHA256 => Some(LegacySignature::EcdsaSha256),
        SignatureScheme::ECDSA_SECP384R1_SHA384 => Some(LegacySignature::EcdsaSha384),
        SignatureScheme::ECDSA_SECP521R1_SHA512 => Some(LegacySignature::EcdsaSha512),
        _ => None,
    }
}

/// The scheme to sign with: the first of the credential's that the peer accepts, or of the peer's that the credential has; before
/// TLS 1.2 the one there is.
pub(super) fn choose_scheme(
    credential: &Credential,
    version: ProtocolVersion,
    peers: impl Iterator<Item = SignatureScheme> + Clone,
    peers_order: bool,
) -> Result<SignatureScheme, Error> {
    if version != ProtocolVersion::TLS1_2 {
        let fixed = fixed_scheme(KeyType::of_credential(credential))
            .filter(|scheme| credential.can_sign_legacy(*scheme));
        return fixed.ok_or_else(|| {
            NothingInCommon::SignatureScheme {
                ours: listed(credential.schemes().iter()),
                peers: format!("those of {version}: MD5 with SHA-1 by RSA, SHA-1 by ECDSA"),
            }
            .into()
        });
    }
    let ours = credential.legacy_schemes();
    let common = match peers_order {
        true => peers.clone().find(|theirs| ours.contains(theirs)),
        false => {
            let is_theirs = |ours: &SignatureScheme| peers.clone().any(|theirs| theirs == *ours);
            ours.iter().copied().find(is_theirs)
        }
    };
    common.ok_or_else(|| {
        NothingInCommon::SignatureScheme {
            ours: listed(ours.iter()),
            peers: listed(peers),
        }
        .into()
    })
}

/// The curve of a key for ECDSA, which before TLS 1.3 is one of those that both sides name in supported_groups (RFC 8422 Section
/// 5.3); later the signature scheme has it.
pub(super) fn certificate_curve(kind: KeyKind) -> Option<NamedGroup> {
    match kind {
        KeyKind::EcP256 => Some(NamedGroup::SECP256R1),
        KeyKind::EcP384 => Some(NamedGroup::SECP384R1),
        KeyKind::EcP521 => Some(NamedGroup::SECP521R1),
        _ => None,
    }
}

/// Whether the credential's key is on one of these curves, or on none. No curves are any.
fn is_on(credential: &Credential, curves: &[NamedGroup]) -> bool {
    let curve = credential.key_kind().and_then(certificate_curve);
    curves.is_empty() || curve.is_none_or(|curve| curves.contains(&curve))
}

/// Whether [`choose_scheme`] will find a scheme with this peer. Before TLS 1.2 any scheme of a kind of key stands for it.
pub(crate) fn can_sign_before_tls13(
    credential: &Credential,
    request: &CredentialRequest<'_>,
) -> bool {
    let (version, peers) = (request.version, request.signature_schemes);
    if !is_on(credential, request.curves) {
        return false;
    }
    if version == ProtocolVersion::TLS1_2 {
        let mut ours = credential.legacy_schemes().iter();
        return ours.any(|scheme| peers.contains(scheme));
    }
    let Some(fixed) = fixed_scheme(KeyType::of_credential(credential)) else {
        return false;
    };
    let is_rsa = fixed == SignatureScheme::RSA_PKCS1_MD5_SHA1;
    credential.can_sign_legacy(fixed) && peers.iter().any(|scheme| scheme.is_rsa() == is_rsa)
}

/// Chooses a credential: the connection's own, else the config's choice. `Ok(None)` is no credential at all.
pub(super) async fn choose_credential(
    peer: &mut Peer,
    own: Option<&Arc<Credential>>,
    config: Option<&dyn ChooseCredential>,
    request: CredentialRequest<'_>,
) -> Result<Option<Arc<Credential>>, Error> {
    match (own, config) {
        (Some(own), _) => Ok(Some(own.clone())),
        (None, Some(config)) => {
            let answer = config.choose(request);
            peer.ask("choice of a credential", answer).await
        }
        (None, None) => Ok(None),
    }
}

/// Who the peer proved to be, or says that it is until its signature was seen.
pub(super) struct PeerCertificate {
    pub(super) certificates: Arc<[CertificateDer<'static>]>,
    pub(super) key: PublicKey,
}

/// A message Certificate, read: the chain, leaf first, possibly empty.
pub(super) fn read_chain(
    received: &Received<LegacyCertificate<'static>>,
) -> Result<Arc<[CertificateDer<'static>]>, Error> {
    let message = LegacyCertificate::read(received.body())?;
    let count = message.certificate_list.len();
    if count > MAX_CHAIN_LEN {
        return Err(CertificateError::TooComplex.into());
    }
    let mut entries = message.certificate_list.iter();
    Ok((0..count)
        .map(|_| entries.next().map_or(&[][..], |entry| entry.as_slice()))
        .map(|der| CertificateDer::from(der.to_vec()))
        .collect())
}

/// What a peer's chain must satisfy.
pub(super) struct ChainRules<'a> {
    pub(super) verifier: &'a dyn VerifyPeer,
    pub(super) peer: PeerRole<'a>,
    pub(super) key_use: KeyUse,
    pub(super) now: UnixTime,
}

/// Has a chain that is not empty verified.
pub(super) async fn verify_chain(
    peer: &mut Peer,
    rules: &ChainRules<'_>,
    certificates: Arc<[CertificateDer<'static>]>,
    staples: Staples<'_>,
) -> Result<PeerCertificate, Error> {
    let leaf = certificates.first().or_internal("chain without a leaf")?;
    let key = peer_public_key(leaf, rules.verifier)?;
    let chain = PresentedChain {
        ocsp_response: staples.ocsp_response,
        scts: staples.scts,
        key_use: rules.key_use,
        ..PresentedChain::new(&certificates, rules.peer, rules.now)
    };
    let answer = rules.verifier.verify(chain);
    peer.ask("verification of the peer's certificate", answer)
        .await?;
    Ok(PeerCertificate { certificates, key })
}

/// Checks a signature of the peer over `message`, in ServerKeyExchange or CertificateVerify. Returns its scheme.
pub(super) fn verify_signature(
    settings: &LegacySettings,
    version: ProtocolVersion,
    key: &PublicKey,
    signed: &LegacySigned<'_>,
    message: &[u8],
) -> Result<SignatureScheme, Error> {
    let scheme = match signed.algorithm {
        Some(scheme) if settings.accepts_scheme(scheme) => scheme,
        Some(scheme) => {
            return Err(PeerMisbehaved::WrongSignatureScheme { scheme: scheme.0 }.into());
        }
        None => fixed_scheme(KeyType::of(key.kind())).ok_or(
            // The key exchange was checked to fit the key.
            CertificateError::UnsupportedKey {
                reason: format!("{} cannot sign in {version}", key.kind()),
            },
        )?,
    };
    let verified = match (legacy_signature(scheme), scheme.algorithm()) {
        (Some(legacy), _) if key.supports_legacy(legacy) => {
            key.verify_legacy(legacy, message, &signed.signature)
        }
        (None, Some(algorithm)) if key.supports(algorithm) => {
            key.verify(algorithm, message, &signed.signature)
        }
        _ => return Err(PeerMisbehaved::WrongSignatureScheme { scheme: scheme.0 }.into()),
    };
    verified.map_err(|_| PeerMisbehaved::BadSignature)?;
    Ok(scheme)
}

/// Sends Certificate, empty without a credential.
pub(super) fn send_certificate(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    credential: Option<&Credential>,
) -> Result<(), Error> {
    let chain = credential.map_or(&[][..], Credential::chain);
    peer.with_wire(|wire| {
        let bytes = wire
            .sending
            .send_message(|out| LegacyCertificate::encode_chain(out, chain))?;
        transcript.add(bytes);
        Ok(())
    })
}

/// RFC 6066 Section 8: the stapled OCSP response, in a message of its own.
pub(super) fn send_certificate_status(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    credential: &Credential,
) -> Result<(), Error> {
    send(
        peer,
        transcript,
        &LegacyCertificateStatus {
            status: CertificateStatus::ocsp(credential.ocsp_response()),
        },
    )
}

/// Signs `message` for ServerKeyExchange or CertificateVerify. Waits for the signer.
pub(super) async fn sign(
    peer: &mut Peer,
    chosen: &Chosen,
    message: &[u8],
) -> Result<Vec<u8>, Error> {
    let answer = chosen.credential.sign_legacy(chosen.scheme, message);
    peer.ask("signature", answer).await
}

/// What stands before a signature on the wire: its scheme, from TLS 1.2 on.
pub(super) fn algorithm_on_wire(
    version: ProtocolVersion,
    scheme: SignatureScheme,
) -> Option<SignatureScheme> {
    (version == ProtocolVersion::TLS1_2).then_some(scheme)
}

/// RFC 5246 Section 7.4.8: the client's proof that it holds its key, over all messages so far.
pub(super) async fn send_certificate_verify(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    version: ProtocolVersion,
    chosen: &Chosen,
) -> Result<(), Error> {
    let signature = sign(peer, chosen, transcript.messages()?).await?;
    let message = LegacyCertificateVerify {
        signed: LegacySigned {
            algorithm: algorithm_on_wire(version, chosen.scheme),
            signature: Opaque16::new(&signature),
        },
    };
    send(peer, transcript, &message)
}

/// Waits for the client's CertificateVerify and checks it. Returns its scheme.
pub(super) async fn recv_certificate_verify(
    peer: &mut Peer,
    transcript: &mut LegacyTranscript,
    settings: &Settings,
    version: ProtocolVersion,
    key: &PublicKey,
) -> Result<SignatureScheme, Error> {
    let received = peer.recv::<LegacyCertificateVerify>().await?;
    let signed = LegacyCertificateVerify::read(version, received.body())?.signed;
    let messages = transcript.messages()?;
    let scheme = verify_signature(&settings.legacy, version, key, &signed, messages)?;
    transcript.add(received.bytes());
    Ok(scheme)
}
