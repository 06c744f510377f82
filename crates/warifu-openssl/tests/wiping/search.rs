//! Looking for secrets in memory that was freed.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use warifu_crypto::legacy::{Prf, PrfHash};
use warifu_crypto::{Hash, Prk};

/// Bytes in a row that count as a part of a secret.
const PART_LEN: usize = 16;
/// Fewer values than this among these bytes are no secret: zeros around one, a length, a pattern.
const MIN_DISTINCT: usize = 9;

/// Secrets, each in all the forms in which it may stand in memory.
pub(crate) struct Secrets {
    names: Vec<String>,
    /// The first bytes of each part that is looked for, whose it is, and the rest of it.
    parts: HashMap<[u8; 8], Vec<(usize, [u8; 8])>>,
    /// Which two bytes any of them begins with.
    beginnings: Vec<bool>,
}

impl Secrets {
    pub(crate) fn new() -> Self {
        Self {
            names: Vec::new(),
            parts: HashMap::new(),
            beginnings: vec![false; 1 << 16],
        }
    }

    fn add_bytes(&mut self, name: String, bytes: &[u8]) {
        let number = self.names.len();
        self.names.push(name);
        for part in bytes.windows(PART_LEN) {
            let mut values = part.to_vec();
            values.sort_unstable();
            values.dedup();
            if values.len() >= MIN_DISTINCT {
                let (first, rest) = part.split_at(8);
                self.beginnings[beginning(part)] = true;
                let places = self.parts.entry(first.try_into().unwrap()).or_default();
                places.push((number, rest.try_into().unwrap()));
            }
        }
    }

