//! The command line, which BoringSSL's `ssl/test/test_config.cc` defines.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use base64ct::{Base64, Encoding};

/// What one connection is given, is to do, and is expected to find. The names are those of the options.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    // The process.
    pub(crate) port: u16,
    pub(crate) ipv6: bool,
    pub(crate) shim_id: u64,
    pub(crate) server: bool,
    pub(crate) resume_count: usize,
    pub(crate) asynchronous: bool,

    // What is allowed and offered.
    pub(crate) min_version: Option<u16>,
    pub(crate) max_version: Option<u16>,
    pub(crate) no_tls1: bool,
    pub(crate) no_tls11: bool,
    pub(crate) no_tls12: bool,
    pub(crate) no_tls13: bool,
    pub(crate) cipher: Option<String>,
    pub(crate) curves: Vec<u16>,
    /// Empty for none, with `-no-key-shares`.
    pub(crate) key_shares: Option<Vec<u16>>,
    pub(crate) server_supported_groups_hint: Vec<u16>,
    pub(crate) verify_prefs: Vec<u16>,
    pub(crate) fallback_scsv: bool,
    pub(crate) host_name: Option<String>,
    pub(crate) advertise_alpn: Vec<Vec<u8>>,
    pub(crate) select_alpn: Vec<u8>,
    pub(crate) reject_alpn: bool,
    pub(crate) enable_ocsp_stapling: bool,
    pub(crate) enable_signed_cert_timestamps: bool,
    pub(crate) cbc_record_splitting: bool,
    pub(crate) partial_write: bool,
    pub(crate) max_send_fragment: Option<usize>,
    pub(crate) no_legacy_server_connect: bool,
    pub(crate) renegotiate_freely: bool,

    // Credentials and keys.
    pub(crate) default_credential: CredentialOptions,
    pub(crate) credentials: Vec<CredentialOptions>,
    pub(crate) psk: Vec<u8>,
    pub(crate) psk_identity: Vec<u8>,

    // The other side's certificate.
    pub(crate) verify_peer: bool,
    pub(crate) require_any_client_certificate: bool,
    pub(crate) verify_fail: bool,
    pub(crate) use_custom_verify_callback: bool,
    pub(crate) reverify_on_resume: bool,
    pub(crate) use_client_ca_list: Vec<Vec<u8>>,

    // Callbacks.
    pub(crate) use_early_callback: bool,
    pub(crate) fail_early_callback: bool,
    pub(crate) fail_cert_callback: bool,
    pub(crate) use_ocsp_callback: bool,
    pub(crate) set_ocsp_in_callback: bool,
    pub(crate) decline_ocsp_callback: bool,
    pub(crate) fail_ocsp_callback: bool,

    // Sessions and early data.
    pub(crate) no_ticket: bool,
    pub(crate) skip_ticket: bool,
    pub(crate) enable_early_data: bool,
    pub(crate) resumption_delay: u64,

    // What to do once connected.
    pub(crate) implicit_handshake: bool,
    pub(crate) no_op_extra_handshake: bool,
    pub(crate) export_keying_material: usize,
    pub(crate) export_label: Vec<u8>,
    pub(crate) export_context: Vec<u8>,
    pub(crate) use_export_context: bool,
    pub(crate) export_traffic_secrets: bool,
    pub(crate) tls_unique: bool,
    pub(crate) write_different_record_sizes: bool,
    pub(crate) shim_writes_first: bool,
    pub(crate) shim_initial_write: Vec<u8>,
    pub(crate) repeat_shim_initial_write: usize,
    pub(crate) read_with_unfinished_write: bool,
    pub(crate) early_write_after_message: u8,
    pub(crate) read_size: usize,
    pub(crate) peek_then_read: bool,
    pub(crate) key_update: bool,
    pub(crate) key_update_before_read: bool,
    pub(crate) shim_shuts_down: bool,
    pub(crate) check_close_notify: bool,

    // What to find.
    pub(crate) expect_version: Option<u16>,
    pub(crate) expect_cipher: Option<u16>,
    pub(crate) expect_curve_id: Option<u16>,
    pub(crate) expect_peer_signature_algorithm: Option<u16>,
    pub(crate) expect_peer_verify_pref: Vec<u16>,
    pub(crate) expect_server_name: Option<String>,
    pub(crate) expect_no_server_name: bool,
    pub(crate) expect_alpn: Vec<u8>,
    pub(crate) expect_advertised_alpn: Vec<Vec<u8>>,
    pub(crate) expect_ocsp_response: Vec<u8>,
    pub(crate) expect_signed_cert_timestamps: Vec<Vec<u8>>,
    pub(crate) expect_client_ca_list: Vec<Vec<u8>>,
    pub(crate) expect_peer_cert_file: Option<String>,
    pub(crate) expect_no_peer_cert: bool,
    pub(crate) expect_selected_credential: Option<i64>,
    pub(crate) expect_extended_master_secret: bool,
    pub(crate) expect_secure_renegotiation: Option<bool>,
    pub(crate) expect_hrr: Option<bool>,
    pub(crate) expect_total_renegotiations: usize,
    pub(crate) expect_session_miss: bool,
    pub(crate) expect_no_session: bool,
    pub(crate) expect_session_id: bool,
    pub(crate) expect_no_session_id: bool,
    pub(crate) expect_ticket_renewal: bool,
    pub(crate) expect_ticket_supports_early_data: bool,
    pub(crate) expect_accept_early_data: bool,
    pub(crate) expect_reject_early_data: bool,
    pub(crate) expect_no_offer_early_data: bool,
}

