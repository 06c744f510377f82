//! What programs are told while a handshake runs: secrets, messages, records, states.
//!
//! The protocol tells of them while a connection is borrowed, and C callbacks may use the connection. So they are noted in the
//! thread and told of once the connection is free again: every use of it ends with [`deliver`].

use core::cell::{Cell, RefCell};
use core::ffi::{c_char, c_int, c_uchar, c_void};
use std::sync::Arc;

use warifu::config::KeyLog;
use warifu::parameters::ContentType;
use warifu::{Direction, LoggedMessage, MessageLog};
use zeroize::{Zeroize, Zeroizing};

use crate::ca_names::NameStack;
use crate::context::Context;
use crate::handle::UserData;
use crate::method::Role;
use crate::news;
use crate::ssl::Ssl;
use crate::ssl::outcome::Stop;
use crate::state::{self, HandshakeState};

/// `SSL_CTX_set_keylog_callback`
pub type KeyLogCallback = unsafe extern "C" fn(*const Ssl, *const c_char);
/// `Tls13SecretCb`: connection, which secret, its bytes and their number, the context that was set.
pub type SecretCallback =
    unsafe extern "C" fn(*mut Ssl, c_int, *const c_uchar, c_int, *mut c_void) -> c_int;
/// `SSL_CTX_set_msg_callback`
pub type MessageCallback =
    unsafe extern "C" fn(c_int, c_int, c_int, *const c_void, usize, *mut Ssl, *mut c_void);
/// `SSL_CTX_set_info_callback`
pub type InfoCallback = unsafe extern "C" fn(*const Ssl, c_int, c_int);

/// `SSL3_RT_HEADER`: stands for the header of a record among content types.
const HEADER: c_int = 0x100;
/// `SSL3_RT_INNER_CONTENT_TYPE`: stands for the type inside of a protected record.
const INNER_CONTENT_TYPE: c_int = 0x101;

/// `SSL_CB_…`
const LOOP: c_int = 0x01;
const EXIT: c_int = 0x02;
const READ_ALERT: c_int = 0x4004;
const WRITE_ALERT: c_int = 0x4008;
const HANDSHAKE_START: c_int = 0x10;
const HANDSHAKE_DONE: c_int = 0x20;
/// `SSL_ST_…`
const CONNECT: c_int = 0x1000;
const ACCEPT: c_int = 0x2000;

/// The callbacks of a context, and of a connection. The latter are no settings: the protocol's configuration does not depend on them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Listeners {
    /// Of contexts alone.
    pub(crate) key_log: Option<KeyLogCallback>,
    /// `wolfSSL_set_tls13_secret_cb`, of a connection.
    pub(crate) secret: Option<(SecretCallback, UserData)>,
    pub(crate) message: Option<MessageCallback>,
    pub(crate) message_argument: UserData,
    pub(crate) info: Option<InfoCallback>,
}

impl Listeners {
    /// What the protocol is to tell of secrets.
    pub(crate) fn key_log(&self) -> Option<Arc<dyn KeyLog>> {
        (self.key_log.is_some() || self.secret.is_some())
            .then(|| Arc::new(Secrets) as Arc<dyn KeyLog>)
    }

    /// What the protocol is to tell of messages.
    pub(crate) fn message_log(&self) -> Option<Arc<dyn MessageLog>> {
        if self.message.is_none() && self.info.is_none() {
            return None;
        }
        Some(Arc::new(Messages {
            records: self.message.is_some(),
        }))
    }
}

/// Something to tell.
pub(crate) enum Note {
    /// A line of the key log.
    Secret(Zeroizing<String>),
    Message {
        direction: Direction,
        content_type: u8,
        content: Vec<u8>,
    },
    Record {
        direction: Direction,
        header: [u8; 5],
        inner_type: Option<u8>,
    },
    /// The CAs that the peer named.
    Authorities(Vec<Vec<u8>>),
}