    /// These bytes, and their hexadecimal digits.
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8]) {
        self.add_bytes(name.to_owned(), bytes);
        self.add_bytes(format!("{name}, in hexadecimal"), hex(bytes).as_bytes());
        let upper = hex(bytes).to_ascii_uppercase();
        self.add_bytes(format!("{name}, in capital hexadecimal"), upper.as_bytes());
        // Which digits there are depends on what stands before.
        for skipped in 0..3.min(bytes.len()) {
            let whole = bytes.get(skipped..).unwrap_or_default();
            let whole = &whole[..whole.len() / 3 * 3];
            self.add_bytes(format!("{name}, in base64"), base64(whole).as_bytes());
        }
    }

    /// A large number: also as AWS-LC has it, in words of which the lowest comes first.
    pub(crate) fn add_number(&mut self, name: &str, bytes: &[u8]) {
        self.add(name, bytes);
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        self.add_bytes(format!("{name}, lowest byte first"), &reversed);
    }

    /// A key of HMAC: also the two states that are kept of it.
    fn add_hmac_key(&mut self, name: &str, hash: Hash, key: &[u8]) {
        self.add(name, key);
        for (pad, kind) in [(0x36, "inner"), (0x5c, "outer")] {
            let mut block = vec![pad; hash.block_len()];
            for (to, from) in block.iter_mut().zip(key) {
                *to ^= from;
            }
            self.add_bytes(
                format!("{name}, {kind} state"),
                &after_one_block(hash, &block),
            );
            self.add_bytes(format!("{name}, {kind} block"), &block[..key.len()]);
        }
    }

    /// A secret of TLS 1.3 and what is derived of it without knowing the transcript.
    fn add_traffic_secret(&mut self, name: &str, secret: &[u8]) {
        let hash = hash_of(secret);
        self.add_hmac_key(name, hash, secret);
        let prk = Prk::from_secret(hash, secret);
        for (label, len) in [("key", 16), ("key", 32), ("traffic upd", secret.len())] {
            let mut out = vec![0; len];
            prk.expand_label(label.as_bytes(), b"", &mut out).unwrap();
            self.add(&format!("{label} ({len}) of {name}"), &out);
        }
        let mut finished = vec![0; secret.len()];
        prk.expand_label(b"finished", b"", &mut finished).unwrap();
        self.add_hmac_key(&format!("finished of {name}"), hash, &finished);
    }

    /// A pre-shared key of TLS 1.3 and what of the key schedule needs nothing else (RFC 8446 Section 7.1): with psk_ke all of its
    /// stages.
    pub(crate) fn add_psk(&mut self, name: &str, hash: Hash, psk: &[u8]) {
        self.add_number(name, psk);
        let zeros = vec![0; hash.output_len()];
        let extracted = |salt: &[u8], ikm: &[u8]| {
            let key = warifu_crypto::HmacKey::new(hash, salt);
            key.sign(&[ikm]).as_ref().to_vec()
        };
        let derived = |secret: &[u8], label: &str| {
            let mut out = vec![0; hash.output_len()];
            let empty = hash.empty_digest();
            let prk = Prk::from_secret(hash, secret);
            prk.expand_label(label.as_bytes(), &empty, &mut out)
                .unwrap();
            out
        };
        let early = extracted(&[], psk);
        self.add_hmac_key(&format!("early_secret of {name}"), hash, &early);
        for label in ["ext binder", "res binder", "imp binder"] {
            let binder_key = derived(&early, label);
            self.add_hmac_key(&format!("{label} key of {name}"), hash, &binder_key);
            let mut finished = zeros.clone();
            let prk = Prk::from_secret(hash, &binder_key);
            prk.expand_label(b"finished", b"", &mut finished).unwrap();
            self.add_hmac_key(&format!("finished of {label} of {name}"), hash, &finished);
        }
        let salt = derived(&early, "derived");
        self.add_hmac_key(&format!("derived of {name}"), hash, &salt);
        let handshake = extracted(&salt, &zeros);
        self.add_hmac_key(
            &format!("handshake_secret (psk_ke) of {name}"),
            hash,
            &handshake,
        );
        let main = extracted(&derived(&handshake, "derived"), &zeros);
        self.add_hmac_key(&format!("main_secret (psk_ke) of {name}"), hash, &main);
    }

    /// What is derived of a key for import (RFC 9258 Section 5.1), identity and context as the scenes have them.
    fn add_imported(&mut self, name: &str, hash: Hash, key: &[u8]) {
        let extracted = warifu_crypto::HmacKey::new(hash, &[]).sign(&[key]);
        self.add_hmac_key(&format!("epskx of {name}"), hash, extracted.as_ref());
        for (kdf, target) in [(1, Hash::Sha256), (2, Hash::Sha384)] {
            let identity = [b"\0\x05alice\0\x07context\x03\x04\0", &[kdf][..]].concat();
            let mut out = vec![0; target.output_len()];
            Prk::from_secret(hash, extracted.as_ref())
                .expand_label(b"derived psk", &hash.digest(&[&identity]), &mut out)
                .unwrap();
            self.add_psk(&format!("{target:?} {name}"), target, &out);
        }
    }

    /// A main secret of TLS 1.2, and its key block.
    fn add_main_secret(&mut self, secret: &[u8], client_random: &[u8], server_randoms: &[Vec<u8>]) {
        self.add("main secret", secret);
        for hash in [PrfHash::Sha256, PrfHash::Sha384] {
            let prf = Prf::new(hash, secret);
            for server_random in server_randoms {
                let mut block = [0; 2 * (48 + 32)];
                let seeds = [&server_random[..], client_random];
                prf.derive(b"key expansion", &seeds, &mut block).unwrap();
                self.add(&format!("key block, {hash:?}"), &block);
            }
        }
        for hash in [Hash::Sha256, Hash::Sha384] {
            self.add_hmac_key(&format!("main secret, {hash:?}"), hash, secret);
        }
    }

    /// A private key that OpenSSL's program can read, PEM or DER, whatever its kind.
    pub(crate) fn add_private_key(&mut self, name: &str, file: &Path) {
        let command = [
            "pkey",
            "-passin",
            "env:PASSPHRASE",
            "-noout",
            "-text",
            "-in",
        ];
        let output = Command::new("openssl")
            .args(command)
            .arg(file)
            .env("PASSPHRASE", crate::PASSPHRASE)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let secret = [
            "priv:",
            "privateExponent:",
            "prime1:",
            "prime2:",
            "exponent1:",
            "exponent2:",
            "coefficient:",
        ];
        let mut field = "";
        let mut digits: HashMap<&str, String> = HashMap::new();
        for line in text.lines() {
            match line.strip_prefix("    ") {
                Some(more) => digits.entry(field).or_default().push_str(more.trim()),
                None => field = line.split_whitespace().next().unwrap_or_default(),
            }
        }
        let mut found = 0;
        for field in secret {
            if let Some(digits) = digits.get(field) {
                let bytes = unhex(&digits.replace(':', ""));
                let bytes = bytes.strip_prefix(&[0]).unwrap_or(&bytes);
                self.add_number(&format!("{field} of {name}"), bytes);
                found += 1;
            }
        }
        assert!(found == 1 || found == 6, "{text}");
        // As it stands in the file, if it is not encrypted: the lines that have nothing but the number. Of RSA keys those behind the modulus, and of others
        // those between the public parts.
        let Ok(pem) = std::fs::read_to_string(file) else {
            return;
        };
        let base64: Vec<u8> = pem
            .lines()
            .filter(|line| !line.starts_with('-') && !line.contains(':'))
            .flat_map(str::bytes)
            .collect();
        let secret_part = if pem.contains("ENCRYPTED") {
            0..0
        } else if found == 6 {
            base64.len() / 2..base64.len() - 4
        } else {
            first_of(&base64, &digits["priv:"])
        };
        self.add_bytes(format!("{name}, in base64"), &base64[secret_part]);
    }

    /// What a scene has told, a line each: a kind, a name, bytes in hexadecimal. Also lines of a key log.
    pub(crate) fn add_told(&mut self, told: &str) {
        // Both ends tell what they share.
        let lines: BTreeSet<&str> = told.lines().collect();
        let lines: Vec<Vec<&str>> = lines
            .into_iter()
            .map(|line| line.split(' ').collect())
            .collect();
        let server_randoms: Vec<_> = lines
            .iter()
            .filter(|line| line[0] == "SERVER_RANDOM")
            .map(|line| unhex(line[1]))
            .collect();
        for line in &lines {
            match line[..] {
                ["SERVER_RANDOM", _] => {}
                ["SECRET", name, bytes] => self.add_number(name, &unhex(bytes)),
                ["HMAC", hash, bytes] => {
                    self.add_hmac_key(&format!("key of HMAC, {hash}"), named(hash), &unhex(bytes));
                }
                ["BLOCK", hash, bytes] => {
                    self.add(&format!("block, {hash}"), &unhex(bytes));
                    let state = after_one_block(named(hash), &unhex(bytes));
                    self.add_bytes(format!("state after a block, {hash}"), &state);
                }
                ["PSK", name, bytes] => {
                    for hash in [Hash::Sha256, Hash::Sha384] {
                        self.add_psk(&format!("{name}, {hash:?}"), hash, &unhex(bytes));
                        self.add_imported(
                            &format!("imported {name}, {hash:?}"),
                            hash,
                            &unhex(bytes),
                        );
                    }
                }
                ["CLIENT_RANDOM", random, secret] => {
                    self.add_main_secret(&unhex(secret), &unhex(random), &server_randoms);
                }
                [label, _, secret] => self.add_traffic_secret(label, &unhex(secret)),
                _ => panic!("{line:?}"),
            }
        }
    }

    /// Where parts of secrets stand in this: which, and the place. One for each run of neighbours.
    fn find(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (at, part) in bytes.windows(PART_LEN).enumerate() {
            if !self.beginnings[beginning(part)] {
                continue;
            }
            let Some(places) = self.parts.get(&part[..8]) else {
                continue;
            };
            for (number, _) in places.iter().filter(|(_, rest)| rest == &part[8..]) {
                match found
                    .iter_mut()
                    .find(|(of, last)| of == number && *last + 1 >= at)
                {
                    Some((_, last)) => *last = at,
                    None => found.push((*number, at)),
                }
            }
        }
        found
    }
}

