//! The only unsafe code of the library: calls into AWS-LC behind safe functions and owned handles.
//!
//! Rules kept here: every raw pointer comes from a slice, array or handle that outlives the call;
//! lengths come from the same slice; return codes are checked in the statement that calls; a
//! handle frees exactly once, in `Drop`; contexts that hold keys are wiped. AWS-LC's error queue is
//! emptied after a failure, for its detail must not linger in the thread.

use aws_lc_sys as sys;
use core::ffi::c_int;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use zeroize::Zeroize;

use crate::secret::Secret;

/// AWS-LC's convention for success.
const OK: c_int = 1;

/// A pointer for C to read `slice.len()` bytes at: NULL when there are none.
fn const_ptr(slice: &[u8]) -> *const u8 {
    if slice.is_empty() {
        ptr::null()
    } else {
        slice.as_ptr()
    }
}

/// Drops what a failed call left in this thread's error queue.
fn clear_errors() {
    // SAFETY: ERR_clear_error has no preconditions.
    unsafe { sys::ERR_clear_error() }
}

// ---------------------------------------------------------------------------------------------
// Hashes

/// FIPS 180-4 Section 5.3.3.
pub(crate) const SHA256_IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// FIPS 180-4 Section 5.3.4.
pub(crate) const SHA384_IV: [u64; 8] = [
    0xcbbb_9d5d_c105_9ed8,
    0x629a_292a_367c_d507,
    0x9159_015a_3070_dd17,
    0x152f_ecd8_f70e_5939,
    0x6733_2667_ffc0_0b31,
    0x8eb4_4a87_6858_1511,
    0xdb0c_2e0d_64f9_8fa7,
    0x47b5_481d_befa_4fa4,
];

/// FIPS 180-4 Section 5.3.5.
pub(crate) const SHA512_IV: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// A running SHA-256. Plain data, wiped on drop.
#[derive(Clone)]
pub(crate) struct Sha256(sys::SHA256_CTX);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self::with_state(SHA256_IV, 0)
    }

    /// Goes on after one block of 64 bytes that led to `h`.
    pub(crate) fn resume_after_one_block(h: &[u32; 8]) -> Self {
        Self::with_state(*h, 64 * 8)
    }

    fn with_state(h: [u32; 8], bits_so_far: u32) -> Self {
        Self(sys::SHA256_CTX {
            h,
            Nl: bits_so_far,
            Nh: 0,
            data: [0; 64],
            num: 0,
            md_len: 32,
        })
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        // SAFETY: SHA256_Update reads `data.len()` bytes and writes within the context, which is
        // initialised in full. It cannot fail (documented to return one always).
        unsafe { sys::SHA256_Update(&mut self.0, const_ptr(data).cast(), data.len()) };
    }

    /// Writes 32 bytes. The context must not be used again.
    pub(crate) fn finish(&mut self, out: &mut [u8; 64]) {
        // SAFETY: SHA256_Final writes `md_len` = 32 bytes to `out`, which has 64. It cannot fail for
        // a context with this md_len.
        unsafe { sys::SHA256_Final(out.as_mut_ptr(), &mut self.0) };
    }
}

impl Drop for Sha256 {
    fn drop(&mut self) {
        self.0.h.as_mut_slice().zeroize();
        self.0.data.as_mut_slice().zeroize();
    }
}

/// A running SHA-384 or SHA-512, which differ in their start and their output. Plain data, wiped on drop.
#[derive(Clone)]
pub(crate) struct Sha512(sys::SHA512_CTX);

impl Sha512 {
    pub(crate) fn new_384() -> Self {
        Self::with_state(SHA384_IV, 0, 48)
    }

    pub(crate) fn new_512() -> Self {
        Self::with_state(SHA512_IV, 0, 64)
    }

    /// Goes on after one block of 128 bytes that led to `h`.
    pub(crate) fn resume_384_after_one_block(h: &[u64; 8]) -> Self {
        Self::with_state(*h, 128 * 8, 48)
    }

    /// Goes on after one block of 128 bytes that led to `h`.
    pub(crate) fn resume_512_after_one_block(h: &[u64; 8]) -> Self {
        Self::with_state(*h, 128 * 8, 64)
    }

    fn with_state(h: [u64; 8], bits_so_far: u64, md_len: u32) -> Self {
        Self(sys::SHA512_CTX {
            h,
            Nl: bits_so_far,
            Nh: 0,
            p: [0; 128],
            num: 0,
            md_len,
        })
    }

    pub(crate) fn update(&mut self, data: &[u8]) {
        // SAFETY: SHA512_Update reads `data.len()` bytes and writes within the context, which is
        // initialised in full. It serves SHA-384 too and cannot fail.
        unsafe { sys::SHA512_Update(&mut self.0, const_ptr(data).cast(), data.len()) };
    }

    /// Writes 48 or 64 bytes. The context must not be used again.
    pub(crate) fn finish(&mut self, out: &mut [u8; 64]) {
        // SAFETY: SHA512_Final writes `md_len` bytes, 48 or 64 here, to `out`, which has 64. It fails
        // only for a NULL `out`.
        unsafe { sys::SHA512_Final(out.as_mut_ptr(), &mut self.0) };
    }
}

impl Drop for Sha512 {
    fn drop(&mut self) {
        self.0.h.as_mut_slice().zeroize();
        self.0.p.as_mut_slice().zeroize();
    }
}

/// Hashes one block into a SHA-256 chaining value.
pub(crate) fn sha256_compress(h: &mut [u32; 8], block: &[u8; 64]) {
    // SAFETY: SHA256_TransformBlocks updates 8 words at the first pointer and reads one block of 64 bytes.
    unsafe { sys::SHA256_TransformBlocks(h.as_mut_ptr(), block.as_ptr(), 1) }
}

/// Hashes one block into a SHA-384 or SHA-512 chaining value.
pub(crate) fn sha512_compress(h: &mut [u64; 8], block: &[u8; 128]) {
    let mut context = Sha512::with_state(*h, 0, 64);
    // SAFETY: SHA512_Transform updates the chaining value of a context initialised in full and reads one
    // block of 128 bytes.
    unsafe { sys::SHA512_Transform(&mut context.0, block.as_ptr()) }
    *h = context.0.h;
}

// ---------------------------------------------------------------------------------------------
// Authenticated encryption

/// The AEADs of AWS-LC that TLS 1.3 uses. All have 12-byte nonces and 16-byte tags.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum AeadAlgorithm {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

/// Length of the tag of every [`AeadAlgorithm`].
pub(crate) const AEAD_TAG_LEN: usize = 16;

impl AeadAlgorithm {
    fn as_ptr(self) -> *const sys::EVP_AEAD {
        // SAFETY: these have no preconditions and return static tables.
        unsafe {
            match self {
                Self::Aes128Gcm => sys::EVP_aead_aes_128_gcm(),
                Self::Aes256Gcm => sys::EVP_aead_aes_256_gcm(),
                Self::ChaCha20Poly1305 => sys::EVP_aead_chacha20_poly1305(),
            }
        }
    }
}

/// An expanded AEAD key in one allocation of our own (584 bytes), wiped on drop.
pub(crate) struct AeadContext(Box<MaybeUninit<sys::EVP_AEAD_CTX>>);

