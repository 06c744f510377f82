//! BIOs: what bytes are read from and written to.
//!
//! A [`Bio`] has the state that every kind has (flags, counters, its place in a chain), and a [`Medium`](method::Medium) that is its
//! kind. Filters find what is behind them by [`Bio::next`]. A chain owns its BIOs: `BIO_push` moves the program's reference of what
//! is pushed into the chain, `BIO_pop` moves it out again, so that dropping the first is `BIO_free_all`.

use core::cell::{Cell, RefCell};
use core::ffi::{CStr, c_char, c_int, c_long, c_void};
use core::ptr;
use std::sync::{Arc, Weak};

use crate::error_queue;
use crate::ex_data::{Class, ExData};
use crate::fault::Fault;
use crate::reason::{self, Library};
use crate::ssl::outcome::Want;

pub(crate) mod accept;
pub(crate) mod address;
pub(crate) mod base64;
pub(crate) mod buffer;
pub(crate) mod callbacks;
mod chain;
pub(crate) mod command;
pub(crate) mod connect;
mod custom;
pub(crate) mod descriptor;
pub(crate) mod dump;
pub(crate) mod endpoint;
pub(crate) mod file;
pub(crate) mod memory;
pub(crate) mod method;
pub(crate) mod null;
pub(crate) mod observer;
pub(crate) mod pair;
pub(crate) mod socket;
pub(crate) mod tls;

use command::{FLAG_READ, FLAG_SHOULD_RETRY, FLAG_SPECIAL, FLAG_WRITE, FLAGS_RETRY};
use method::{InfoCallback, Medium, Method};
use observer::Observer;

/// What became of a reading or writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// So many bytes went.
    Done(usize),
    /// The end of what there is to read, or nothing took the bytes.
    Eof,
    /// Not now; the flags of the BIO say what to wait for.
    Retry,
    /// Failed; the reason is on the error queue, unless the BIO is a program's own.
    Failed,
}

impl Transfer {
    /// As the functions of C return it.
    pub(crate) fn code(self) -> c_int {
        match self {
            Self::Done(count) => c_int::try_from(count).unwrap_or(c_int::MAX),
            Self::Eof => 0,
            Self::Retry | Self::Failed => -1,
        }
    }
}

/// A failure of a BIO, for the error queue.
pub(crate) fn fault(reason: c_int, detail: impl Into<String>) -> Fault {
    Fault::Raised {
        library: Library::Bio,
        reason,
        detail: Some(detail.into()),
    }
}

/// Puts a failure onto the error queue.
fn fail(reason: c_int, detail: impl Into<String>) -> Transfer {
    error_queue::raise(&fault(reason, detail));
    Transfer::Failed
}

/// A BIO.
///
/// The order is that in memory: what each transfer uses comes first, in few lines of the processor's cache.
#[repr(C)]
pub struct Bio {
    /// `medium` is a socket of this library's own. Each record of each connection goes through here, right behind a system call that
    /// has emptied the processor's caches and predictions: what is known here need not be asked there.
    is_socket: bool,
    flags: Cell<c_int>,
    /// The descriptor, in those that have one.
    number: Cell<c_int>,
    init: Cell<c_int>,
    observer: Cell<Observer>,
    next: RefCell<Option<Arc<Bio>>>,
    bytes_read: Cell<u64>,
    bytes_written: Cell<u64>,
    method: Arc<Method>,
    medium: Box<dyn Medium>,
    /// Itself: its address is the pointer by which C knows it.
    me: Weak<Bio>,
    retry_reason: Cell<c_int>,
    /// Whether its end closes what is behind it (`BIO_CLOSE`).
    shutdown: Cell<c_int>,
    /// A program's pointer, in a method of its own.
    data: Cell<*mut c_void>,
    previous: RefCell<Weak<Bio>>,
    /// Whether the end of this one leaves the rest of the chain to the program (`BIO_free`).
    leaves_next: Cell<bool>,
    callback_argument: Cell<*mut c_char>,
    ex_data: ExData,
}

impl Bio {
    /// A BIO of a kind.
    ///
    /// # Errors
    /// The method's function for new ones failed.
    pub(crate) fn new(method: &Arc<Method>) -> Result<Arc<Self>, Fault> {
        Self::with_medium(method, method.make())
    }

