//! Ciphertexts of RSA with anything inside.

use warifu_crypto::PrivateKey;

/// Length of the modulus of the keys here.
const LEN: usize = 256;

/// The modulus of a key of 2048 bits.
fn modulus(key: &PrivateKey) -> [u8; LEN] {
    // INTEGER of 257 bytes, of which the first is zero.
    let header = [2, 0x82, 1, 1, 0];
    let spki = key.public_key_spki();
    let at = spki.windows(5).position(|window| window == header).unwrap() + 5;
    spki[at..at + LEN].try_into().unwrap()
}

type Number = [u64; LEN / 8];

fn number(bytes: &[u8; LEN]) -> Number {
    let mut limbs = [0; LEN / 8];
    for (limb, part) in limbs.iter_mut().zip(bytes.rchunks(8)) {
        *limb = u64::from_be_bytes(part.try_into().unwrap());
    }
    limbs
}

/// `a + b` less `n` if it is not below: all of them below `n`.
fn add(a: &Number, b: &Number, n: &Number) -> Number {
    let (mut sum, mut carry) = (*a, false);
    for (limb, other) in sum.iter_mut().zip(b) {
        (*limb, carry) = limb.carrying(*other, carry);
    }
    let (mut less, mut borrow) = (sum, false);
    for (limb, other) in less.iter_mut().zip(n) {
        let (value, first) = limb.overflowing_sub(*other);
        let (value, second) = value.overflowing_sub(u64::from(borrow));
        (*limb, borrow) = (value, first | second);
    }
    if carry || !borrow { less } else { sum }
}

trait Carrying: Sized {
    fn carrying(self, other: Self, carry: bool) -> (Self, bool);
}

impl Carrying for u64 {
    fn carrying(self, other: Self, carry: bool) -> (Self, bool) {
        let (value, first) = self.overflowing_add(other);
        let (value, second) = value.overflowing_add(u64::from(carry));
        (value, first | second)
    }
}

fn multiply(a: &Number, b: &Number, n: &Number) -> Number {
    let mut product = [0; LEN / 8];
    for limb in b.iter().rev() {
        for bit in (0..64).rev() {
            product = add(&product, &product, n);
            if limb >> bit & 1 == 1 {
                product = add(&product, a, n);
            }
        }
    }
    product
}

/// `message` to the power of 65537.
pub fn encrypt(key: &PrivateKey, message: &[u8; LEN]) -> Vec<u8> {
    let (n, m) = (number(&modulus(key)), number(message));
    let mut power = m;
    for _ in 0..16 {
        power = multiply(&power, &power, &n);
    }
    let result = multiply(&power, &m, &n);
    result
        .iter()
        .rev()
        .flat_map(|limb| limb.to_be_bytes())
        .collect()
}

/// A block of EME-PKCS1-v1_5 with this at its end.
pub fn block(inside: &[u8]) -> [u8; LEN] {
    let mut block = [0; LEN];
    let separator = LEN - inside.len() - 1;
    block[1] = 2;
    for byte in &mut block[2..separator] {
        let mut random = [0];
        while random == [0] {
            warifu_crypto::random::fill(&mut random).unwrap();
        }
        *byte = random[0];
    }
    block[separator + 1..].copy_from_slice(inside);
    block
}

/// A premaster secret that names this version.
pub fn secret(version: u16, len: usize) -> Vec<u8> {
    let mut secret = vec![0; len];
    warifu_crypto::random::fill(&mut secret).unwrap();
    for byte in &mut secret {
        *byte |= 1;
    }
    secret[..2].copy_from_slice(&version.to_be_bytes());
    secret
}

/// What attackers send, each with its name; the first is good.
pub fn ciphertexts(key: &PrivateKey, version: u16) -> Vec<(&'static str, Vec<u8>)> {
    let good = || block(&secret(version, 48));
    let with = |change: &dyn Fn(&mut [u8; LEN])| {
        let mut block = good();
        change(&mut block);
        encrypt(key, &block)
    };
    let inside = |inside: &[u8]| encrypt(key, &block(inside));
    let mut beyond = modulus(key).to_vec();
    beyond[LEN - 1] |= 1;
    vec![
        ("good", encrypt(key, &good())),
        ("a first byte of 1", with(&|block| block[0] = 1)),
        ("a second byte of 1", with(&|block| block[1] = 1)),
        ("a second byte of 0", with(&|block| block[1] = 0)),
        (
            "a zero in the first eight bytes",
            with(&|block| block[5] = 0),
        ),
        ("a zero in the padding", with(&|block| block[100] = 0)),
        ("no separator", with(&|block| block[LEN - 49] = 7)),
        ("nothing but padding", with(&|block| block[2..].fill(7))),
        ("47 bytes", inside(&secret(version, 47))),
        ("49 bytes", inside(&secret(version, 49))),
        ("2 bytes", inside(&secret(version, 2))),
        ("no bytes", inside(&[])),
        ("the next version", inside(&secret(version + 1, 48))),
        ("SSL 3.0", inside(&secret(0x0300, 48))),
        ("SSL 2.0", inside(&secret(2, 48))),
        ("0", vec![0; LEN]),
        (
            "1",
            encrypt(key, &{
                let mut one = [0; LEN];
                one[LEN - 1] = 1;
                one
            }),
        ),
        ("the modulus", beyond),
        ("more than the modulus", vec![0xff; LEN]),
    ]
}
