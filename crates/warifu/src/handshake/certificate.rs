//! Authentication by certificate in TLS 1.3, for both roles and for post-handshake authentication: send and
//! verify a chain, sign and verify CertificateVerify (RFC 8446 Section 4.4.2 and 4.4.3).

use std::sync::Arc;

use rustls_pki_types::{CertificateDer, UnixTime};
use warifu_crypto::{Digest, HmacKey, PublicKey, RsaMinimum};

use crate::certificate::leaf_public_key;
use crate::coroutine::{Peer, Received};
use crate::credential::Credential;
use crate::decision::{ChooseCredential, CredentialRequest, PeerRole, PresentedChain, VerifyPeer};
use crate::error::{CertificateError, Error, PeerMisbehaved};
use crate::handshake::negotiate;
use crate::message::{
    Certificate, CertificateAuthorities, CertificateStatusRequest, CertificateVerify, ClientHello,
    ExtensionSet, Finished, Handshake, Opaque16, Rest, SignatureSchemeList, Staples,
};
use crate::parameters::{ProtocolVersion, SignatureScheme};
use crate::trust::Leniency;

use super::transcript::Transcript;

/// Most certificates in a peer's chain. Real chains have two to four, cross-signed ones a few more; a message could hold
/// twenty thousand, each an allocation.
pub(super) const MAX_CHAIN_LEN: usize = 32;

/// Who the peer proved to be.
#[derive(Debug, Clone)]
pub(crate) struct PeerIdentity {
    pub(crate) certificates: Arc<[CertificateDer<'static>]>,
    pub(crate) scheme: SignatureScheme,
}

/// What a peer's authentication must satisfy.
pub(crate) struct Rules<'a> {
    pub(crate) verifier: &'a dyn VerifyPeer,
    /// Schemes that were offered for CertificateVerify.
    pub(crate) schemes: &'a [SignatureScheme],
    pub(crate) peer: PeerRole<'a>,
    /// An empty list is an answer: the client need not have a certificate.
    pub(crate) may_be_absent: bool,
    /// The context of the CertificateRequest; empty in a handshake.
    pub(crate) context: &'a [u8],
    /// The extensions that a certificate may answer.
    pub(crate) offered: ExtensionSet,
    pub(crate) now: UnixTime,
}

/// Waits for the peer's Certificate and CertificateVerify, and verifies both.
pub(crate) async fn recv_identity(
    peer: &mut Peer,
    transcript: &mut Transcript,
    rules: &Rules<'_>,
) -> Result<Option<PeerIdentity>, Error> {
    let received = peer.recv::<Certificate>().await?;
    recv_identity_after(peer, transcript, rules, received).await
}

/// As [`recv_identity`], with the Certificate already there.
pub(crate) async fn recv_identity_after(
    peer: &mut Peer,
    transcript: &mut Transcript,
    rules: &Rules<'_>,
    received: Received<Certificate<'static>>,
) -> Result<Option<PeerIdentity>, Error> {
    let Presented {
        certificates,
        ocsp_response,
        scts,
    } = read_chain(&received, rules)?;
    transcript.add(received.bytes());
    let Some(leaf) = certificates.first() else {
        return match (rules.peer, rules.may_be_absent) {
            (PeerRole::Client, true) => Ok(None),
            (PeerRole::Client, false) => Err(CertificateError::Required.into()),
            // RFC 8446 Section 4.4.2.4: "If the server supplies an empty Certificate message, the client MUST abort
            // the handshake with a "decode_error" alert."
            (PeerRole::Server(_), _) => Err(CertificateError::Empty.into()),
        };
    };
    let key = peer_public_key(leaf, rules.verifier)?;
    let chain = PresentedChain {
        ocsp_response: &ocsp_response,
        scts: &scts,
        ..PresentedChain::new(&certificates, rules.peer, rules.now)
    };
    peer.ask(
        "verification of the peer's certificate",
        rules.verifier.verify(chain),
    )
    .await?;

    let transcript_hash = transcript.current_hash();
    let received = peer.recv::<CertificateVerify>().await?;
    let verify = CertificateVerify::read(received.body())?;
    transcript.add(received.bytes());
    let scheme = verify.algorithm;
    let algorithm = scheme.algorithm().filter(|algorithm| {
        rules.schemes.contains(&scheme)
            && scheme.signs_tls13_handshakes()
            && key.supports(*algorithm)
    });
    let Some(algorithm) = algorithm else {
        return Err(PeerMisbehaved::WrongSignatureScheme { scheme: scheme.0 }.into());
    };
    let content = SignedContent::new(matches!(rules.peer, PeerRole::Server(_)), &transcript_hash);
    key.verify(algorithm, content.as_ref(), &verify.signature)
        .map_err(|_| PeerMisbehaved::BadSignature)?;
    Ok(Some(PeerIdentity {
        certificates,
        scheme,
    }))
}