    /// A BIO of a kind, with this behind it.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub(crate) fn with_medium(
        method: &Arc<Method>,
        medium: Box<dyn Medium>,
    ) -> Result<Arc<Self>, Fault> {
        let is_socket = method.is_builtin() && medium.is_socket();
        let bio = Arc::new_cyclic(|weak: &Weak<Bio>| Self {
            method: Arc::clone(method),
            medium,
            is_socket,
            me: weak.clone(),
            flags: Cell::new(0),
            retry_reason: Cell::new(0),
            init: Cell::new(0),
            shutdown: Cell::new(command::CLOSE),
            number: Cell::new(-1),
            data: Cell::new(ptr::null_mut()),
            bytes_read: Cell::new(0),
            bytes_written: Cell::new(0),
            next: RefCell::new(None),
            previous: RefCell::new(Weak::new()),
            leaves_next: Cell::new(false),
            observer: Cell::new(Observer::None),
            callback_argument: Cell::new(ptr::null_mut()),
            ex_data: ExData::new(),
        });
        // SAFETY: the handle is the pointer by which C knows a BIO.
        unsafe { bio.ex_data.created(Class::Bio, bio.handle().cast()) };
        if !bio.medium.create(&bio) {
            return Err(fault(
                reason::ERR_R_INIT_FAIL,
                "the method's create function failed",
            ));
        }
        Ok(bio)
    }

    /// A BIO for a connected socket, as `SSL_set_fd` makes it. `close`: whether its end closes the socket.
    ///
    /// # Errors
    /// None happen in practice.
    pub(crate) fn socket(fd: c_int, close: bool) -> Result<Arc<Self>, Fault> {
        let bio = Self::new(socket::method())?;
        bio.number.set(fd);
        bio.shutdown.set(c_int::from(close));
        bio.init.set(1);
        Ok(bio)
    }

    /// The pointer by which C knows it.
    pub(crate) fn handle(&self) -> *mut Bio {
        self.me.as_ptr().cast_mut()
    }

    pub(crate) fn method(&self) -> &Arc<Method> {
        &self.method
    }

    /// What is behind it.
    pub(crate) fn medium(&self) -> &dyn Medium {
        &*self.medium
    }

    /// `BIO_TYPE_…`
    pub(crate) fn kind(&self) -> c_int {
        self.method.kind()
    }

    pub(crate) fn ex_data(&self) -> &ExData {
        &self.ex_data
    }

    /// Reads at most `out.len()` bytes.
    #[inline(always)]
    pub(crate) fn read(&self, out: &mut [u8]) -> Transfer {
        if self.observer.get().is_some() {
            return self.observed_read(out);
        }
        self.plain_read(out)
    }

    #[inline(always)]
    fn plain_read(&self, out: &mut [u8]) -> Transfer {
        if self.init.get() == 0 {
            return uninitialized();
        }
        let done = match self.is_socket {
            true => socket::receive(self, out),
            false => self.medium.read(self, out),
        };
        if let Transfer::Done(count) = done {
            self.bytes_read
                .set(self.bytes_read.get().wrapping_add(count as u64));
        }
        done
    }

    /// Writes as many of the bytes as go.
    #[inline(always)]
    pub(crate) fn write(&self, data: &[u8]) -> Transfer {
        if self.observer.get().is_some() {
            return self.observed_write(data);
        }
        self.plain_write(data)
    }

    #[inline(always)]
    fn plain_write(&self, data: &[u8]) -> Transfer {
        if self.init.get() == 0 {
            return uninitialized();
        }
        let done = match self.is_socket {
            true => socket::send(self, data),
            false => self.medium.write(self, data),
        };
        if let Transfer::Done(count) = done {
            self.bytes_written
                .set(self.bytes_written.get().wrapping_add(count as u64));
        }
        done
    }

    /// Reads a line with its end, of less than `out.len()` bytes: the caller puts a NUL behind. `None`: this kind has no lines.
    pub(crate) fn gets(&self, out: &mut [u8]) -> Option<Transfer> {
        if self.observer.get().is_some() {
            return self.observed_gets(out);
        }
        self.plain_gets(out)
    }

    /// Lines are not counted in `bytes_read`, as OpenSSL does not count them.
    fn plain_gets(&self, out: &mut [u8]) -> Option<Transfer> {
        if self.init.get() == 0 {
            return Some(uninitialized());
        }
        self.medium.gets(self, out)
    }

    /// Writes a string. `None`: this kind takes none.
    pub(crate) fn puts(&self, text: &CStr) -> Option<Transfer> {
        if self.observer.get().is_some() {
            return self.observed_puts(text);
        }
        self.plain_puts(text)
    }

    fn plain_puts(&self, text: &CStr) -> Option<Transfer> {
        if self.init.get() == 0 {
            return Some(uninitialized());
        }
        let done = self.medium.puts(self, text);
        if let Some(Transfer::Done(count)) = done {
            self.bytes_written
                .set(self.bytes_written.get().wrapping_add(count as u64));
        }
        done
    }

    /// Carries a command of `BIO_ctrl` out.
    ///
    /// # Safety
    /// `pointer` is null or what the command takes.
    pub(crate) unsafe fn control(
        &self,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        if self.observer.get().is_some() {
            // SAFETY: the caller's promise.
            return unsafe { self.observed_control(command, number, pointer) };
        }
        // SAFETY: the caller's promise.
        unsafe { self.medium.control(self, command, number, pointer) }
    }

    /// Carries a command out that takes no pointer.
    pub(crate) fn ask(&self, command: c_int) -> c_long {
        // SAFETY: null.
        unsafe { self.control(command, 0, ptr::null_mut()) }
    }

    /// Carries a command of `BIO_callback_ctrl` out.
    pub(crate) fn callback_control(
        &self,
        command: c_int,
        callback: Option<InfoCallback>,
    ) -> c_long {
        self.medium.callback_control(self, command, callback)
    }

    /// Sends what is buffered on its way.
    pub(crate) fn flush(&self) -> Transfer {
        let is_plain_socket = self.is_socket && !self.observer.get().is_some();
        if is_plain_socket || self.method.undemanding() {
            return Transfer::Done(0);
        }
        if self.ask(command::CTRL_FLUSH) > 0 {
            Transfer::Done(0)
        } else if self.should_retry() {
            Transfer::Retry
        } else {
            Transfer::Failed
        }
    }

    /// The bytes that are there to read without waiting.
    pub(crate) fn pending(&self) -> usize {
        usize::try_from(self.ask(command::CTRL_PENDING)).unwrap_or(0)
    }

    /// The descriptor of the first BIO in the chain that has one.
    pub(crate) fn fd(&self) -> Option<c_int> {
        let described = |bio: &Bio| {
            let fd = bio.ask(command::GET_FD);
            c_int::try_from(fd).ok().filter(|fd| *fd >= 0)
        };
        if self.kind() & command::TYPE_DESCRIPTOR != 0 {
            return described(self);
        }
        let found = self.next()?.find(command::TYPE_DESCRIPTOR)?;
        described(&found)
    }
}