// SAFETY: for these AEADs the context is self-contained plain data after initialisation, and sealing and
// opening take it as const: AWS-LC allows that from many threads at once (aead.h).
unsafe impl Send for AeadContext {}
// SAFETY: as above.
unsafe impl Sync for AeadContext {}

impl AeadContext {
    /// None if the key is of the wrong length.
    pub(crate) fn new(algorithm: AeadAlgorithm, key: &[u8]) -> Option<Self> {
        // Not zeroed first: EVP_AEAD_CTX_init writes all that is read later, and glibc's calloc passes by the cache that
        // its malloc has for blocks of this size.
        let mut context = Self(Box::new_uninit());
        // SAFETY: EVP_AEAD_CTX_init takes an uninitialised context (aead.h: only copying wants one that was zeroed), of
        // which the box holds all bytes; the key's length is checked by it. Also where it fails it sets `aead`, which is
        // all that `drop` then has read.
        let ok = unsafe {
            sys::EVP_AEAD_CTX_init(
                context.0.as_mut_ptr(),
                algorithm.as_ptr(),
                const_ptr(key),
                key.len(),
                AEAD_TAG_LEN,
                ptr::null_mut(),
            )
        };
        if ok != OK {
            clear_errors();
            return None;
        }
        Some(context)
    }

    /// To seal and open with.
    pub(crate) fn as_ref(&self) -> AeadRef<'_> {
        AeadRef {
            context: self.0.as_ptr(),
            lives: PhantomData,
        }
    }
}

impl Drop for AeadContext {
    fn drop(&mut self) {
        // SAFETY: EVP_AEAD_CTX_init ran on the context; aead.h allows EVP_AEAD_CTX_cleanup whether that succeeded or
        // failed, and it frees what the AEAD may have allocated. Then nothing in it is used again and its bytes, all
        // `size_of` them owned by the box, may be overwritten with zeros.
        unsafe {
            sys::EVP_AEAD_CTX_cleanup(self.0.as_mut_ptr());
            sys::OPENSSL_cleanse(self.0.as_mut_ptr().cast(), size_of::<sys::EVP_AEAD_CTX>());
        }
    }
}

/// Runs `operation` with a ChaCha20-Poly1305 context made on the stack. None if that fails.
///
/// For this AEAD the expanded key is the key: setting the context up is a copy of 32 bytes, so to keep
/// 584 bytes for each direction of each connection would be waste.
pub(crate) fn with_chacha20_poly1305<R>(
    key: &[u8; 32],
    operation: impl FnOnce(AeadRef<'_>) -> R,
) -> Option<R> {
    let mut context = MaybeUninit::<sys::EVP_AEAD_CTX>::uninit();
    // SAFETY: EVP_AEAD_CTX_init writes to the struct and does not read it; for this AEAD it stores the
    // table's address, the key and the tag length.
    let ok = unsafe {
        sys::EVP_AEAD_CTX_init(
            context.as_mut_ptr(),
            AeadAlgorithm::ChaCha20Poly1305.as_ptr(),
            key.as_ptr(),
            key.len(),
            AEAD_TAG_LEN,
            ptr::null_mut(),
        )
    };
    if ok != OK {
        clear_errors();
        return None;
    }
    let result = operation(AeadRef {
        context: context.as_ptr(),
        lives: PhantomData,
    });
    // SAFETY: overwrites the part of the state that the AEAD wrote, the key of 32 bytes at its start, in a
    // union of 560. The AEAD's cleanup does nothing, so nothing is left to free.
    unsafe {
        let state = ptr::addr_of_mut!((*context.as_mut_ptr()).state);
        sys::OPENSSL_cleanse(state.cast(), key.len());
    }
    Some(result)
}

/// An initialised AEAD context, borrowed: made by [`AeadContext`] and [`with_chacha20_poly1305`] only.
#[derive(Copy, Clone)]
pub(crate) struct AeadRef<'a> {
    context: *const sys::EVP_AEAD_CTX,
    lives: PhantomData<&'a ()>,
}

impl AeadRef<'_> {
    /// `out` = ciphertext of `plaintext` and `extra`, then the tag. False on failure, with `out` zeroed, and
    /// if the lengths do not add up.
    #[inline]
    pub(crate) fn seal_scatter(
        self,
        nonce: &[u8; 12],
        aad: &[u8],
        plaintext: &[u8],
        extra: &[u8],
        out: &mut [u8],
    ) -> bool {
        let Some((out, out_tag)) = out.split_at_mut_checked(plaintext.len()) else {
            return false;
        };
        if out_tag.len() != extra.len() + AEAD_TAG_LEN {
            return false;
        }
        let mut out_tag_len = 0;
        // SAFETY: the context is initialised (see the type). `out` has room for `plaintext.len()` bytes,
        // `out_tag` for its stated length; as distinct borrows none of the buffers overlap.
        let ok = unsafe {
            sys::EVP_AEAD_CTX_seal_scatter(
                self.context,
                out.as_mut_ptr(),
                out_tag.as_mut_ptr(),
                &mut out_tag_len,
                out_tag.len(),
                nonce.as_ptr(),
                nonce.len(),
                const_ptr(plaintext),
                plaintext.len(),
                const_ptr(extra),
                extra.len(),
                const_ptr(aad),
                aad.len(),
            )
        };
        if ok != OK {
            clear_errors();
            return false;
        }
        out_tag_len == out_tag.len()
    }

    /// Encrypts `in_out` to itself and writes the tag. False on failure, with both zeroed.
    pub(crate) fn seal_in_place(
        self,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &mut [u8],
    ) -> bool {
        let (len, data) = (in_out.len(), in_out.as_mut_ptr());
        let mut tag_len = 0;
        // SAFETY: the context is initialised. Input and output are the same `in_out.len()` bytes, which
        // EVP_AEAD_CTX_seal_scatter allows, from the one mutable borrow; `tag` is distinct from them.
        let ok = unsafe {
            sys::EVP_AEAD_CTX_seal_scatter(
                self.context,
                data,
                tag.as_mut_ptr(),
                &mut tag_len,
                tag.len(),
                nonce.as_ptr(),
                nonce.len(),
                data,
                len,
                ptr::null(),
                0,
                const_ptr(aad),
                aad.len(),
            )
        };
        if ok != OK {
            clear_errors();
            return false;
        }
        tag_len == tag.len()
    }

    /// Decrypts `in_out` to itself. False if it does not authenticate; `in_out` is zeroed then.
    #[inline]
    pub(crate) fn open_in_place(
        self,
        nonce: &[u8; 12],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8],
    ) -> bool {
        let (len, data) = (in_out.len(), in_out.as_mut_ptr());
        // SAFETY: the context is initialised. Input and output are the same `in_out.len()` bytes, which
        // EVP_AEAD_CTX_open_gather allows; both pointers come from the one mutable borrow.
        let ok = unsafe {
            sys::EVP_AEAD_CTX_open_gather(
                self.context,
                data,
                nonce.as_ptr(),
                nonce.len(),
                data,
                len,
                const_ptr(tag),
                tag.len(),
                const_ptr(aad),
                aad.len(),
            )
        };
        if ok != OK {
            clear_errors();
        }
        ok == OK
    }

    /// Decrypts `ciphertext` to `out` of the same length. False if it does not authenticate, with `out`
    /// zeroed, and if the lengths differ.
    #[inline]
    pub(crate) fn open_gather(
        self,
        nonce: &[u8; 12],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
        out: &mut [u8],
    ) -> bool {
        if out.len() != ciphertext.len() {
            return false;
        }
        // SAFETY: the context is initialised; `out` has room for `ciphertext.len()` bytes and, as a distinct
        // borrow, does not overlap it.
        let ok = unsafe {
            sys::EVP_AEAD_CTX_open_gather(
                self.context,
                out.as_mut_ptr(),
                nonce.as_ptr(),
                nonce.len(),
                const_ptr(ciphertext),
                ciphertext.len(),
                const_ptr(tag),
                tag.len(),
                const_ptr(aad),
                aad.len(),
            )
        };
        if ok != OK {
            clear_errors();
        }
        ok == OK
    }
}

