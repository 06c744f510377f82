//! What a peer of TLS 1.2, 1.1 or 1.0 computes, written once more from the RFCs: PRF, key block, records.

use aws_lc_rs::cipher::{
    AES_128, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use warifu_crypto::legacy::{HandshakeHash, Prf, PrfHash};
use warifu_crypto::{Aead, AeadKey, Hash, HmacKey};

pub const TLS1_0: u16 = 0x0301;
pub const TLS1_1: u16 = 0x0302;
pub const TLS1_2: u16 = 0x0303;

/// How client and server agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kx {
    EcdheEcdsa,
    EcdheRsa,
    DheRsa,
    Rsa,
    Psk,
    DhePsk,
    EcdhePsk,
    RsaPsk,
}

impl Kx {
    pub fn has_certificate(self) -> bool {
        !matches!(self, Self::Psk | Self::DhePsk | Self::EcdhePsk)
    }

    pub fn signs(self) -> bool {
        matches!(self, Self::EcdheEcdsa | Self::EcdheRsa | Self::DheRsa)
    }

    pub fn uses_psk(self) -> bool {
        matches!(
            self,
            Self::Psk | Self::DhePsk | Self::EcdhePsk | Self::RsaPsk
        )
    }

    pub fn is_ecdhe(self) -> bool {
        matches!(self, Self::EcdheEcdsa | Self::EcdheRsa | Self::EcdhePsk)
    }

    pub fn is_dhe(self) -> bool {
        matches!(self, Self::DheRsa | Self::DhePsk)
    }

    pub fn encrypts(self) -> bool {
        matches!(self, Self::Rsa | Self::RsaPsk)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    Gcm,
    ChaCha,
    CbcSha1,
    CbcSha256,
}

impl Cipher {
    fn is_cbc(self) -> bool {
        matches!(self, Self::CbcSha1 | Self::CbcSha256)
    }

    pub fn mac_len(self) -> usize {
        match self {
            Self::CbcSha1 => 20,
            Self::CbcSha256 => 32,
            Self::Gcm | Self::ChaCha => 0,
        }
    }
}

/// A cipher suite by its number at IANA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    pub number: u16,
    pub kx: Kx,
    pub cipher: Cipher,
}

const fn suite(number: u16, kx: Kx, cipher: Cipher) -> Suite {
    Suite { number, kx, cipher }
}

pub const ECDHE_ECDSA_GCM: Suite = suite(0xc02b, Kx::EcdheEcdsa, Cipher::Gcm);
pub const ECDHE_ECDSA_CHACHA: Suite = suite(0xcca9, Kx::EcdheEcdsa, Cipher::ChaCha);
pub const ECDHE_ECDSA_CBC: Suite = suite(0xc009, Kx::EcdheEcdsa, Cipher::CbcSha1);
pub const ECDHE_ECDSA_CBC256: Suite = suite(0xc023, Kx::EcdheEcdsa, Cipher::CbcSha256);
pub const ECDHE_RSA_GCM: Suite = suite(0xc02f, Kx::EcdheRsa, Cipher::Gcm);
pub const ECDHE_RSA_CBC: Suite = suite(0xc013, Kx::EcdheRsa, Cipher::CbcSha1);
pub const DHE_RSA_GCM: Suite = suite(0x009e, Kx::DheRsa, Cipher::Gcm);
pub const DHE_RSA_CBC: Suite = suite(0x0033, Kx::DheRsa, Cipher::CbcSha1);
pub const RSA_GCM: Suite = suite(0x009c, Kx::Rsa, Cipher::Gcm);
pub const RSA_CBC: Suite = suite(0x002f, Kx::Rsa, Cipher::CbcSha1);
pub const PSK_GCM: Suite = suite(0x00a8, Kx::Psk, Cipher::Gcm);
pub const PSK_CBC: Suite = suite(0x008c, Kx::Psk, Cipher::CbcSha1);
pub const DHE_PSK_CBC: Suite = suite(0x0090, Kx::DhePsk, Cipher::CbcSha1);
pub const RSA_PSK_CBC: Suite = suite(0x0094, Kx::RsaPsk, Cipher::CbcSha1);
pub const ECDHE_PSK_CBC: Suite = suite(0xc035, Kx::EcdhePsk, Cipher::CbcSha1);
pub const DHE_PSK_GCM: Suite = suite(0x00aa, Kx::DhePsk, Cipher::Gcm);
pub const RSA_PSK_GCM: Suite = suite(0x00ac, Kx::RsaPsk, Cipher::Gcm);
pub const ECDHE_PSK_GCM: Suite = suite(0xd001, Kx::EcdhePsk, Cipher::Gcm);