/// What a connection wants to know of its transport.
impl Bio {
    /// Whether a transfer may run C code, or that of another connection: not where the bytes go straight to the system or to memory.
    pub(crate) fn runs_foreign_code(&self) -> bool {
        let is_foreign = || !self.method.is_builtin() || self.medium.runs_foreign_code();
        self.observer.get().is_some()
            || self.next.borrow().is_some()
            || (!self.is_socket && is_foreign())
    }

    /// Whether it is a socket, which gives what has come, however much is asked for. Others may wait until there is as much (a `FILE`), or
    /// tell a program to wait for it (`BIO_ctrl_get_read_request`).
    #[inline(always)]
    pub(crate) fn is_socket(&self) -> bool {
        self.is_socket
    }

    /// What to wait for after [`Transfer::Retry`]; `usual` where the BIO does not say.
    pub(crate) fn want(&self, usual: Want) -> Want {
        match self.flags() & command::FLAGS_RWS {
            FLAG_READ => Want::Read,
            FLAG_WRITE => Want::Write,
            FLAG_SPECIAL => match self.retry_reason() {
                command::RR_CONNECT => Want::Connect,
                command::RR_ACCEPT => Want::Accept,
                _ => usual,
            },
            _ => usual,
        }
    }
}

fn uninitialized() -> Transfer {
    fail(
        reason::BIO_R_UNINITIALIZED,
        "the BIO is not ready: nothing is behind it",
    )
}

/// Flags, and the other fields that programs set.
impl Bio {
    pub(crate) fn flags(&self) -> c_int {
        self.flags.get()
    }