// ---------------------------------------------------------------------------------------------
// X25519 (RFC 7748)

/// A new key pair: (private, public). The private key is written straight into boxed memory.
pub(crate) fn x25519_generate() -> (Secret, [u8; 32]) {
    let mut private_key = Secret::zeros(32);
    let mut public_key = [0; 32];
    // SAFETY: X25519_keypair writes 32 bytes to each; it aborts the process if there is no randomness.
    unsafe {
        sys::X25519_keypair(
            public_key.as_mut_ptr(),
            private_key.as_mut_bytes().as_mut_ptr(),
        );
    }
    (private_key, public_key)
}

/// The shared secret. None if a length is not 32 or the result is all zeros (a point of small order).
pub(crate) fn x25519(private_key: &[u8], peer: &[u8], out: &mut [u8]) -> Option<()> {
    if private_key.len() != 32 || peer.len() != 32 || out.len() != 32 {
        return None;
    }
    // SAFETY: X25519 reads 32 bytes of each input and writes 32; the lengths were just checked.
    let ok = unsafe { sys::X25519(out.as_mut_ptr(), private_key.as_ptr(), peer.as_ptr()) };
    if ok != OK {
        clear_errors();
        return None;
    }
    Some(())
}

// ---------------------------------------------------------------------------------------------
// ECDH on the NIST curves

impl Curve {
    fn nid(self) -> c_int {
        match self {
            Self::P256 => sys::NID_X9_62_prime256v1,
            Self::P384 => sys::NID_secp384r1,
            Self::P521 => sys::NID_secp521r1,
        }
    }

    /// Length in bytes of a coordinate.
    pub(crate) const fn field_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// The key of a curve: the private key of an agreement.
pub(crate) struct EcdhKey {
    key: NonNull<sys::EC_KEY>,
    curve: Curve,
}

// SAFETY: ec_key.h: an EC_KEY may be used concurrently by non-mutating functions. After creation only those are called here,
// and those by one owner.
unsafe impl Send for EcdhKey {}

// SAFETY: as above.
unsafe impl Sync for EcdhKey {}

impl Drop for EcdhKey {
    fn drop(&mut self) {
        // SAFETY: the key is live and owned by this value; AWS-LC wipes the private scalar.
        unsafe { sys::EC_KEY_free(self.key.as_ptr()) }
    }
}

impl EcdhKey {
    fn new(curve: Curve) -> Option<Self> {
        // SAFETY: no preconditions; returns an owned key or NULL.
        let key = NonNull::new(unsafe { sys::EC_KEY_new_by_curve_name(curve.nid()) });
        if key.is_none() {
            clear_errors();
        }
        Some(Self { key: key?, curve })
    }

    /// A new key.
    pub(crate) fn generate(curve: Curve) -> Option<Self> {
        let key = Self::new(curve)?;
        // SAFETY: the key is live, has its group, and is not shared yet.
        if unsafe { sys::EC_KEY_generate_key(key.key.as_ptr()) } != OK {
            clear_errors();
            return None;
        }
        Some(key)
    }

    /// A given key, a big-endian scalar. None if it is 0 or not below the group's order.
    pub(crate) fn from_scalar(curve: Curve, scalar: &[u8]) -> Option<Self> {
        let key = Self::new(curve)?;
        let public = EcPoint::new(&key)?;
        // SAFETY: BN_bin2bn reads `scalar` and returns an owned number or NULL, which is wiped and freed once; key and point
        // are live, have the same group and are not shared yet. EC_KEY_set_private_key checks the range and copies.
        let ok = unsafe {
            let number = sys::BN_bin2bn(const_ptr(scalar), scalar.len(), ptr::null_mut());
            if number.is_null() {
                false
            } else {
                let ec_key = key.key.as_ptr();
                let point = public.0.as_ptr();
                let none = ptr::null();
                let ok = sys::EC_KEY_set_private_key(ec_key, number) == OK
                    && sys::EC_POINT_mul(
                        key.group(),
                        point,
                        number,
                        none,
                        ptr::null(),
                        ptr::null_mut(),
                    ) == OK
                    && sys::EC_KEY_set_public_key(ec_key, point) == OK;
                sys::BN_clear_free(number);
                ok
            }
        };
        if !ok {
            clear_errors();
        }
        ok.then_some(key)
    }

    fn group(&self) -> *const sys::EC_GROUP {
        // SAFETY: the key is live; the group is static.
        unsafe { sys::EC_KEY_get0_group(self.key.as_ptr()) }
    }

    pub(crate) fn curve(&self) -> Curve {
        self.curve
    }

    /// The public key: a point in uncompressed form.
    pub(crate) fn public(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 1 + 2 * self.curve.field_len()];
        // SAFETY: key and group are live; the public key belongs to the key and is set; at most `bytes.len()` bytes are
        // written.
        let len = unsafe {
            sys::EC_POINT_point2oct(
                self.group(),
                sys::EC_KEY_get0_public_key(self.key.as_ptr()),
                sys::point_conversion_form_t::POINT_CONVERSION_UNCOMPRESSED,
                bytes.as_mut_ptr(),
                bytes.len(),
                ptr::null_mut(),
            )
        };
        if len != bytes.len() {
            clear_errors();
            return None;
        }
        Some(bytes)
    }

    /// The x-coordinate of the shared point. None if `peer` is not a point of the curve, in a form that SEC 1 knows.
    pub(crate) fn agree(&self, peer: &[u8]) -> Option<Secret> {
        let point = EcPoint::new(self)?;
        let mut secret = Secret::zeros(self.curve.field_len());
        let out = secret.as_mut_bytes();
        // SAFETY: the point is live and of the key's group. EC_POINT_oct2point reads `peer` and accepts points of the curve
        // alone. ECDH_compute_key, which checks the point again, writes at most `out.len()` bytes and returns how many, or
        // a negative number.
        let len = unsafe {
            let (group, context) = (self.group(), ptr::null_mut());
            let place = point.0.as_ptr();
            match sys::EC_POINT_oct2point(group, place, const_ptr(peer), peer.len(), context) {
                OK => sys::ECDH_compute_key(
                    out.as_mut_ptr().cast(),
                    out.len(),
                    place,
                    self.key.as_ptr(),
                    None,
                ),
                _ => -1,
            }
        };
        if usize::try_from(len) != Ok(self.curve.field_len()) {
            clear_errors();
            return None;
        }
        Some(secret)
    }
}

/// A point of a curve.
struct EcPoint(NonNull<sys::EC_POINT>);