fn beginning(part: &[u8]) -> usize {
    usize::from(u16::from_le_bytes([part[0], part[1]]))
}

/// The base64 digits that hold the private number and nothing else.
fn first_of(base64: &[u8], digits: &str) -> std::ops::Range<usize> {
    let bits = |byte: &u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let number = unhex(&digits.replace(':', ""));
    let number = number.strip_prefix(&[0]).unwrap_or(&number);
    let values: Vec<u8> = base64
        .iter()
        .filter(|byte| **byte != b'=')
        .map(bits)
        .collect();
    let bytes: Vec<u8> = values
        .chunks(4)
        .flat_map(|chunk| {
            let word = chunk
                .iter()
                .fold(0_u32, |word, value| word << 6 | u32::from(*value));
            let word = word << (6 * (4 - chunk.len()));
            word.to_be_bytes()[1..].to_vec()
        })
        .collect();
    let at = bytes
        .windows(number.len())
        .position(|window| window == number)
        .unwrap();
    (at * 4).div_ceil(3)..(at + number.len()) * 4 / 3
}

fn named(hash: &str) -> Hash {
    let all = [Hash::Sha256, Hash::Sha384, Hash::Sha512];
    all.into_iter()
        .find(|it| format!("{it:?}") == hash)
        .unwrap()
}

fn hash_of(secret: &[u8]) -> Hash {
    match secret.len() {
        32 => Hash::Sha256,
        48 => Hash::Sha384,
        len => panic!("a secret of {len} bytes"),
    }
}