thread_local! {
    /// Of the connection that is used in this thread, and not told yet.
    static NOTES: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn push(note: Note) {
    // At the end of a thread there is no place for it.
    let _ = NOTES.try_with(|notes| notes.borrow_mut().push(note));
    news::mark();
}

#[derive(Debug)]
struct Secrets;

impl KeyLog for Secrets {
    fn log(&self, label: &str, client_random: &[u8; 32], secret: &[u8]) {
        push(Note::Secret(line(label, client_random, secret)));
    }
}

/// RFC 9850 Section 2, without the end of the line.
fn line(label: &str, client_random: &[u8; 32], secret: &[u8]) -> Zeroizing<String> {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    // It never grows: growing would leave a copy behind. The NUL comes later.
    let len = label.len() + 2 * (client_random.len() + secret.len()) + 3;
    let mut line = Zeroizing::new(String::with_capacity(len));
    line.push_str(label);
    for field in [client_random.as_slice(), secret] {
        line.push(' ');
        for byte in field {
            line.push(digit(byte >> 4));
            line.push(digit(byte & 15));
        }
    }
    line
}

/// wolfSSL's number for the secret of TLS 1.3 in a line (`enum Tls13Secret`), and the secret; `None` for others.
fn secret_of(line: &str) -> Option<(c_int, Zeroizing<Vec<u8>>)> {
    const LABELS: [&str; 7] = [
        "CLIENT_EARLY_TRAFFIC_SECRET",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EARLY_EXPORTER_SECRET",
        "EXPORTER_SECRET",
    ];
    let mut fields = line.split(' ');
    let label = fields.next()?;
    let number = LABELS.iter().position(|its| *its == label)?;
    let digits = fields.nth(1)?.as_bytes();
    // It never grows, as in `line`.
    let mut secret = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.chunks_exact(2) {
        let text = core::str::from_utf8(pair).ok()?;
        secret.push(u8::from_str_radix(text, 16).ok()?);
    }
    Some((c_int::try_from(number).ok()?, secret))
}

#[derive(Debug)]
struct Messages {
    /// Headers of records are wanted.
    records: bool,
}

impl MessageLog for Messages {
    fn message(&self, _: Direction, _: LoggedMessage) {}

    fn content(&self, direction: Direction, content_type: ContentType, content: &[u8]) {
        push(Note::Message {
            direction,
            content_type: content_type.0,
            content: content.to_vec(),
        });
    }

    fn record(&self, direction: Direction, header: &[u8; 5], inner_type: Option<ContentType>) {
        if self.records {
            push(Note::Record {
                direction,
                header: *header,
                inner_type: inner_type.map(|inner_type| inner_type.0),
            });
        }
    }
}

/// Tells of what was noted while this connection was used. Nothing of it may be borrowed.
pub(crate) fn deliver(ssl: &Ssl) {
    let notes = NOTES.try_with(RefCell::take).unwrap_or_default();
    if !notes.is_empty() {
        ssl.deliver(notes);
    }
}

impl Ssl {
    /// What is told of a handshake belongs to it, though it may be over when it is told.
    #[cold]
    fn deliver(&self, notes: Vec<Note>) {
        let telling = self.noted.telling.replace(self.noted.open.get());
        self.deliver_each(notes);
        self.noted.telling.set(telling);
    }

    fn deliver_each(&self, notes: Vec<Note>) {
        for note in notes {
            match note {
                Note::Secret(line) => self.tell_secret(line),
                Note::Message {
                    direction,
                    content_type,
                    mut content,
                } => {
                    self.tell_message(direction, content_type, &content);
                    // Tickets are secret.
                    content.zeroize();
                }
                Note::Record {
                    direction,
                    header,
                    inner_type,
                } => {
                    self.call_listener(direction, 0, HEADER, &header);
                    if let Some(inner_type) = inner_type {
                        let version = self.noted.version(self);
                        self.call_listener(direction, version, INNER_CONTENT_TYPE, &[inner_type]);
                    }
                }
                Note::Authorities(names) => {
                    if let Some(stack) = NameStack::of_der(&names) {
                        self.hello.set_peer_authorities(Arc::new(stack));
                    }
                }
            }
        }
    }

    fn tell_secret(&self, mut line: Zeroizing<String>) {
        if let Some((callback, argument)) = self.settings().listeners.secret
            && let Some((number, secret)) = secret_of(&line)
        {
            let len = c_int::try_from(secret.len()).unwrap_or(0);
            // SAFETY: the callback that the program set, with its argument; there are so many bytes, and nothing is borrowed.
            unsafe { callback(self.handle(), number, secret.as_ptr(), len, argument.0) };
        }
        // Set on the context; a connection has none of its own.
        let Some(callback) = self.settings().listeners.key_log else {
            return;
        };
        line.push('\0');
        // SAFETY: the callback that the program set; the text ends with NUL, and nothing is borrowed meanwhile.
        unsafe { callback(self.handle(), line.as_ptr().cast()) };
    }

    fn tell_message(&self, direction: Direction, content_type: u8, content: &[u8]) {
        let received = direction == Direction::Received;
        // Of a ServerHello that is sent the version is that of the connection, as of all that comes after.
        if content_type == ContentType::HANDSHAKE.0 && !received {
            self.noted.learn_version(content);
        }
        let version = self.noted.version(self);
        self.call_listener(direction, version, content_type.into(), content);
        match (ContentType(content_type), content) {
            (ContentType::HANDSHAKE, _) => {
                if received {
                    self.noted.learn_version(content);
                }
                self.pass(HandshakeState::of_message(self.role(), received, content));
            }
            (ContentType::CHANGE_CIPHER_SPEC, _) => {
                self.pass(HandshakeState::of_change_cipher_spec(self.role(), received));
            }
            (ContentType::ALERT, &[level, description]) => {
                let place = if received { READ_ALERT } else { WRITE_ALERT };
                self.inform(place, c_int::from(level) << 8 | c_int::from(description));
            }
            _ => {}
        }
    }

    /// A step of the handshake is done.
    fn pass(&self, state: Option<HandshakeState>) {
        let Some(state) = state else {
            return;
        };
        self.noted.state.set(Some(state));
        self.inform(self.role_bits() | LOOP, 1);
        if !self.noted.open.get() {
            self.noted.state.set(None);
        }
    }

    fn call_listener(
        &self,
        direction: Direction,
        version: c_int,
        content_type: c_int,
        content: &[u8],
    ) {
        let listeners = self.noted.listeners.get();
        let Some(callback) = listeners.message else {
            return;
        };
        let sent = c_int::from(direction == Direction::Sent);
        let (bytes, len) = (content.as_ptr().cast(), content.len());
        let argument = listeners.message_argument.0;
        // SAFETY: the callback that the program set, with its argument; the bytes have that length, and nothing is borrowed meanwhile.
        unsafe {
            callback(
                sent,
                version,
                content_type,
                bytes,
                len,
                self.handle(),
                argument,
            )
        };
    }

    fn inform(&self, place: c_int, value: c_int) {
        if let Some(callback) = self.info_callback() {
            // SAFETY: the callback that the program set; nothing is borrowed meanwhile.
            unsafe { callback(self.handle(), place, value) };
        }
    }

    /// Whether the handshake is not complete, or a callback is being told of its last steps.
    pub(crate) fn is_in_handshake(&self) -> bool {
        !self.is_established() || self.noted.telling.get()
    }

    /// The connection's own, else its context's.
    fn info_callback(&self) -> Option<InfoCallback> {
        let own = self.noted.listeners.get().info;
        own.or_else(|| self.look_at_context(Context::info_callback))
    }

    /// Changes the callbacks of this connection, at any time.
    pub(crate) fn change_listeners(&self, change: impl FnOnce(&mut Listeners)) {
        let mut listeners = self.noted.listeners.get();
        change(&mut listeners);
        self.noted.listeners.set(listeners);
        self.attach_log();
    }

    /// Has the protocol tell of messages, if anybody wants to hear of them. From within a transport of the application's it is too
    /// late for those of the call under way.
    pub(crate) fn attach_log(&self) {
        let listeners = Listeners {
            info: self.info_callback(),
            ..self.noted.listeners.get()
        };
        let log = listeners.message_log();
        if log.is_some() || self.noted.has_log.get() {
            self.noted.has_log.set(log.is_some());
            // Without a connection there is nothing to be told of yet.
            let _ = self.with(|connection| {
                connection.set_message_log(log);
                Ok(())
            });
        }
    }

    fn role_bits(&self) -> c_int {
        match self.role() {
            Some(Role::Server) => ACCEPT,
            _ => CONNECT,
        }
    }

    /// A handshake begins.
    pub(crate) fn tell_start(&self) {
        self.noted.open.set(true);
        self.inform(HANDSHAKE_START, 1);
        self.inform(self.role_bits() | LOOP, 1);
    }

    /// A call that ran the handshake ends.
    pub(crate) fn tell_end(&self, result: &Result<(), Stop>) {
        if !self.noted.open.get() {
            return;
        }
        let value = match result {
            Ok(()) => {
                self.noted.open.set(false);
                self.noted.state.set(None);
                self.inform(HANDSHAKE_DONE, 1);
                1
            }
            Err(_) => -1,
        };
        self.inform(self.role_bits() | EXIT, value);
    }
}

/// What a connection remembers of its messages.
#[derive(Default)]
pub(crate) struct Noted {
    /// The last step of the handshake, if a callback is told of steps.
    pub(crate) state: Cell<Option<HandshakeState>>,
    version: Cell<Option<u16>>,
    /// A handshake has begun whose end was not told of.
    open: Cell<bool>,
    /// A callback is being told of that handshake.
    telling: Cell<bool>,
    /// The connection's own callbacks. They stay when it is cleared.
    pub(crate) listeners: Cell<Listeners>,
    /// The protocol tells of messages.
    has_log: Cell<bool>,
}

impl Noted {
    /// For a connection with these settings. The info callback is looked up when it is called.
    pub(crate) fn new(of_context: Listeners) -> Self {
        let listeners = Cell::new(Listeners {
            info: None,
            ..of_context
        });
        Self {
            listeners,
            ..Self::default()
        }
    }

    pub(crate) fn reset(&self) {
        self.state.set(None);
        self.version.set(None);
        self.open.set(false);
        self.telling.set(false);
        self.has_log.set(false);
    }

    /// The number that goes with messages: that of the connection, before it is known the highest that is allowed.
    fn version(&self, ssl: &Ssl) -> c_int {
        let highest = || {
            ssl.settings()
                .versions()
                .map_or(0, |versions| versions.end().0)
        };
        self.version.get().unwrap_or_else(highest).into()
    }

    fn learn_version(&self, message: &[u8]) {
        if let Some(version) = state::version_of_server_hello(message) {
            self.version.set(Some(version));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_key_log_fit_their_memory() {
        let made = line("CLIENT_RANDOM", &[0xab; 32], &[0, 0x1f]);
        assert_eq!(*made, format!("CLIENT_RANDOM {} 001f", "ab".repeat(32)));
        assert!(made.len() < made.capacity());
    }
}