impl EcPoint {
    /// Of the key's group.
    fn new(key: &EcdhKey) -> Option<Self> {
        // SAFETY: the group is static; returns an owned point or NULL.
        let point = NonNull::new(unsafe { sys::EC_POINT_new(key.group()) });
        if point.is_none() {
            clear_errors();
        }
        point.map(Self)
    }
}

impl Drop for EcPoint {
    fn drop(&mut self) {
        // SAFETY: the point is live and owned by this value.
        unsafe { sys::EC_POINT_free(self.0.as_ptr()) }
    }
}

// ---------------------------------------------------------------------------------------------
// Signature keys

/// What to generate.
#[derive(Copy, Clone)]
pub(crate) enum Generate {
    Ec(Curve),
    Ed25519,
    Rsa { bits: u16 },
    MlDsa(MlDsa),
}

/// A NIST curve.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum MlDsa {
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

/// How the message is hashed and, for RSA, padded.
#[derive(Copy, Clone)]
pub(crate) enum Scheme {
    /// The algorithm takes the message itself: Ed25519, ML-DSA with an empty context.
    Whole,
    /// ECDSA, the signature in DER.
    Ecdsa(crate::Hash),
    /// ECDSA with SHA-1, the signature in DER: in old certificates and old versions.
    EcdsaSha1,
    /// RSASSA-PKCS1-v1_5.
    Pkcs1(crate::Hash),
    /// RSASSA-PKCS1-v1_5 with SHA-1.
    Pkcs1Sha1,
    /// RSASSA-PSS, MGF1 with the same hash, salt as long as the hash.
    Pss(crate::Hash),
    /// RSASSA-PKCS1-v1_5 with MD5 and SHA-1 in a row and without DigestInfo.
    #[cfg(feature = "legacy")]
    Pkcs1Md5Sha1,
}

impl Scheme {
    fn md(self) -> *const sys::EVP_MD {
        let hash = match self {
            Self::Whole => return ptr::null(),
            // SAFETY: no preconditions; returns a static table.
            Self::EcdsaSha1 | Self::Pkcs1Sha1 => return unsafe { sys::EVP_sha1() },
            Self::Ecdsa(hash) | Self::Pkcs1(hash) | Self::Pss(hash) => hash,
            // SAFETY: as above.
            #[cfg(feature = "legacy")]
            Self::Pkcs1Md5Sha1 => return unsafe { sys::EVP_md5_sha1() },
        };
        // SAFETY: these have no preconditions and return static tables.
        unsafe {
            match hash {
                crate::Hash::Sha256 => sys::EVP_sha256(),
                crate::Hash::Sha384 => sys::EVP_sha384(),
                crate::Hash::Sha512 => sys::EVP_sha512(),
            }
        }
    }

    /// Sets the padding of an operation that `EVP_DigestSignInit` or its counterpart began.
    ///
    /// # Safety
    /// `context` is the live EVP_PKEY_CTX of such an operation.
    unsafe fn set_padding(self, context: *mut sys::EVP_PKEY_CTX) -> bool {
        // SAFETY: passed on from the caller. Errors if the key is not RSA, checked below.
        unsafe {
            match self {
                Self::Whole | Self::Ecdsa(_) | Self::EcdsaSha1 => true,
                Self::Pkcs1(_) | Self::Pkcs1Sha1 => {
                    sys::EVP_PKEY_CTX_set_rsa_padding(context, sys::RSA_PKCS1_PADDING) == OK
                }
                #[cfg(feature = "legacy")]
                Self::Pkcs1Md5Sha1 => {
                    sys::EVP_PKEY_CTX_set_rsa_padding(context, sys::RSA_PKCS1_PADDING) == OK
                }
                Self::Pss(_) => {
                    sys::EVP_PKEY_CTX_set_rsa_padding(context, sys::RSA_PKCS1_PSS_PADDING) == OK
                        && sys::EVP_PKEY_CTX_set_rsa_pss_saltlen(
                            context,
                            sys::RSA_PSS_SALTLEN_DIGEST,
                        ) == OK
                }
            }
        }
    }
}

/// A private or public key of AWS-LC.
pub(crate) struct Pkey(NonNull<sys::EVP_PKEY>);

// SAFETY: evp.h: an EVP_PKEY may be used concurrently by non-mutating functions. After creation only those
// are called here: signing, verifying, marshalling; the EVP_PKEY* that EVP_DigestSignInit takes is
// only referenced (an atomic count).
unsafe impl Send for Pkey {}
// SAFETY: as above.
unsafe impl Sync for Pkey {}

impl Drop for Pkey {
    fn drop(&mut self) {
        // SAFETY: the handle owns one reference, released here once. AWS-LC wipes what it frees.
        unsafe { sys::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

impl Pkey {
    /// From a DER SubjectPublicKeyInfo, whole.
    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        Self::parse(der, sys::EVP_parse_public_key)
    }

    /// From a DER PrivateKeyInfo (PKCS#8), whole.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        Self::parse(der, sys::EVP_parse_private_key)
    }

    fn parse(
        der: &[u8],
        function: unsafe extern "C" fn(*mut sys::CBS) -> *mut sys::EVP_PKEY,
    ) -> Option<Self> {
        let mut cbs = MaybeUninit::<sys::CBS>::uninit();
        // SAFETY: CBS_init fills the whole struct to read `der.len()` bytes of `der`, which outlives it;
        // both parsers take an initialised CBS and return an owned key or NULL.
        let (key, rest) = unsafe {
            sys::CBS_init(cbs.as_mut_ptr(), const_ptr(der), der.len());
            let key = function(cbs.as_mut_ptr());
            (key, sys::CBS_len(cbs.as_ptr()))
        };
        let key = NonNull::new(key).map(Self);
        if key.is_none() {
            clear_errors();
        }
        key.filter(|_| rest == 0)
    }

    /// A public key that is a point of a curve, in a form that SEC 1 knows. None if it is not on the curve.
    pub(crate) fn from_point(curve: Curve, point: &[u8]) -> Option<Self> {
        let ec_key = EcdhKey::new(curve)?;
        let place = EcPoint::new(&ec_key)?;
        // SAFETY: no preconditions; returns an owned key or NULL, which `Pkey` frees.
        let key = Self(NonNull::new(unsafe { sys::EVP_PKEY_new() })?);
        // SAFETY: all are live and of one group, and not shared yet. EC_POINT_oct2point reads `point` and accepts points of the
        // curve alone; EC_KEY_set_public_key copies; EVP_PKEY_set1_EC_KEY takes a reference of its own.
        let ok = unsafe {
            let (ec_key, group) = (ec_key.key.as_ptr(), ec_key.group());
            let (from, len, context) = (const_ptr(point), point.len(), ptr::null_mut());
            sys::EC_POINT_oct2point(group, place.0.as_ptr(), from, len, context) == OK
                && sys::EC_KEY_set_public_key(ec_key, place.0.as_ptr()) == OK
                && sys::EVP_PKEY_set1_EC_KEY(key.0.as_ptr(), ec_key) == OK
        };
        if !ok {
            clear_errors();
        }
        ok.then_some(key)
    }

    /// Makes a new private key.
    pub(crate) fn generate(what: Generate) -> Option<Self> {
        let id = match what {
            Generate::Ec(_) => sys::EVP_PKEY_EC,
            Generate::Ed25519 => sys::EVP_PKEY_ED25519,
            Generate::Rsa { .. } => sys::EVP_PKEY_RSA,
            Generate::MlDsa(_) => sys::EVP_PKEY_PQDSA,
        };
        // SAFETY: EVP_PKEY_CTX_new_id returns an owned context or NULL; its Drop frees it.
        let context = PkeyContext(NonNull::new(unsafe {
            sys::EVP_PKEY_CTX_new_id(id, ptr::null_mut())
        })?);
        let context = context.0.as_ptr();
        let mut key = ptr::null_mut();
        // SAFETY: `context` is live until the end of this function; the parameters set are those of its key
        // type; EVP_PKEY_keygen stores an owned key if it returns one.
        let ok = unsafe {
            sys::EVP_PKEY_keygen_init(context) == OK
                && match what {
                    Generate::Ed25519 => true,
                    Generate::Ec(curve) => {
                        sys::EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, curve.nid()) == OK
                    }
                    Generate::Rsa { bits } => {
                        sys::EVP_PKEY_CTX_set_rsa_keygen_bits(context, c_int::from(bits)) == OK
                    }
                    Generate::MlDsa(parameters) => {
                        let nid = match parameters {
                            MlDsa::MlDsa44 => sys::NID_MLDSA44,
                            MlDsa::MlDsa65 => sys::NID_MLDSA65,
                            MlDsa::MlDsa87 => sys::NID_MLDSA87,
                        };
                        sys::EVP_PKEY_CTX_pqdsa_set_params(context, nid) == OK
                    }
                }
                && sys::EVP_PKEY_keygen(context, &mut key) == OK
        };
        if !ok {
            clear_errors();
            return None;
        }
        NonNull::new(key).map(Self)
    }