/// The key that the peer proves itself with, of a size that the verifier takes.
pub(crate) fn peer_public_key(
    leaf: &CertificateDer<'_>,
    verifier: &dyn VerifyPeer,
) -> Result<PublicKey, CertificateError> {
    let minimum = if verifier.allows(Leniency::Rsa1024) {
        RsaMinimum::Bits1024
    } else {
        RsaMinimum::Bits2048
    };
    leaf_public_key(leaf, minimum)
}

/// A chain and what came with its leaf.
struct Presented {
    certificates: Arc<[CertificateDer<'static>]>,
    ocsp_response: Vec<u8>,
    scts: Vec<Vec<u8>>,
}

fn read_chain(
    received: &Received<Certificate<'static>>,
    rules: &Rules<'_>,
) -> Result<Presented, Error> {
    let message = Certificate::read(received.body())?;
    if message.certificate_request_context.as_slice() != rules.context {
        return Err(PeerMisbehaved::IllegalParameter {
            what: "certificate_request_context is not that of the request (RFC 8446 Section 4.4.2)",
        }
        .into());
    }
    message.check_solicited(rules.offered)?;
    let count = message.certificate_list.len();
    if count > MAX_CHAIN_LEN {
        return Err(CertificateError::TooComplex.into());
    }
    let leaf = message.certificate_list.iter().next();
    let extensions = leaf.map(|leaf| leaf.extensions);
    let status = extensions
        .as_ref()
        .and_then(|extensions| extensions.status_request);
    let ocsp_response = status.map_or(Vec::new(), |status| status.ocsp_response.to_vec());
    let scts = extensions.and_then(|extensions| extensions.signed_certificate_timestamp);
    let scts = scts.map_or(Ok(Vec::new()), |list| list.to_scts())?;
    // By a range, whose length is known, the shared slice is made in one allocation.
    let mut entries = message.certificate_list.iter();
    let certificates = (0..count)
        .map(|_| {
            entries
                .next()
                .map_or(&[][..], |entry| entry.cert_data.as_slice())
        })
        .map(|der| CertificateDer::from(der.to_vec()))
        .collect();
    Ok(Presented {
        certificates,
        ocsp_response,
        scts,
    })
}

/// What CertificateVerify signs, RFC 8446 Section 4.4.3: 64 spaces, a context string, a zero byte and the
/// transcript hash.
struct SignedContent {
    bytes: [u8; 64 + 34 + 64],
    len: usize,
}

impl SignedContent {
    fn new(by_server: bool, transcript_hash: &Digest) -> Self {
        let context: &[u8; 34] = if by_server {
            b"TLS 1.3, server CertificateVerify\0"
        } else {
            b"TLS 1.3, client CertificateVerify\0"
        };
        let mut content = Self {
            bytes: [b' '; 64 + 34 + 64],
            len: 64,
        };
        for part in [context.as_slice(), transcript_hash.as_ref()] {
            let end = content.len + part.len();
            if let Some(place) = content.bytes.get_mut(content.len..end) {
                place.copy_from_slice(part);
                content.len = end;
            }
        }
        content
    }
}

impl AsRef<[u8]> for SignedContent {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// What a peer said about the certificates it can use, borrowed from the message it came in: a peer may name
/// twenty thousand authorities.
pub(crate) struct Wanted<'a> {
    pub(crate) schemes: SignatureSchemeList<'a>,
    pub(crate) authorities: Option<CertificateAuthorities<'a>>,
    pub(crate) takes: Takes,
    /// Its order of schemes counts, not ours.
    pub(crate) peers_order: bool,
}

/// What a peer takes beside a leaf.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Takes {
    /// A stapled OCSP response.
    pub(crate) ocsp: bool,
    /// SCTs.
    pub(crate) scts: bool,
}

impl Takes {
    /// What a ClientHello says of it.
    pub(crate) fn of_hello(hello: &ClientHello<'_>) -> Self {
        Self {
            ocsp: matches!(
                hello.extensions.status_request,
                Some(CertificateStatusRequest::Ocsp(_))
            ),
            scts: hello.extensions.signed_certificate_timestamp.is_some(),
        }
    }

    /// What there is of that.
    pub(crate) fn staples(self, credential: &Credential) -> Staples<'_> {
        Staples {
            ocsp_response: match self.ocsp {
                true => credential.ocsp_response(),
                false => &[],
            },
            scts: match self.scts {
                true => credential.scts(),
                false => &[],
            },
        }
    }
}

/// The credential this side will prove itself with, and the scheme.
pub(crate) struct Chosen {
    pub(crate) credential: Arc<Credential>,
    pub(crate) scheme: SignatureScheme,
}