/// A credential as the options describe it.
#[derive(Debug, Clone, Default)]
pub(crate) struct CredentialOptions {
    pub(crate) is_psk: bool,
    pub(crate) cert_file: Option<String>,
    pub(crate) key_file: Option<String>,
    pub(crate) signing_prefs: Vec<u16>,
    pub(crate) ocsp_response: Vec<u8>,
    pub(crate) scts: Vec<Vec<u8>>,
    pub(crate) must_match_issuer: bool,
    pub(crate) psk: Vec<u8>,
    pub(crate) psk_identity: Vec<u8>,
    pub(crate) psk_context: Vec<u8>,
    pub(crate) psk_is_sha384: bool,
}

impl Options {
    /// What holds where nothing is said.
    fn new() -> Self {
        Self {
            shim_initial_write: b"hello".to_vec(),
            repeat_shim_initial_write: 1,
            read_size: 512,
            ..Self::default()
        }
    }
}

/// The options of the first connection, of those after it, and of what follows refused early data.
#[derive(Debug, Clone)]
pub(crate) struct AllOptions {
    pub(crate) initial: Options,
    pub(crate) resume: Options,
    pub(crate) retry: Options,
}

/// An option that this program does not have, or a value that it cannot read.
#[derive(Debug)]
pub(crate) struct Unimplemented(pub(crate) String);

impl AllOptions {
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, Unimplemented> {
        let mut arguments: VecDeque<Vec<u8>> = arguments.map(OsStringExt::into_vec).collect();
        let mut all = Self {
            initial: Options::new(),
            resume: Options::new(),
            retry: Options::new(),
        };
        while let Some(argument) = arguments.pop_front() {
            let name = String::from_utf8_lossy(&argument).into_owned();
            let mut name = name.as_str();
            // The other process of a split handshake, which is not supported.
            if let Some(rest) = after_prefix(name, "-on-handshaker") {
                Options::default().apply(rest, &mut arguments)?;
                continue;
            }
            name = after_prefix(name, "-on-shim").unwrap_or(name);
            let targets = if let Some(rest) = after_prefix(name, "-on-initial") {
                name = rest;
                vec![&mut all.initial]
            } else if let Some(rest) = after_prefix(name, "-on-resume") {
                name = rest;
                vec![&mut all.resume]
            } else if let Some(rest) = after_prefix(name, "-on-retry") {
                name = rest;
                vec![&mut all.retry]
            } else {
                vec![&mut all.initial, &mut all.resume, &mut all.retry]
            };
            let mut rest = arguments.clone();
            for target in targets {
                rest.clone_from(&arguments);
                target.apply(name, &mut rest)?;
            }
            arguments = rest;
        }
        Ok(all)
    }
}

/// `-on-resume-verify-fail` is `-verify-fail` of the resumption.
fn after_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    name.strip_prefix(prefix)
        .filter(|rest| rest.starts_with('-'))
}