    /// Bits of an RSA modulus or of a curve's order.
    pub(crate) fn bits(&self) -> u32 {
        // SAFETY: the key is live; reads only.
        let bits = unsafe { sys::EVP_PKEY_bits(self.0.as_ptr()) };
        u32::try_from(bits).unwrap_or(0)
    }

    /// DER SubjectPublicKeyInfo.
    pub(crate) fn to_spki(&self) -> Option<Vec<u8>> {
        // Public, but the same road as the private key's.
        Some(
            self.marshal(sys::EVP_marshal_public_key)?
                .as_bytes()
                .to_vec(),
        )
    }

    /// DER PrivateKeyInfo, version 1. None for an ML-DSA key that came without its seed.
    pub(crate) fn to_pkcs8(&self) -> Option<Secret> {
        self.marshal(sys::EVP_marshal_private_key)
    }

    fn marshal(
        &self,
        function: unsafe extern "C" fn(*mut sys::CBB, *const sys::EVP_PKEY) -> c_int,
    ) -> Option<Secret> {
        let mut cbb = MaybeUninit::<sys::CBB>::zeroed();
        let (mut out, mut out_len) = (ptr::null_mut(), 0);
        // SAFETY: a zeroed CBB is what CBB_init wants and CBB_cleanup accepts; CBB_finish hands over
        // `out_len` bytes at `out`, which OPENSSL_free (it wipes them) ends after the copy.
        unsafe {
            let cbb = cbb.as_mut_ptr();
            if sys::CBB_init(cbb, 256) != OK
                || function(cbb, self.0.as_ptr()) != OK
                || sys::CBB_finish(cbb, &mut out, &mut out_len) != OK
                || out.is_null()
            {
                sys::CBB_cleanup(cbb);
                clear_errors();
                return None;
            }
            let copy = Secret::from_slice(core::slice::from_raw_parts(out, out_len));
            sys::OPENSSL_free(out.cast());
            Some(copy)
        }
    }

    /// The raw private key: for ML-DSA the expanded one.
    pub(crate) fn raw_private_key(&self) -> Option<Secret> {
        let mut len = 0;
        // SAFETY: with a NULL buffer the length needed is stored; then at most `len` bytes are written to a
        // buffer of that length.
        unsafe {
            let key = self.0.as_ptr();
            if sys::EVP_PKEY_get_raw_private_key(key, ptr::null_mut(), &mut len) != OK {
                clear_errors();
                return None;
            }
            let mut raw = Secret::zeros(len);
            let out = raw.as_mut_bytes().as_mut_ptr();
            if sys::EVP_PKEY_get_raw_private_key(key, out, &mut len) != OK || len != raw.len() {
                clear_errors();
                return None;
            }
            Some(raw)
        }
    }

    /// Signs. None if the scheme does not fit the key or the key is public.
    pub(crate) fn sign(&self, scheme: Scheme, message: &[u8]) -> Option<Vec<u8>> {
        if let Scheme::Ecdsa(hash) = scheme {
            return self.sign_ecdsa(&hash.digest(&[message]));
        }
        let context = MdContext::new()?;
        let mut pkey_context = ptr::null_mut();
        // SAFETY: context and key are live; EVP_DigestSignInit takes its own reference to the key and stores
        // a borrowed EVP_PKEY_CTX that lives as long as `context`.
        let ready = unsafe {
            sys::EVP_DigestSignInit(
                context.0.as_ptr(),
                &mut pkey_context,
                scheme.md(),
                ptr::null_mut(),
                self.0.as_ptr(),
            ) == OK
                && scheme.set_padding(pkey_context)
        };
        // SAFETY: the key is live; reads only. The result bounds every signature's length.
        let max_len = unsafe { sys::EVP_PKEY_size(self.0.as_ptr()) };
        let mut signature = vec![0; usize::try_from(max_len).ok()?];
        let mut len = signature.len();
        // SAFETY: the context is ready for signing; at most `len` bytes are written to `signature`.
        let ok = ready
            && unsafe {
                sys::EVP_DigestSign(
                    context.0.as_ptr(),
                    signature.as_mut_ptr(),
                    &mut len,
                    const_ptr(message),
                    message.len(),
                )
            } == OK;
        if !ok {
            clear_errors();
            return None;
        }
        signature.truncate(len);
        Some(signature)
    }

    /// Whether `signature` is this key's for `message`.
    pub(crate) fn verify(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        if let Scheme::Ecdsa(hash) = scheme {
            return self.verify_ecdsa(&hash.digest(&[message]), signature);
        }
        let Some(context) = MdContext::new() else {
            return false;
        };
        let mut pkey_context = ptr::null_mut();
        // SAFETY: as in `sign`; EVP_DigestVerify reads the signature and the message only.
        let ok = unsafe {
            sys::EVP_DigestVerifyInit(
                context.0.as_ptr(),
                &mut pkey_context,
                scheme.md(),
                ptr::null_mut(),
                self.0.as_ptr(),
            ) == OK
                && scheme.set_padding(pkey_context)
                && sys::EVP_DigestVerify(
                    context.0.as_ptr(),
                    const_ptr(signature),
                    signature.len(),
                    const_ptr(message),
                    message.len(),
                ) == OK
        };
        if !ok {
            clear_errors();
        }
        ok
    }

    /// The key of a curve; it is live as long as this is.
    fn ec_key(&self) -> Option<NonNull<sys::EC_KEY>> {
        // SAFETY: the key is live; returns a pointer into it, or NULL for a key of another kind.
        let key = NonNull::new(unsafe { sys::EVP_PKEY_get0_EC_KEY(self.0.as_ptr()) });
        if key.is_none() {
            clear_errors();
        }
        key
    }