/// Chooses a credential: the connection's own, else the config's choice (which the application may take).
/// `Ok(Ok(None))` is no credential at all, `Ok(Err)` one whose key makes no signature that the peer accepts: a client then comes
/// without. `Err` is the application's, which wants the handshake to end.
pub(crate) async fn choose_credential(
    peer: &mut Peer,
    own: Option<&Arc<Credential>>,
    config: Option<&dyn ChooseCredential>,
    wanted: &Wanted<'_>,
    server_name: Option<&str>,
) -> Result<Result<Option<Chosen>, Error>, Error> {
    let mut schemes: Vec<SignatureScheme> = Vec::with_capacity(wanted.schemes.len());
    schemes.extend(wanted.schemes.iter());
    let credential = match (own, config) {
        (Some(own), _) => Some(own.clone()),
        (None, Some(config)) => {
            let mut authorities: Vec<&[u8]> = Vec::new();
            if let Some(names) = &wanted.authorities {
                authorities.reserve_exact(names.len());
                authorities.extend(names.iter().map(|name| name.as_slice()));
            }
            let request = CredentialRequest {
                server_name,
                authorities: &authorities,
                ..CredentialRequest::new(ProtocolVersion::TLS1_3, &schemes)
            };
            peer.ask("choice of a credential", config.choose(request))
                .await?
        }
        (None, None) => None,
    };
    let Some(credential) = credential else {
        return Ok(Ok(None));
    };
    let ours = credential.schemes();
    let scheme = match wanted.peers_order {
        // Without a common one the error names each list by its owner.
        true => negotiate::choose_scheme(&schemes, ours)
            .or_else(|_| negotiate::choose_scheme(ours, &schemes)),
        false => negotiate::choose_scheme(ours, &schemes),
    };
    Ok(scheme.map(|scheme| Some(Chosen { credential, scheme })))
}

/// Sends Certificate and CertificateVerify, or an empty Certificate without a credential. Waits for the
/// signer only.
pub(crate) async fn send_identity(
    peer: &mut Peer,
    transcript: &mut Transcript,
    by_server: bool,
    chosen: Option<&Chosen>,
    context: &[u8],
    takes: Takes,
) -> Result<(), Error> {
    let (chain, staples) = match chosen {
        Some(chosen) => (chosen.credential.chain(), takes.staples(&chosen.credential)),
        None => (&[][..], Staples::default()),
    };
    peer.with_wire(|wire| {
        let bytes = wire
            .sending
            .send_message(|out| Certificate::encode_chain(out, context, chain, staples))?;
        transcript.add(bytes);
        Ok(())
    })?;
    let Some(Chosen { credential, scheme }) = chosen else {
        return Ok(());
    };
    let content = SignedContent::new(by_server, &transcript.current_hash());
    let answer = credential.sign(*scheme, content.as_ref());
    let signature = if answer.is_ready() || !may_interleave(peer)? {
        peer.ask("signature", answer).await?
    } else {
        // RFC 8446 Section 4.6.2: "All of the client's messages for a given response MUST appear consecutively on
        // the wire": whatever is sent before the signer answers goes ahead of them.
        let flight = peer.with_wire(|wire| Ok(wire.sending.take_flight()))?;
        let signature = peer.ask("signature", answer).await?;
        peer.with_wire(|wire| {
            wire.sending.put_back_flight(&flight);
            Ok(())
        })?;
        signature
    };
    peer.send(
        transcript,
        &CertificateVerify {
            algorithm: *scheme,
            signature: Opaque16::new(&signature),
        },
    )
}

/// Whether other messages may be sent while this one is prepared: after the handshake.
fn may_interleave(peer: &mut Peer) -> Result<bool, Error> {
    peer.with_wire(|wire| Ok(wire.sending.epoch().is_some()))
}

/// Proof that the peer's Finished was checked. Only [`recv_finished`] makes it, and application keys for receiving
/// are not installed without it.
#[must_use]
pub(crate) struct FinishedVerified(());

/// Waits for Finished and checks it against the transcript so far (RFC 8446 Section 4.4.4).
pub(crate) async fn recv_finished(
    peer: &mut Peer,
    transcript: &mut Transcript,
    finished_key: &HmacKey,
) -> Result<FinishedVerified, Error> {
    let transcript_hash = transcript.current_hash();
    let received = peer.recv::<Finished>().await?;
    let finished = Finished::read(received.body())?;
    let len = finished_key.hash().output_len();
    if finished.verify_data.0.len() != len {
        return Err(PeerMisbehaved::Malformed {
            what: "Finished.verify_data",
            problem: "not as long as the hash of the cipher suite",
        }
        .into());
    }
    if !finished_key.verify(&[&transcript_hash], finished.verify_data.0) {
        return Err(PeerMisbehaved::BadFinished.into());
    }
    transcript.add(received.bytes());
    Ok(FinishedVerified(()))
}

/// Sends Finished over the transcript so far.
pub(crate) fn send_finished(
    peer: &mut Peer,
    transcript: &mut Transcript,
    finished_key: &HmacKey,
) -> Result<(), Error> {
    let verify_data = finished_key.sign(&[&transcript.current_hash()]);
    peer.send(
        transcript,
        &Finished {
            verify_data: Rest(verify_data.as_ref()),
        },
    )
}
