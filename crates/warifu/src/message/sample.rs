//! Random values of every wire type, for tests. What they borrow is leaked; tests end soon.

use super::codec::{List, Opaque, Wire};
use super::extension::first_duplicate;
use super::hello_retry_request::RetryRandom;
#[cfg(feature = "legacy")]
use super::legacy::{EcdheParams, LegacyCertificateRequest, LegacySigned};
use super::*;
#[cfg(feature = "legacy")]
use crate::parameters::ClientCertificateType;
use crate::parameters::{
    CipherSuite, MaxFragmentLength, NamedGroup, ProtocolVersion, PskKeyExchangeMode,
    SignatureScheme,
};

/// A seeded generator of random numbers (SplitMix64), so that a failure repeats.
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// A number from `0` to `bound - 1`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// A length in `min..=max`: mostly short, now and then an end of the range.
    fn len(&mut self, min: usize, max: usize) -> usize {
        match self.below(16) {
            0 => min,
            1 if max <= 0xff => max,
            _ => min + self.below((max - min).min(40) + 1),
        }
    }
}

pub(crate) trait Sample {
    fn sample(source: &mut Source) -> Self;
}

macro_rules! sample {
    ($( $type:ty: |$source:ident| $value:expr; )*) => {$(
        impl Sample for $type {
            fn sample($source: &mut Source) -> Self {
                $value
            }
        }
    )*};
}

sample! {
    u8: |source| source.next() as u8;
    u16: |source| source.next() as u16;
    u32: |source| source.next() as u32;
    CipherSuite: |source| Self(Sample::sample(source));
    NamedGroup: |source| Self(Sample::sample(source));
    ProtocolVersion: |source| Self(Sample::sample(source));
    PskKeyExchangeMode: |source| Self(Sample::sample(source));
    SignatureScheme: |source| Self(Sample::sample(source));
    Random: |source| Self(source.bytes(32).try_into().unwrap());
    RetryRandom: |_source| Self;
    NullCompression: |_source| Self;
    KeyUpdateRequest: |source| if source.coin() { Self::Requested } else { Self::NotRequested };
    MaxFragmentLength: |source| Self::from_fragment_len(512 << source.below(4)).unwrap();
    Padding: |source| Self(source.below(40));
    Rest<'_>: |source| {
        let len = source.len(1, 64);
        Rest(source.bytes(len).leak())
    };
    ServerNameList<'_>: |source| {
        let len = source.len(1, 255);
        let name = (0..len).map(|_| char::from(b'a' + source.below(26) as u8)).collect::<String>();
        Self { host_name: name.leak() }
    };
    CertificateStatusRequest<'_>: |source| {
        if source.coin() {
            Self::Ocsp(Sample::sample(source))
        } else {
            Self::Other { status_type: 2 + source.below(254) as u8, request: Sample::sample(source) }
        }
    };
    CertificateStatus<'_>: |source| Self { ocsp_response: Sample::sample(source) };
    SelectedProtocol<'_>: |source| Self(Sample::sample(source));
    KeyShareClientHello<'_>: |source| {
        let groups: Vec<u16> = (0..source.below(4)).map(|_| Sample::sample(source)).collect();
        let groups = if first_duplicate(groups.iter().copied()).is_some() { vec![] } else { groups };
        let entries: Vec<_> = groups
            .into_iter()
            .map(|group| KeyShareEntry { group: NamedGroup(group), key_exchange: Sample::sample(source) })
            .collect();
        Self { client_shares: List::new(entries.leak()) }
    };
    OfferedPsks<'_>: |source| {
        let count = 1 + source.below(3);
        let identities: Vec<_> = (0..count).map(|_| PskIdentity::sample(source)).collect();
        let binders: Vec<_> = (0..count).map(|_| PskBinderEntry::sample(source)).collect();
        Self { identities: List::new(identities.leak()), binders: List::new(binders.leak()) }
    };
}

impl<const MAX: u16> Sample for RecordSizeLimit<MAX> {
    fn sample(source: &mut Source) -> Self {
        Self(64 + source.below(usize::from(MAX) - 63) as u16)
    }
}

impl<const PREFIX: usize, const MIN: usize, const MAX: usize> Sample
    for Opaque<'_, PREFIX, MIN, MAX>
{
    fn sample(source: &mut Source) -> Self {
        let len = source.len(MIN, MAX);
        Self::new(source.bytes(len).leak())
    }
}

impl<'a, T: Sample + Wire<'a>, const PREFIX: usize, const MIN: usize, const MAX: usize> Sample
    for List<'a, T, PREFIX, MIN, MAX>
{
    fn sample(source: &mut Source) -> Self {
        let mut items = Vec::new();
        let mut wire = Vec::new();
        let wanted = source.below(4);
        while items.len() < wanted || wire.len() < MIN {
            let item = T::sample(source);
            item.encode_to(&mut wire).unwrap();
            items.push(item);
        }
        Self::new(items.leak())
    }
}

#[cfg(feature = "legacy")]
sample! {
    ClientCertificateType: |source| Self(Sample::sample(source));
    // With what TLS 1.2 adds, the form in which `Wire` reads them.
    LegacySigned<'_>: |source| Self {
        algorithm: Some(Sample::sample(source)),
        signature: Sample::sample(source),
    };
    LegacyCertificateRequest<'_>: |source| Self {
        certificate_types: Sample::sample(source),
        supported_signature_algorithms: Some(Sample::sample(source)),
        certificate_authorities: Sample::sample(source),
    };
    EcdheParams<'_>: |source| Self {
        group: Sample::sample(source),
        public: Sample::sample(source),
    };
}