impl Options {
    fn apply(&mut self, name: &str, values: &mut VecDeque<Vec<u8>>) -> Result<(), Unimplemented> {
        let mut value = || {
            values
                .pop_front()
                .ok_or_else(|| Unimplemented(format!("{name} without a value")))
        };
        match name {
            "-port" => self.port = number(&value()?)?,
            "-ipv6" => self.ipv6 = true,
            "-shim-id" => self.shim_id = number(&value()?)?,
            "-server" => self.server = true,
            "-resume-count" => self.resume_count = number(&value()?)?,
            "-async" => self.asynchronous = true,

            "-min-version" => self.min_version = Some(number(&value()?)?),
            "-max-version" => self.max_version = Some(number(&value()?)?),
            "-no-tls1" => self.no_tls1 = true,
            "-no-tls11" => self.no_tls11 = true,
            "-no-tls12" => self.no_tls12 = true,
            "-no-tls13" => self.no_tls13 = true,
            "-cipher" => self.cipher = Some(text(value()?)?),
            "-curves" => self.curves.push(number(&value()?)?),
            "-key-shares" => {
                let shares = self.key_shares.get_or_insert_default();
                shares.push(number(&value()?)?);
            }
            "-no-key-shares" => self.key_shares = Some(Vec::new()),
            "-server-supported-groups-hint" => {
                self.server_supported_groups_hint.push(number(&value()?)?);
            }
            "-verify-prefs" => self.verify_prefs.push(number(&value()?)?),
            "-fallback-scsv" => self.fallback_scsv = true,
            "-host-name" => self.host_name = Some(text(value()?)?),
            "-advertise-alpn" => self.advertise_alpn = length_prefixed(&value()?)?,
            "-select-alpn" => self.select_alpn = value()?,
            // Without a protocol of its own a server declines.
            "-decline-alpn" => {}
            "-reject-alpn" => self.reject_alpn = true,
            "-enable-ocsp-stapling" => self.enable_ocsp_stapling = true,
            // There is no other here.
            "-server-preference" => {}
            "-enable-signed-cert-timestamps" => self.enable_signed_cert_timestamps = true,
            "-cbc-record-splitting" => self.cbc_record_splitting = true,
            "-partial-write" => self.partial_write = true,
            "-max-send-fragment" => self.max_send_fragment = Some(number(&value()?)?),
            "-renegotiate-freely" => self.renegotiate_freely = true,
            "-no-legacy-server-connect" => self.no_legacy_server_connect = true,

            "-new-x509-credential" => self.credentials.push(CredentialOptions::default()),
            "-new-psk-credential" => self.credentials.push(CredentialOptions {
                is_psk: true,
                ..CredentialOptions::default()
            }),
            "-cert-file" => self.credential().cert_file = Some(text(value()?)?),
            "-key-file" => self.credential().key_file = Some(text(value()?)?),
            "-signing-prefs" => {
                let scheme = number(&value()?)?;
                self.credential().signing_prefs.push(scheme);
            }
            "-ocsp-response" => self.credential().ocsp_response = base64(&value()?)?,
            "-signed-cert-timestamps" => {
                let list = sct_list(&base64(&value()?)?)?;
                self.credential().scts = list;
            }
            "-must-match-issuer" => self.credential().must_match_issuer = true,
            "-psk-importer-key" => self.credential().psk = base64(&value()?)?,
            "-psk-importer-identity" => self.credential().psk_identity = base64(&value()?)?,
            "-psk-importer-context" => self.credential().psk_context = base64(&value()?)?,
            "-psk-importer-sha256" => self.credential().psk_is_sha384 = false,
            "-psk-importer-sha384" => self.credential().psk_is_sha384 = true,
            "-psk" => self.psk = value()?,
            "-psk-identity" => self.psk_identity = value()?,
            // Chains are not judged here: the runner's have names and dates of their own.
            "-trust-cert" => drop(value()?),

            "-verify-peer" => self.verify_peer = true,
            "-require-any-client-certificate" => self.require_any_client_certificate = true,
            "-verify-fail" => self.verify_fail = true,
            "-reverify-on-resume" => self.reverify_on_resume = true,
            "-use-custom-verify-callback" => self.use_custom_verify_callback = true,
            // A verifier's answer is the result; there is none that is kept and not obeyed.
            "-expect-verify-result" => {}
            "-use-client-ca-list" => self.use_client_ca_list = names(&value()?)?,

            "-use-early-callback" => self.use_early_callback = true,
            "-fail-early-callback" => self.fail_early_callback = true,
            "-fail-cert-callback" => self.fail_cert_callback = true,
            // Both are the choice of a credential here.
            "-use-old-client-cert-callback" => {}
            "-use-ocsp-callback" => self.use_ocsp_callback = true,
            "-set-ocsp-in-callback" => self.set_ocsp_in_callback = true,
            "-decline-ocsp-callback" => self.decline_ocsp_callback = true,
            "-fail-ocsp-callback" => self.fail_ocsp_callback = true,

            "-no-ticket" => self.no_ticket = true,
            // Ticket keys always come from the application.
            "-use-ticket-callback" | "-use-ticket-aead-callback" => {}
            "-skip-ticket" => self.skip_ticket = true,
            // A resumed session is always followed by a new ticket here.
            "-renew-ticket" => {}
            "-enable-early-data" => self.enable_early_data = true,
            "-resumption-delay" => self.resumption_delay = number(&value()?)?,

            "-implicit-handshake" => self.implicit_handshake = true,
            "-no-op-extra-handshake" | "-handshake-twice" => self.no_op_extra_handshake = true,
            "-export-keying-material" => self.export_keying_material = number(&value()?)?,
            "-export-label" => self.export_label = value()?,
            "-export-context" => self.export_context = value()?,
            "-use-export-context" => self.use_export_context = true,
            "-export-traffic-secrets" => self.export_traffic_secrets = true,
            "-tls-unique" => self.tls_unique = true,
            "-write-different-record-sizes" => self.write_different_record_sizes = true,
            "-shim-writes-first" => self.shim_writes_first = true,
            "-shim-initial-write" => self.shim_initial_write = value()?,
            "-repeat-shim-initial-write" => self.repeat_shim_initial_write = number(&value()?)?,
            "-read-with-unfinished-write" => self.read_with_unfinished_write = true,
            "-early-write-after-message" => self.early_write_after_message = number(&value()?)?,
            "-read-size" => self.read_size = number(&value()?)?,
            "-peek-then-read" => self.peek_then_read = true,
            "-key-update" => self.key_update = true,
            "-key-update-before-read" => self.key_update_before_read = true,
            "-shim-shuts-down" => self.shim_shuts_down = true,
            "-check-close-notify" => self.check_close_notify = true,

            "-expect-version" => self.expect_version = Some(number(&value()?)?),
            "-expect-cipher" => self.expect_cipher = Some(number(&value()?)?),
            // AWS-LC has fast AES wherever these tests run.
            "-expect-cipher-aes" => self.expect_cipher = Some(number(&value()?)?),
            "-expect-cipher-no-aes" => drop(value()?),
            "-expect-curve-id" => self.expect_curve_id = Some(number(&value()?)?),
            "-expect-peer-signature-algorithm" => {
                self.expect_peer_signature_algorithm = Some(number(&value()?)?);
            }
            "-expect-peer-verify-pref" => self.expect_peer_verify_pref.push(number(&value()?)?),
            "-expect-server-name" => self.expect_server_name = Some(text(value()?)?),
            "-expect-no-server-name" => self.expect_no_server_name = true,
            "-expect-alpn" => self.expect_alpn = value()?,
            "-expect-advertised-alpn" => self.expect_advertised_alpn = length_prefixed(&value()?)?,
            "-expect-ocsp-response" => self.expect_ocsp_response = base64(&value()?)?,
            "-expect-signed-cert-timestamps" => {
                self.expect_signed_cert_timestamps = sct_list(&base64(&value()?)?)?;
            }
            "-expect-client-ca-list" => self.expect_client_ca_list = names(&value()?)?,
            "-expect-peer-cert-file" => self.expect_peer_cert_file = Some(text(value()?)?),
            "-expect-no-peer-cert" => self.expect_no_peer_cert = true,
            "-expect-selected-credential" => {
                self.expect_selected_credential = Some(number(&value()?)?);
            }
            "-expect-extended-master-secret" => self.expect_extended_master_secret = true,
            "-expect-secure-renegotiation" => self.expect_secure_renegotiation = Some(true),
            "-expect-no-secure-renegotiation" => self.expect_secure_renegotiation = Some(false),
            "-expect-total-renegotiations" => {
                self.expect_total_renegotiations = number(&value()?)?;
            }
            "-expect-hrr" => self.expect_hrr = Some(true),
            "-expect-no-hrr" => self.expect_hrr = Some(false),
            "-expect-session-miss" => self.expect_session_miss = true,
            "-expect-no-session" => self.expect_no_session = true,
            "-expect-session-id" => self.expect_session_id = true,
            "-expect-no-session-id" => self.expect_no_session_id = true,
            "-expect-ticket-renewal" => self.expect_ticket_renewal = true,
            "-expect-ticket-supports-early-data" => self.expect_ticket_supports_early_data = true,
            "-expect-accept-early-data" => self.expect_accept_early_data = true,
            "-expect-reject-early-data" => self.expect_reject_early_data = true,
            "-expect-no-offer-early-data" => self.expect_no_offer_early_data = true,
            // Reasons are words for a log here.
            "-expect-early-data-reason" => drop(value()?),
            _ => return Err(Unimplemented(format!("option {name}"))),
        }
        Ok(())
    }