    /// ECDSA without the contexts that the functions for all kinds of key allocate.
    fn sign_ecdsa(&self, digest: &[u8]) -> Option<Vec<u8>> {
        let key = self.ec_key()?;
        // SAFETY: the key is live; reads only.
        let mut signature = vec![0; unsafe { sys::ECDSA_size(key.as_ptr()) }];
        let mut len = 0;
        // SAFETY: the key is live; reads `digest` and writes at most ECDSA_size bytes, which `signature` has. Fails if there
        // is no private key.
        let ok = unsafe {
            sys::ECDSA_sign(
                0,
                const_ptr(digest),
                digest.len(),
                signature.as_mut_ptr(),
                &mut len,
                key.as_ptr(),
            )
        };
        if ok != OK {
            clear_errors();
            return None;
        }
        signature.truncate(usize::try_from(len).ok()?);
        Some(signature)
    }

    fn verify_ecdsa(&self, digest: &[u8], signature: &[u8]) -> bool {
        let Some(key) = self.ec_key() else {
            return false;
        };
        // SAFETY: the key is live; reads `digest` and `signature`.
        let ok = unsafe {
            sys::ECDSA_verify(
                0,
                const_ptr(digest),
                digest.len(),
                const_ptr(signature),
                signature.len(),
                key.as_ptr(),
            )
        };
        if ok != OK {
            clear_errors();
        }
        ok == OK
    }
}

/// A key generation in progress.
struct PkeyContext(NonNull<sys::EVP_PKEY_CTX>);

impl Drop for PkeyContext {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { sys::EVP_PKEY_CTX_free(self.0.as_ptr()) }
    }
}

/// A signing or verification in progress.
struct MdContext(NonNull<sys::EVP_MD_CTX>);

impl MdContext {
    fn new() -> Option<Self> {
        // SAFETY: no preconditions; returns an owned context or NULL.
        NonNull::new(unsafe { sys::EVP_MD_CTX_new() }).map(Self)
    }
}

impl Drop for MdContext {
    fn drop(&mut self) {
        // SAFETY: owned, freed once.
        unsafe { sys::EVP_MD_CTX_free(self.0.as_ptr()) }
    }
}

// ---------------------------------------------------------------------------------------------
// What TLS 1.2 and older need

/// MD5, SHA-1, CBC, RSA key transport and finite field arithmetic.
#[cfg(feature = "legacy")]
pub(crate) mod legacy {
    use super::{OK, Pkey, clear_errors, const_ptr, sys};
    use crate::legacy::cbc::{CbcDirection, CbcSuite};
    use core::ffi::c_int;
    use core::mem::MaybeUninit;
    use core::ptr::{self, NonNull};
    use zeroize::Zeroize;

    /// A running MD5 (RFC 1321). Plain data, wiped on drop.
    #[derive(Clone)]
    pub(crate) struct Md5(sys::MD5_CTX);

    impl Md5 {
        pub(crate) fn new() -> Self {
            Self(sys::MD5_CTX {
                // RFC 1321 Section 3.3.
                h: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476],
                Nl: 0,
                Nh: 0,
                data: [0; 64],
                num: 0,
            })
        }

        pub(crate) fn update(&mut self, data: &[u8]) {
            // SAFETY: MD5_Update reads `data.len()` bytes and writes within the context, which is initialised
            // in full. It cannot fail (documented to return one always).
            unsafe { sys::MD5_Update(&mut self.0, const_ptr(data).cast(), data.len()) };
        }