    pub(crate) fn set_flags(&self, flags: c_int) {
        self.flags.set(self.flags.get() | flags);
    }

    pub(crate) fn clear_flags(&self, flags: c_int) {
        self.flags.set(self.flags.get() & !flags);
    }

    /// Whether the last call failed only because it was not the time.
    pub(crate) fn should_retry(&self) -> bool {
        self.flags.get() & FLAG_SHOULD_RETRY != 0
    }

    pub(crate) fn should_read(&self) -> bool {
        self.flags.get() & FLAG_READ != 0
    }

    #[cfg(test)]
    pub(crate) fn should_write(&self) -> bool {
        self.flags.get() & FLAG_WRITE != 0
    }

    pub(crate) fn clear_retry(&self) {
        self.clear_flags(FLAGS_RETRY);
    }

    /// Says that reading goes later.
    pub(crate) fn retry_read(&self) -> Transfer {
        self.set_flags(FLAG_READ | FLAG_SHOULD_RETRY);
        Transfer::Retry
    }

    /// Says that writing goes later.
    pub(crate) fn retry_write(&self) -> Transfer {
        self.set_flags(FLAG_WRITE | FLAG_SHOULD_RETRY);
        Transfer::Retry
    }

    /// Says that something other than reading or writing is waited for.
    pub(crate) fn retry_special(&self, reason: c_int) -> Transfer {
        self.set_flags(FLAG_SPECIAL | FLAG_SHOULD_RETRY);
        self.retry_reason.set(reason);
        Transfer::Retry
    }

    /// Takes the retry flags and reason of the next BIO over.
    pub(crate) fn copy_next_retry(&self) {
        if let Some(next) = self.next() {
            self.set_flags(next.flags() & FLAGS_RETRY);
            self.retry_reason.set(next.retry_reason.get());
        }
    }

    /// The last BIO of the chain that something special is waited for in, from here on.
    pub(crate) fn retry_source(&self) -> *mut Bio {
        let mut source = self.handle();
        let mut retries = self.should_retry();
        let mut following = self.next();
        while let Some(bio) = following.filter(|_| retries) {
            retries = bio.should_retry();
            if retries {
                source = bio.handle();
            }
            following = bio.next();
        }
        source
    }

    pub(crate) fn retry_reason(&self) -> c_int {
        self.retry_reason.get()
    }

    pub(crate) fn set_retry_reason(&self, reason: c_int) {
        self.retry_reason.set(reason);
    }

    pub(crate) fn init(&self) -> c_int {
        self.init.get()
    }

    pub(crate) fn set_init(&self, init: c_int) {
        self.init.set(init);
    }

    pub(crate) fn shutdown(&self) -> c_int {
        self.shutdown.get()
    }

    pub(crate) fn set_shutdown(&self, shutdown: c_int) {
        self.shutdown.set(shutdown);
    }

    /// The descriptor.
    pub(crate) fn number(&self) -> c_int {
        self.number.get()
    }

    pub(crate) fn set_number(&self, number: c_int) {
        self.number.set(number);
    }

    pub(crate) fn data(&self) -> *mut c_void {
        self.data.get()
    }

    pub(crate) fn set_data(&self, data: *mut c_void) {
        self.data.set(data);
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }

    pub(crate) fn bytes_written(&self) -> u64 {
        self.bytes_written.get()
    }

    pub(crate) fn observer(&self) -> Observer {
        self.observer.get()
    }

    pub(crate) fn set_observer(&self, observer: Observer) {
        self.observer.set(observer);
    }

    pub(crate) fn callback_argument(&self) -> *mut c_char {
        self.callback_argument.get()
    }

    pub(crate) fn set_callback_argument(&self, argument: *mut c_char) {
        self.callback_argument.set(argument);
    }
}

impl Drop for Bio {
    fn drop(&mut self) {
        self.observed_free();
        // SAFETY: the handle is the pointer by which C knows it. Nothing of it is borrowed.
        unsafe { self.ex_data.freed(Class::Bio, self.handle().cast()) };
        self.medium.destroy(self);
        let next = self.next.take();
        if self.leaves_next.get() {
            // The reference that came with `BIO_push` is the program's again. It may have used it already: nothing is touched.
            core::mem::forget(next);
        }
    }
}