pub const ALL_SUITES: [Suite; 18] = [
    ECDHE_ECDSA_GCM,
    ECDHE_ECDSA_CHACHA,
    ECDHE_ECDSA_CBC,
    ECDHE_ECDSA_CBC256,
    ECDHE_RSA_GCM,
    ECDHE_RSA_CBC,
    DHE_RSA_GCM,
    DHE_RSA_CBC,
    RSA_GCM,
    RSA_CBC,
    PSK_GCM,
    PSK_CBC,
    DHE_PSK_CBC,
    RSA_PSK_CBC,
    ECDHE_PSK_CBC,
    DHE_PSK_GCM,
    RSA_PSK_GCM,
    ECDHE_PSK_GCM,
];

impl Suite {
    /// AEADs and SHA-256 came with TLS 1.2.
    pub fn is_of(self, version: u16) -> bool {
        version == TLS1_2 || self.cipher == Cipher::CbcSha1
    }
}

/// RFC 5246 Section 5, all suites here with SHA-256; in older versions that of RFC 2246 Section 5.
pub fn prf(version: u16, secret: &[u8], label: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
    if version != TLS1_2 {
        let mut out = vec![0; len];
        let prf = Prf::new(PrfHash::Md5Sha1, secret);
        prf.derive(label, &[seed], &mut out).unwrap();
        return out;
    }
    let key = HmacKey::new(Hash::Sha256, secret);
    let mut a = key.sign(&[label, seed]);
    let mut out = Vec::new();
    while out.len() < len {
        out.extend_from_slice(key.sign(&[a.as_ref(), label, seed]).as_ref());
        a = key.sign(&[a.as_ref()]);
    }
    out.truncate(len);
    out
}

/// What Finished and the session hash are made of.
pub fn transcript_hash(version: u16, transcript: &[u8]) -> Vec<u8> {
    if version == TLS1_2 {
        return Hash::Sha256.digest(&[transcript]).as_ref().to_vec();
    }
    let mut hash = HandshakeHash::new(PrfHash::Md5Sha1);
    hash.update(transcript);
    hash.current().as_ref().to_vec()
}

/// The keys of one direction.
#[derive(Clone)]
pub struct Protection {
    cipher: Cipher,
    version: u16,
    etm: bool,
    mac_key: Vec<u8>,
    key: Vec<u8>,
    iv: Vec<u8>,
    pub sequence: u64,
}

/// The client's and the server's, RFC 5246 Section 6.3.
pub fn key_block(
    version: u16,
    cipher: Cipher,
    etm: bool,
    main: &[u8],
    client_random: &[u8],
    server_random: &[u8],
) -> [Protection; 2] {
    let key_len = if cipher == Cipher::ChaCha { 32 } else { 16 };
    let iv_len = match cipher {
        Cipher::Gcm => 4,
        Cipher::ChaCha => 12,
        _ if version == TLS1_0 => 16,
        _ => 0,
    };
    let mac_len = cipher.mac_len();
    let len = 2 * (mac_len + key_len + iv_len);
    let seed = [server_random, client_random].concat();
    let block = prf(version, main, b"key expansion", &seed, len);
    let mut rest = &block[..];
    let mut take = |len: usize| {
        let (part, behind) = rest.split_at(len);
        rest = behind;
        part.to_vec()
    };
    let mac_keys = [take(mac_len), take(mac_len)];
    let keys = [take(key_len), take(key_len)];
    let ivs = [take(iv_len), take(iv_len)];
    [0, 1].map(|side| Protection {
        cipher,
        version,
        etm,
        mac_key: mac_keys[side].clone(),
        key: keys[side].clone(),
        iv: ivs[side].clone(),
        sequence: 0,
    })
}