    /// What the options of a credential apply to: the default one until another is begun.
    fn credential(&mut self) -> &mut CredentialOptions {
        match self.credentials.last_mut() {
            Some(last) => last,
            None => &mut self.default_credential,
        }
    }
}

fn number<T: std::str::FromStr>(value: &[u8]) -> Result<T, Unimplemented> {
    let text = String::from_utf8_lossy(value);
    text.parse()
        .map_err(|_| Unimplemented(format!("number {text}")))
}

fn text(value: Vec<u8>) -> Result<String, Unimplemented> {
    String::from_utf8(value).map_err(|_| Unimplemented("value that is not UTF-8".to_owned()))
}

fn base64(value: &[u8]) -> Result<Vec<u8>, Unimplemented> {
    let text = String::from_utf8_lossy(value);
    Base64::decode_vec(&text).map_err(|_| Unimplemented(format!("base64 {text}")))
}

/// Names of one length byte each, as in ALPN.
fn length_prefixed(mut value: &[u8]) -> Result<Vec<Vec<u8>>, Unimplemented> {
    let mut list = Vec::new();
    while let Some((len, rest)) = value.split_first() {
        let Some((name, rest)) = rest.split_at_checked(usize::from(*len)) else {
            return Err(Unimplemented("list of names that is cut off".to_owned()));
        };
        list.push(name.to_vec());
        value = rest;
    }
    Ok(list)
}