/// The state of a hash after a block, as the machine has it.
fn after_one_block(hash: Hash, block: &[u8]) -> Vec<u8> {
    // SAFETY: the contexts are plain data that Init writes in full; Transform reads one block, which is of the hash's length.
    unsafe {
        if hash == Hash::Sha256 {
            let mut context = core::mem::zeroed::<aws_lc_sys::SHA256_CTX>();
            aws_lc_sys::SHA256_Init(&mut context);
            aws_lc_sys::SHA256_Transform(&mut context, block.as_ptr());
            context
                .h
                .iter()
                .flat_map(|word| word.to_ne_bytes())
                .collect()
        } else {
            let mut context = core::mem::zeroed::<aws_lc_sys::SHA512_CTX>();
            match hash {
                Hash::Sha384 => aws_lc_sys::SHA384_Init(&mut context),
                _ => aws_lc_sys::SHA512_Init(&mut context),
            };
            aws_lc_sys::SHA512_Transform(&mut context, block.as_ptr());
            context
                .h
                .iter()
                .flat_map(|word| word.to_ne_bytes())
                .collect()
        }
    }
}

/// Of a whole number of three bytes.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three
            .iter()
            .fold(0, |word, byte| word << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            text.push(char::from(DIGITS[word >> shift & 63]));
        }
    }
    text
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// What `freed.c` wrote of one process.
pub(crate) struct Freed {
    bytes: Vec<u8>,
    maps: Option<String>,
    /// Functions by their addresses: to find one takes a process.
    functions: RefCell<HashMap<u64, String>>,
}

/// What was searched, and what was found.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) blocks: usize,
    pub(crate) bytes: usize,
    /// In freed memory.
    pub(crate) heap: Vec<String>,
    /// Below the top of the stack of the thread that ended.
    pub(crate) stack: Vec<String>,
}

impl Freed {
    /// Of the process `number`, which was started with FREED=`place`.
    pub(crate) fn of(place: &Path, number: u32) -> Self {
        let file = PathBuf::from(format!("{}.{number}", place.display()));
        let bytes =
            std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        std::fs::remove_file(&file).unwrap();
        let maps = format!("{}.maps", file.display());
        Self {
            bytes,
            maps: std::fs::read_to_string(maps).ok(),
            functions: RefCell::default(),
        }
    }

    pub(crate) fn search(&self, secrets: &Secrets) -> Found {
        let mut found = Found::default();
        let mut rest = &self.bytes[..];
        while let Some((head, behind)) = rest.split_first_chunk::<12>() {
            let word = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().unwrap());
            let (addresses, behind) = behind.split_at(8 * word(8) as usize);
            let (block, behind) = behind.split_at(word(4) as usize);
            rest = behind;
            found.blocks += 1;
            found.bytes += block.len();
            for (number, end) in secrets.find(block) {
                let mut text = format!(
                    "{} up to {} in a block of {}",
                    secrets.names[number],
                    end + PART_LEN,
                    block.len()
                );
                // Without free itself and what is of the recorder.
                for address in addresses.chunks(8).skip(2) {
                    let address = u64::from_ne_bytes(address.try_into().unwrap());
                    let mut functions = self.functions.borrow_mut();
                    let name = functions
                        .entry(address)
                        .or_insert_with(|| self.name(address));
                    write!(text, "\n        {name}").unwrap();
                }
                match word(0) {
                    1 => found.heap.push(text),
                    _ => found.stack.push(text),
                }
            }
        }
        assert!(rest.is_empty() && found.blocks > 0, "a torn file");
        found
    }

    /// The function at an address.
    fn name(&self, address: u64) -> String {
        let maps = self.maps.as_deref().unwrap_or_default();
        for line in maps.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let number = |digits| u64::from_str_radix(digits, 16).unwrap();
            let (from, to) = fields[0].split_once('-').unwrap();
            if let (true, Some(file)) =
                ((number(from)..number(to)).contains(&address), fields.get(5))
            {
                // The first part of a file stands at its beginning.
                let first = maps.lines().find(|line| line.ends_with(file)).unwrap();
                let within = address - number(first.split_once('-').unwrap().0);
                let mut addr2line = Command::new("addr2line");
                addr2line.args(["-Cfspe", file, &format!("{:#x}", within - 1)]);
                let output = addr2line.output().unwrap();
                return String::from_utf8_lossy(&output.stdout).trim().to_owned();
            }
        }
        format!("{address:#x}")
    }
}