/// What is wrong with a record of a CBC suite.
#[derive(Debug, Clone, Default)]
pub struct Defect {
    /// The padding with the byte that tells its length, in place of the shortest right one.
    pub padding: Option<Vec<u8>>,
    /// The MAC is another one.
    pub wrong_mac: bool,
    /// The last block is missing.
    pub short: bool,
}

impl Protection {
    /// seq, type, version, length: RFC 5246 Section 6.2.3.
    fn header(&self, content_type: u8, len: usize) -> Vec<u8> {
        let mut header = self.sequence.to_be_bytes().to_vec();
        header.push(content_type);
        header.extend(self.version.to_be_bytes());
        header.extend(u16::try_from(len).unwrap().to_be_bytes());
        header
    }

    fn mac(&self, data: &[&[u8]]) -> Vec<u8> {
        let algorithm = match self.cipher {
            Cipher::CbcSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            _ => hmac::HMAC_SHA256,
        };
        let key = hmac::Key::new(algorithm, &self.mac_key);
        hmac::sign(&key, &data.concat()).as_ref().to_vec()
    }

    fn nonce(&self, explicit: [u8; 8]) -> [u8; 12] {
        let mut nonce = [0; 12];
        if self.cipher == Cipher::Gcm {
            nonce[..4].copy_from_slice(&self.iv);
            nonce[4..].copy_from_slice(&explicit);
        } else {
            nonce.copy_from_slice(&self.iv);
            for (byte, digit) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
                *byte ^= digit;
            }
        }
        nonce
    }

    fn aead(&self) -> AeadKey {
        let aead = match self.cipher {
            Cipher::Gcm => Aead::Aes128Gcm,
            _ => Aead::ChaCha20Poly1305,
        };
        AeadKey::new(aead, &self.key).unwrap()
    }

    /// A record with its header.
    pub fn seal(&mut self, content_type: u8, content: &[u8]) -> Vec<u8> {
        self.seal_with(content_type, content, &Defect::default())
    }

    pub fn seal_with(&mut self, content_type: u8, content: &[u8], defect: &Defect) -> Vec<u8> {
        let fragment = match self.cipher {
            cipher if cipher.is_cbc() => self.seal_cbc(content_type, content, defect),
            cipher => {
                let explicit = self.sequence.to_be_bytes();
                let header = self.header(content_type, content.len());
                let mut sealed = vec![0; content.len() + 16];
                self.aead()
                    .seal_scatter(&self.nonce(explicit), &header, content, &[], &mut sealed)
                    .unwrap();
                match cipher {
                    Cipher::Gcm => [&explicit[..], &sealed].concat(),
                    _ => sealed,
                }
            }
        };
        self.sequence += 1;
        let mut record = vec![content_type];
        record.extend(self.version.to_be_bytes());
        record.extend(u16::try_from(fragment.len()).unwrap().to_be_bytes());
        record.extend(fragment);
        record
    }

    fn seal_cbc(&mut self, content_type: u8, content: &[u8], defect: &Defect) -> Vec<u8> {
        let mut plain = content.to_vec();
        if !self.etm {
            let mut mac = self.mac(&[&self.header(content_type, content.len()), content]);
            mac[0] ^= u8::from(defect.wrong_mac);
            plain.extend(mac);
        }
        match &defect.padding {
            Some(padding) => plain.extend(padding),
            None => {
                let len = 15 - plain.len() % 16;
                plain.extend(vec![len as u8; len + 1]);
            }
        }
        let mut iv = [0; 16];
        let implicit = self.version == TLS1_0;
        match implicit {
            true => iv.copy_from_slice(&self.iv),
            false => warifu_crypto::random::fill(&mut iv).unwrap(),
        }
        let mut encrypted = encrypt_cbc(&self.key, iv, &plain);
        if defect.short {
            encrypted.truncate(encrypted.len() - 16);
        }
        match (implicit, encrypted.last_chunk::<16>()) {
            (true, Some(last)) => self.iv = last.to_vec(),
            (true, None) => {}
            (false, _) => drop(encrypted.splice(0..0, iv)),
        }
        if self.etm {
            let header = self.header(content_type, encrypted.len());
            let mut mac = self.mac(&[&header, &encrypted]);
            mac[0] ^= u8::from(defect.wrong_mac);
            encrypted.extend(mac);
        }
        encrypted
    }

    /// The content of a record, if it is one of these keys.
    pub fn open(&mut self, record: &[u8]) -> Option<Vec<u8>> {
        let content_type = record[0];
        let fragment = &record[5..];
        let content = match self.cipher {
            cipher if cipher.is_cbc() => self.open_cbc(content_type, fragment)?,
            cipher => {
                let (explicit, sealed) = match cipher {
                    Cipher::Gcm => fragment.split_at_checked(8)?,
                    _ => (&[0; 8][..], fragment),
                };
                let nonce = self.nonce(explicit.try_into().unwrap());
                let header = self.header(content_type, sealed.len().checked_sub(16)?);
                let mut sealed = sealed.to_vec();
                let key = self.aead();
                key.open_in_place(&nonce, &header, &mut sealed)
                    .ok()?
                    .to_vec()
            }
        };
        self.sequence += 1;
        Some(content)
    }

    fn open_cbc(&mut self, content_type: u8, fragment: &[u8]) -> Option<Vec<u8>> {
        let mac_len = self.cipher.mac_len();
        let mut encrypted = fragment;
        if self.etm {
            let mac;
            (encrypted, mac) = fragment.split_at_checked(fragment.len().checked_sub(mac_len)?)?;
            let header = self.header(content_type, encrypted.len());
            if self.mac(&[&header, encrypted]) != mac {
                return None;
            }
        }
        let (iv, body) = match self.version {
            TLS1_0 => (self.iv.clone(), encrypted),
            _ => {
                let (iv, body) = encrypted.split_at_checked(16)?;
                (iv.to_vec(), body)
            }
        };
        if body.is_empty() || body.len() % 16 != 0 {
            return None;
        }
        if self.version == TLS1_0 {
            self.iv = body[body.len() - 16..].to_vec();
        }
        let mut plain = decrypt_cbc(&self.key, iv.try_into().unwrap(), body);
        let padding = usize::from(*plain.last()?) + 1;
        plain.truncate(plain.len().checked_sub(padding)?);
        if self.etm {
            return Some(plain);
        }
        let mac = plain.split_off(plain.len().checked_sub(mac_len)?);
        let header = self.header(content_type, plain.len());
        (self.mac(&[&header, &plain]) == mac).then_some(plain)
    }
}

fn encrypt_cbc(key: &[u8], iv: [u8; 16], plain: &[u8]) -> Vec<u8> {
    let key = UnboundCipherKey::new(&AES_128, key).unwrap();
    let key = EncryptingKey::ecb(key).unwrap();
    let mut last = iv;
    let mut out = Vec::new();
    assert_eq!(plain.len() % 16, 0, "no whole blocks");
    for block in plain.chunks(16) {
        for (byte, other) in last.iter_mut().zip(block) {
            *byte ^= other;
        }
        key.encrypt(&mut last).unwrap();
        out.extend(last);
    }
    out
}

fn decrypt_cbc(key: &[u8], iv: [u8; 16], encrypted: &[u8]) -> Vec<u8> {
    let key = UnboundCipherKey::new(&AES_128, key).unwrap();
    let key = DecryptingKey::ecb(key).unwrap();
    let mut out = encrypted.to_vec();
    key.decrypt(&mut out, DecryptionContext::None).unwrap();
    let before = iv.iter().chain(encrypted);
    for (byte, other) in out.iter_mut().zip(before) {
        *byte ^= other;
    }
    out
}