/// The entries of a SignedCertificateTimestampList, RFC 6962 Section 3.3.
fn sct_list(list: &[u8]) -> Result<Vec<Vec<u8>>, Unimplemented> {
    let bad = || Unimplemented("SCT list that is malformed".to_owned());
    let mut entries = Vec::new();
    let mut rest = list.get(2..).ok_or_else(bad)?;
    while !rest.is_empty() {
        let (len, after) = rest.split_first_chunk::<2>().ok_or_else(bad)?;
        let len = usize::from(u16::from_be_bytes(*len));
        let (entry, after) = after.split_at_checked(len).ok_or_else(bad)?;
        entries.push(entry.to_vec());
        rest = after;
    }
    Ok(entries)
}

/// Distinguished names in hexadecimal, with commas between; `<NULL>` and `<EMPTY>` are none.
fn names(value: &[u8]) -> Result<Vec<Vec<u8>>, Unimplemented> {
    let text = String::from_utf8_lossy(value);
    if text.is_empty() || text.starts_with('<') {
        return Ok(Vec::new());
    }
    text.split(',').map(hexadecimal).collect()
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, Unimplemented> {
    let bad = || Unimplemented(format!("hexadecimal {text}"));
    if !text.len().is_multiple_of(2) {
        return Err(bad());
    }
    (0..text.len() / 2)
        .map(|index| {
            let digits = text.get(2 * index..2 * index + 2).ok_or_else(bad)?;
            u8::from_str_radix(digits, 16).map_err(|_| bad())
        })
        .collect()
}