        /// The context must not be used again.
        pub(crate) fn finish(&mut self, out: &mut [u8; 16]) {
            // SAFETY: MD5_Final writes 16 bytes to `out`, which has as many. It cannot fail.
            unsafe { sys::MD5_Final(out.as_mut_ptr(), &mut self.0) };
        }
    }

    impl Drop for Md5 {
        fn drop(&mut self) {
            self.0.h.as_mut_slice().zeroize();
            self.0.data.as_mut_slice().zeroize();
        }
    }

    /// A running SHA-1 (FIPS 180-4). Plain data, wiped on drop.
    #[derive(Clone)]
    pub(crate) struct Sha1(sys::SHA_CTX);

    impl Sha1 {
        pub(crate) fn new() -> Self {
            Self(sys::SHA_CTX {
                // FIPS 180-4 Section 5.3.1.
                h: [
                    0x6745_2301,
                    0xefcd_ab89,
                    0x98ba_dcfe,
                    0x1032_5476,
                    0xc3d2_e1f0,
                ],
                Nl: 0,
                Nh: 0,
                data: [0; 64],
                num: 0,
            })
        }

        pub(crate) fn update(&mut self, data: &[u8]) {
            // SAFETY: SHA1_Update reads `data.len()` bytes and writes within the context, which is initialised
            // in full. It cannot fail (documented to return one always).
            unsafe { sys::SHA1_Update(&mut self.0, const_ptr(data).cast(), data.len()) };
        }

        /// The context must not be used again.
        pub(crate) fn finish(&mut self, out: &mut [u8; 20]) {
            // SAFETY: SHA1_Final writes 20 bytes to `out`, which has as many. It cannot fail.
            unsafe { sys::SHA1_Final(out.as_mut_ptr(), &mut self.0) };
        }
    }

    impl Drop for Sha1 {
        fn drop(&mut self) {
            self.0.h.as_mut_slice().zeroize();
            self.0.data.as_mut_slice().zeroize();
        }
    }

    /// One direction of a CBC suite with MAC-then-encrypt, in an AEAD's clothes. Wiped on drop.
    pub(crate) struct TlsCbc(Box<MaybeUninit<sys::EVP_AEAD_CTX>>);

    // SAFETY: the context owns all that it points to, and no call binds it to a thread.
    unsafe impl Send for TlsCbc {}
    // SAFETY: these AEADs change state behind a const pointer, therefore every call here takes `&mut self`: through a
    // shared reference nothing can be done.
    unsafe impl Sync for TlsCbc {}

    impl TlsCbc {
        /// `key` is the MAC key, the cipher's key and, with `implicit_iv`, the IV. None if its length is wrong or
        /// there is no such suite with an implicit IV.
        pub(crate) fn new(
            suite: CbcSuite,
            implicit_iv: bool,
            direction: CbcDirection,
            key: &[u8],
        ) -> Option<Self> {
            // SAFETY: these have no preconditions and return static tables.
            let aead = unsafe {
                match (suite, implicit_iv) {
                    (CbcSuite::Aes128Sha1, false) => sys::EVP_aead_aes_128_cbc_sha1_tls(),
                    (CbcSuite::Aes128Sha1, true) => {
                        sys::EVP_aead_aes_128_cbc_sha1_tls_implicit_iv()
                    }
                    (CbcSuite::Aes256Sha1, false) => sys::EVP_aead_aes_256_cbc_sha1_tls(),
                    (CbcSuite::Aes256Sha1, true) => {
                        sys::EVP_aead_aes_256_cbc_sha1_tls_implicit_iv()
                    }
                    (CbcSuite::TripleDesSha1, false) => sys::EVP_aead_des_ede3_cbc_sha1_tls(),
                    (CbcSuite::TripleDesSha1, true) => {
                        sys::EVP_aead_des_ede3_cbc_sha1_tls_implicit_iv()
                    }
                    (CbcSuite::Aes128Sha256, false) => sys::EVP_aead_aes_128_cbc_sha256_tls(),
                    (CbcSuite::Aes256Sha384, false) => sys::EVP_aead_aes_256_cbc_sha384_tls(),
                    (CbcSuite::Aes128Sha256 | CbcSuite::Aes256Sha384, true) => return None,
                }
            };
            let direction = match direction {
                CbcDirection::Seal => sys::evp_aead_direction_t_evp_aead_seal,
                CbcDirection::Open => sys::evp_aead_direction_t_evp_aead_open,
            };
            let mut context = Self(Box::new_uninit());
            // SAFETY: as in `AeadContext::new`: an uninitialised context is what this takes, and it sets all that `drop`
            // has read, also where it fails. It checks the key's length. Tag length 0 stands for the whole MAC.
            let ok = unsafe {
                sys::EVP_AEAD_CTX_init_with_direction(
                    context.0.as_mut_ptr(),
                    aead,
                    const_ptr(key),
                    key.len(),
                    0,
                    direction,
                )
            };
            if ok != OK {
                clear_errors();
                return None;
            }
            Some(context)
        }

        /// `out` = the encryption of `content`, its MAC and padding. `nonce` is the explicit IV, or empty. False on
        /// failure, and if `out` is not of the length that this takes.
        pub(crate) fn seal(
            &mut self,
            nonce: &[u8],
            ad: &[u8; 11],
            content: &[u8],
            out: &mut [u8],
        ) -> bool {
            let Some((out, out_tag)) = out.split_at_mut_checked(content.len()) else {
                return false;
            };
            let mut out_tag_len = 0;
            // SAFETY: the context is initialised and not shared (`&mut self`). `out` has room for `content.len()` bytes
            // and `out_tag` for its stated length; as distinct borrows none of the buffers overlap.
            let ok = unsafe {
                sys::EVP_AEAD_CTX_seal_scatter(
                    self.0.as_ptr(),
                    out.as_mut_ptr(),
                    out_tag.as_mut_ptr(),
                    &mut out_tag_len,
                    out_tag.len(),
                    const_ptr(nonce),
                    nonce.len(),
                    const_ptr(content),
                    content.len(),
                    ptr::null(),
                    0,
                    ad.as_ptr(),
                    ad.len(),
                )
            };
            if ok != OK {
                clear_errors();
                return false;
            }
            out_tag_len == out_tag.len()
        }

        /// Decrypts `in_out` to itself: the length of the content, which stands at its start. None if padding or MAC
        /// are wrong, told apart neither by value nor by time; `in_out` is zeroed then.
        pub(crate) fn open(
            &mut self,
            nonce: &[u8],
            ad: &[u8; 11],
            in_out: &mut [u8],
        ) -> Option<usize> {
            let (len, data) = (in_out.len(), in_out.as_mut_ptr());
            let mut out_len = 0;
            // SAFETY: the context is initialised and not shared (`&mut self`). Input and output are the same
            // `in_out.len()` bytes, which EVP_AEAD_CTX_open allows, from the one mutable borrow.
            let ok = unsafe {
                sys::EVP_AEAD_CTX_open(
                    self.0.as_ptr(),
                    data,
                    &mut out_len,
                    len,
                    const_ptr(nonce),
                    nonce.len(),
                    data,
                    len,
                    ad.as_ptr(),
                    ad.len(),
                )
            };
            if ok != OK {
                clear_errors();
                return None;
            }
            Some(out_len)
        }
    }

    impl Drop for TlsCbc {
        fn drop(&mut self) {
            // SAFETY: EVP_AEAD_CTX_init_with_direction ran on the context; aead.h allows the cleanup whether that
            // succeeded or failed, and it frees and wipes what the AEAD allocated. Nothing in the context, all of whose
            // bytes the box owns, is used again.
            unsafe {
                sys::EVP_AEAD_CTX_cleanup(self.0.as_mut_ptr());
                sys::OPENSSL_cleanse(self.0.as_mut_ptr().cast(), size_of::<sys::EVP_AEAD_CTX>());
            }
        }
    }

    /// A block cipher in CBC mode without padding, one direction. Wiped on drop.
    pub(crate) struct Cbc(NonNull<sys::EVP_CIPHER_CTX>);

    // SAFETY: the context owns all that it points to, and no call binds it to a thread.
    unsafe impl Send for Cbc {}
    // SAFETY: every call takes `&mut self`: through a shared reference nothing can be done.
    unsafe impl Sync for Cbc {}

    impl Cbc {
        /// The cipher of `suite`. Without `iv` each call of [`apply`](Self::apply) must bring one. None if a length is
        /// wrong.
        pub(crate) fn new(
            suite: CbcSuite,
            direction: CbcDirection,
            key: &[u8],
            iv: Option<&[u8]>,
        ) -> Option<Self> {
            if key.len() != suite.key_len() || iv.is_some_and(|iv| iv.len() != suite.block_len()) {
                return None;
            }
            // SAFETY: no preconditions; returns an owned context or NULL.
            let context = Self(NonNull::new(unsafe { sys::EVP_CIPHER_CTX_new() })?);
            let encrypt = c_int::from(direction == CbcDirection::Seal);
            // SAFETY: the first three return static tables. EVP_CipherInit_ex reads a key and an IV as long as the cipher
            // says, which are the suite's lengths, checked above; a NULL IV it leaves for later.
            let ok = unsafe {
                let cipher = match suite {
                    CbcSuite::Aes128Sha1 | CbcSuite::Aes128Sha256 => sys::EVP_aes_128_cbc(),
                    CbcSuite::Aes256Sha1 | CbcSuite::Aes256Sha384 => sys::EVP_aes_256_cbc(),
                    CbcSuite::TripleDesSha1 => sys::EVP_des_ede3_cbc(),
                };
                sys::EVP_CipherInit_ex(
                    context.0.as_ptr(),
                    cipher,
                    ptr::null_mut(),
                    key.as_ptr(),
                    iv.map_or(ptr::null(), <[u8]>::as_ptr),
                    encrypt,
                ) == OK
                    && sys::EVP_CIPHER_CTX_set_padding(context.0.as_ptr(), 0) == OK
            };
            if !ok {
                clear_errors();
                return None;
            }
            Some(context)
        }

        /// Encrypts or decrypts whole blocks in place, from `iv`, or else going on from the last block of the call
        /// before. False on failure.
        pub(crate) fn apply(&mut self, iv: Option<&[u8]>, in_out: &mut [u8]) -> bool {
            let Ok(len) = c_int::try_from(in_out.len()) else {
                return false;
            };
            let (context, data) = (self.0.as_ptr(), in_out.as_mut_ptr());
            let mut out_len = 0;
            // SAFETY: the context is initialised. The IV, if there is one, is as long as the cipher wants, checked against
            // the context. With padding off and nothing buffered EVP_CipherUpdate writes no more than it reads, and in
            // place is allowed; both pointers come from the one mutable borrow.
            let ok = unsafe {
                let iv_len = sys::EVP_CIPHER_CTX_iv_length(context);
                let block_len = sys::EVP_CIPHER_CTX_block_size(context);
                len % c_int::try_from(block_len).unwrap_or(1) == 0
                    && iv.is_none_or(|iv| {
                        u32::try_from(iv.len()) == Ok(iv_len)
                            && sys::EVP_CipherInit_ex(
                                context,
                                ptr::null(),
                                ptr::null_mut(),
                                ptr::null(),
                                iv.as_ptr(),
                                // As it is.
                                -1,
                            ) == OK
                    })
                    && sys::EVP_CipherUpdate(context, data, &mut out_len, data, len) == OK
            };
            if !ok {
                clear_errors();
            }
            ok && out_len == len
        }
    }

    impl Drop for Cbc {
        fn drop(&mut self) {
            // SAFETY: owned, freed once; AWS-LC wipes what it frees.
            unsafe { sys::EVP_CIPHER_CTX_free(self.0.as_ptr()) }
        }
    }

    impl Pkey {
        /// The RSA key inside, which lives as long as `self`.
        fn rsa(&self) -> Option<NonNull<sys::RSA>> {
            // SAFETY: the key is live; the pointer is borrowed from it, or NULL for another kind of key.
            let rsa = NonNull::new(unsafe { sys::EVP_PKEY_get0_RSA(self.0.as_ptr()) });
            if rsa.is_none() {
                clear_errors();
            }
            rsa
        }

        /// Length of the RSA modulus in bytes.
        pub(crate) fn rsa_modulus_len(&self) -> Option<usize> {
            let rsa = self.rsa()?;
            // SAFETY: the key is live; reads only.
            usize::try_from(unsafe { sys::RSA_size(rsa.as_ptr()) }).ok()
        }

        /// The RSA private operation without looking at any padding: `out`, as long as the modulus. False if `input` is
        /// not of the modulus' length or not below its value.
        pub(crate) fn rsa_decrypt_raw(&self, input: &[u8], out: &mut [u8]) -> bool {
            let Some(rsa) = self.rsa() else {
                return false;
            };
            let mut len = 0;
            // SAFETY: the key is live (its blinding is locked inside: signing does the same); at most `out.len()` bytes are
            // written to `out`, which RSA_decrypt compares with the modulus first.
            let ok = unsafe {
                sys::RSA_decrypt(
                    rsa.as_ptr(),
                    &mut len,
                    out.as_mut_ptr(),
                    out.len(),
                    const_ptr(input),
                    input.len(),
                    sys::RSA_NO_PADDING,
                )
            };
            if ok != OK {
                clear_errors();
            }
            ok == OK && len == out.len()
        }

        /// RSAES-PKCS1-v1_5 with fresh random padding (RFC 8017 Section 7.2.1). None if the message is too long.
        pub(crate) fn rsa_encrypt_pkcs1(&self, message: &[u8]) -> Option<Vec<u8>> {
            let rsa = self.rsa()?;
            let mut out = vec![0; self.rsa_modulus_len()?];
            let mut len = 0;
            // SAFETY: the key is live; at most `out.len()` bytes are written to `out`.
            let ok = unsafe {
                sys::RSA_encrypt(
                    rsa.as_ptr(),
                    &mut len,
                    out.as_mut_ptr(),
                    out.len(),
                    const_ptr(message),
                    message.len(),
                    sys::RSA_PKCS1_PADDING,
                )
            };
            if ok != OK {
                clear_errors();
            }
            (ok == OK && len == out.len()).then_some(out)
        }
    }

    /// A number of AWS-LC, wiped on drop.
    struct BigNum(NonNull<sys::BIGNUM>);

    impl BigNum {
        /// Zero, to be computed into.
        fn new() -> Option<Self> {
            // SAFETY: no preconditions; returns an owned number or NULL.
            NonNull::new(unsafe { sys::BN_new() }).map(Self)
        }

        /// From big-endian bytes. Leading zeros count for its width, which alone of a secret number time depends on.
        fn from_bytes(bytes: &[u8]) -> Option<Self> {
            // SAFETY: reads `bytes.len()` bytes; returns an owned number or NULL.
            let number = unsafe { sys::BN_bin2bn(const_ptr(bytes), bytes.len(), ptr::null_mut()) };
            NonNull::new(number).map(Self)
        }
    }

    impl Drop for BigNum {
        fn drop(&mut self) {
            // SAFETY: owned, freed once, its value overwritten.
            unsafe { sys::BN_clear_free(self.0.as_ptr()) }
        }
    }

    /// Memory for the computations of AWS-LC.
    struct BigNumContext(NonNull<sys::BN_CTX>);

    impl BigNumContext {
        fn new() -> Option<Self> {
            // SAFETY: no preconditions; returns an owned context or NULL.
            NonNull::new(unsafe { sys::BN_CTX_new() }).map(Self)
        }
    }

    impl Drop for BigNumContext {
        fn drop(&mut self) {
            // SAFETY: owned, freed once. The numbers in it are wiped, as is all that AWS-LC frees.
            unsafe { sys::BN_CTX_free(self.0.as_ptr()) }
        }
    }

    /// `out` = `base` to the `exponent` modulo `modulus`, all big-endian, in time that does not depend on base and
    /// exponent but for their lengths. False if `modulus` is even or not above `base`, or `out` too short.
    pub(crate) fn mod_exp(base: &[u8], exponent: &[u8], modulus: &[u8], out: &mut [u8]) -> bool {
        let done = try_mod_exp(base, exponent, modulus, out).is_some();
        if !done {
            clear_errors();
        }
        done
    }

    fn try_mod_exp(base: &[u8], exponent: &[u8], modulus: &[u8], out: &mut [u8]) -> Option<()> {
        let (base, exponent) = (BigNum::from_bytes(base)?, BigNum::from_bytes(exponent)?);
        let (modulus, result) = (BigNum::from_bytes(modulus)?, BigNum::new()?);
        let context = BigNumContext::new()?;
        // SAFETY: all are live and distinct; BN_mod_exp_mont_consttime checks what it wants of the modulus and the base,
        // and makes its own Montgomery context where it gets none. BN_bn2bin_padded writes `out.len()` bytes, or fails if
        // the number is longer.
        let ok = unsafe {
            sys::BN_mod_exp_mont_consttime(
                result.0.as_ptr(),
                base.0.as_ptr(),
                exponent.0.as_ptr(),
                modulus.0.as_ptr(),
                context.0.as_ptr(),
                ptr::null(),
            ) == OK
                && sys::BN_bn2bin_padded(out.as_mut_ptr(), out.len(), result.0.as_ptr()) == OK
        };
        ok.then_some(())
    }

    /// Whether the big-endian `number` passes `rounds` of Miller and Rabin's test with random bases, after division by
    /// small primes. None if the library failed.
    pub(crate) fn is_probable_prime(number: &[u8], rounds: u8) -> Option<bool> {
        let number = BigNum::from_bytes(number)?;
        let context = BigNumContext::new()?;
        let mut prime = 0;
        // SAFETY: number and context are live; without a callback none is called.
        let ok = unsafe {
            sys::BN_primality_test(
                &mut prime,
                number.0.as_ptr(),
                c_int::from(rounds),
                context.0.as_ptr(),
                1,
                ptr::null_mut(),
            )
        };
        if ok != OK {
            clear_errors();
            return None;
        }
        Some(prime == 1)
    }
}
