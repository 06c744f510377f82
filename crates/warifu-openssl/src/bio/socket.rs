//! BIOs of sockets.

use core::ffi::{c_int, c_long, c_void};
use core::ptr;
use std::io;
use std::sync::{Arc, LazyLock};

use super::command::{
    CTRL_DUP, CTRL_EOF, CTRL_FLUSH, CTRL_GET_CLOSE, CTRL_SET_CLOSE, FLAG_IN_EOF, GET_FD, SET_FD,
    TYPE_SOCKET,
};
use super::method::{Functions, Medium, Method};
use super::{Bio, Transfer};
use crate::error_queue;
use crate::fault::Fault;

/// `BIO_s_socket`. Programs take its functions into methods of their own.
pub(crate) fn method() -> &'static Arc<Method> {
    static METHOD: LazyLock<Arc<Method>> = LazyLock::new(|| {
        let functions = Functions {
            write: Some(super::custom::socket_write),
            read: Some(super::custom::socket_read),
            puts: Some(super::custom::socket_puts),
            control: Some(super::custom::socket_control),
            create: Some(super::custom::socket_create),
            destroy: Some(super::custom::socket_destroy),
            ..Functions::default()
        };
        Method::builtin_with(TYPE_SOCKET, c"socket", |_| Box::new(Socket), functions)
    });
    &METHOD
}

/// Its descriptor is the BIO's number.
pub(super) struct Socket;

impl Medium for Socket {
    fn read(&self, bio: &Bio, out: &mut [u8]) -> Transfer {
        receive(bio, out)
    }

    fn write(&self, bio: &Bio, data: &[u8]) -> Transfer {
        send(bio, data)
    }

    fn is_socket(&self) -> bool {
        true
    }

    unsafe fn control(
        &self,
        bio: &Bio,
        command: c_int,
        number: c_long,
        pointer: *mut c_void,
    ) -> c_long {
        // SAFETY: the caller's promise.
        unsafe { control(bio, command, number, pointer) }
    }

    fn destroy(&self, bio: &Bio) {
        close(bio);
    }
}

/// Reads from the BIO's socket.
#[inline(always)]
pub(super) fn receive(bio: &Bio, out: &mut [u8]) -> Transfer {
    bio.clear_retry();
    if out.is_empty() {
        return Transfer::Done(0);
    }
    let fd = bio.number();
    // SAFETY: the buffer has that many bytes to write to.
    let count = unsafe { libc::recv(fd, out.as_mut_ptr().cast(), out.len(), 0) };
    match usize::try_from(count) {
        Ok(count @ 1..) => Transfer::Done(count),
        _ => received_nothing(bio, out, count),
    }
}

/// What becomes of a `recv` that gave this, which is no number of bytes.
#[inline(never)]
fn received_nothing(bio: &Bio, out: &mut [u8], mut count: isize) -> Transfer {
    let fd = bio.number();
    if count < 0 && errno() == libc::ENOTSOCK {
        // SAFETY: as above.
        count = unsafe { libc::read(fd, out.as_mut_ptr().cast(), out.len()) };
    }
    match usize::try_from(count) {
        Ok(0) => {
            bio.set_flags(FLAG_IN_EOF);
            Transfer::Eof
        }
        Ok(count) => Transfer::Done(count),
        Err(_) if is_retryable(errno()) => bio.retry_read(),
        Err(_) => failed("recv"),
    }
}

/// Writes to the BIO's socket. A peer that is gone is an error, never a signal.
#[inline(always)]
pub(super) fn send(bio: &Bio, data: &[u8]) -> Transfer {
    bio.clear_retry();
    if data.is_empty() {
        return Transfer::Done(0);
    }
    let fd = bio.number();
    // SAFETY: there are that many bytes to read.
    let count = unsafe { libc::send(fd, data.as_ptr().cast(), data.len(), libc::MSG_NOSIGNAL) };
    match usize::try_from(count) {
        Ok(count) => Transfer::Done(count),
        Err(_) => not_sent(bio, data),
    }
}

/// What becomes of a `send` that failed.
#[inline(never)]
fn not_sent(bio: &Bio, data: &[u8]) -> Transfer {
    let mut count = -1;
    if errno() == libc::ENOTSOCK {
        count = write_without_signal(bio.number(), data);
    }
    match usize::try_from(count) {
        Ok(count) => Transfer::Done(count),
        Err(_) if is_retryable(errno()) => bio.retry_write(),
        Err(_) => failed("send"),
    }
}

/// Puts the errno onto the error queue, and leaves it for the program to see.
pub(super) fn failed(what: &str) -> Transfer {
    let error = io::Error::last_os_error();
    error_queue::raise(&Fault::system(&error, what));
    set_errno(error.raw_os_error().unwrap_or(0));
    Transfer::Failed
}

/// The commands of a socket.
///
/// # Safety
/// `pointer` is null or what the command takes.
pub(super) unsafe fn control(
    bio: &Bio,
    command: c_int,
    number: c_long,
    pointer: *mut c_void,
) -> c_long {
    match command {
        SET_FD => {
            if pointer.is_null() {
                return 0;
            }
            close(bio);
            // SAFETY: the command takes the address of a descriptor.
            bio.set_number(unsafe { *pointer.cast::<c_int>() });
            bio.set_shutdown(c_int::from(number != 0));
            bio.set_init(1);
            1
        }
        GET_FD => {
            if bio.init() == 0 {
                return -1;
            }
            // SAFETY: the command takes null or where to store a descriptor.
            unsafe { crate::handle::store(pointer.cast::<c_int>(), bio.number()) };
            c_long::from(bio.number())
        }
        CTRL_GET_CLOSE => c_long::from(bio.shutdown()),
        CTRL_SET_CLOSE => {
            bio.set_shutdown(c_int::from(number != 0));
            1
        }
        CTRL_DUP | CTRL_FLUSH => 1,
        CTRL_EOF => c_long::from(bio.flags() & FLAG_IN_EOF != 0),
        _ => 0,
    }
}

/// Closes the socket if it is the BIO's to close.
pub(super) fn close(bio: &Bio) {
    if bio.shutdown() != 0 {
        if bio.init() != 0 && bio.number() >= 0 {
            // SAFETY: no memory is involved. The descriptor is the BIO's, which lets go of it here.
            unsafe { libc::close(bio.number()) };
            bio.set_number(-1);
        }
        bio.set_init(0);
        bio.clear_flags(!0);
    }
}

/// Whether a call that failed with this errno may succeed later (`BIO_sock_non_fatal_error`).
pub(crate) fn is_retryable(errno: c_int) -> bool {
    errno == libc::EAGAIN
        || errno == libc::EWOULDBLOCK
        || matches!(
            errno,
            libc::EINTR | libc::EINPROGRESS | libc::EALREADY | libc::ENOTCONN | libc::EPROTO
        )
}

/// The errno of the thread.
pub(crate) fn errno() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Sets the errno of the thread.
pub(crate) fn set_errno(errno: c_int) {
    // SAFETY: the address of this thread's errno.
    unsafe { *libc::__errno_location() = errno };
}

/// Writes to what is not a socket. Were it a pipe whose reader is gone, SIGPIPE would come: it is held back and taken.
fn write_without_signal(fd: c_int, data: &[u8]) -> isize {
    // SAFETY: sets of signals are plain data, and all pointers are of live ones. `write` reads the bytes that there are.
    unsafe {
        let mut pipe: libc::sigset_t = core::mem::zeroed();
        let mut before: libc::sigset_t = core::mem::zeroed();
        let mut pending: libc::sigset_t = core::mem::zeroed();
        libc::sigemptyset(&raw mut pipe);
        libc::sigaddset(&raw mut pipe, libc::SIGPIPE);
        libc::sigpending(&raw mut pending);
        let was_pending = libc::sigismember(&raw const pending, libc::SIGPIPE) == 1;
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const pipe, &raw mut before);
        let count = libc::write(fd, data.as_ptr().cast(), data.len());
        let error = errno();
        if count < 0 && error == libc::EPIPE && !was_pending {
            let now = libc::timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            while libc::sigtimedwait(&raw const pipe, ptr::null_mut(), &raw const now) < 0
                && errno() == libc::EINTR
            {}
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        set_errno(error);
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::os::fd::{AsRawFd as _, IntoRawFd as _};
    use std::os::unix::net::UnixStream;

    #[test]
    fn moves_bytes_and_says_when_to_wait() {
        let (mut peer, ours) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let fd = ours.into_raw_fd();
        let bio = Bio::socket(fd, true).unwrap();
        assert_eq!(bio.fd(), Some(fd));
        let mut buffer = [0; 16];
        assert_eq!(bio.read(&mut buffer), Transfer::Retry);
        assert!(bio.should_retry() && bio.should_read() && !bio.should_write());
        peer.write_all(b"hello").unwrap();
        assert_eq!(bio.read(&mut buffer), Transfer::Done(5));
        assert!(!bio.should_retry());
        assert_eq!(bio.write(b"back"), Transfer::Done(4));
        assert_eq!(bio.flush(), Transfer::Done(0));
        let mut back = [0; 4];
        peer.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"back");
        assert_eq!((bio.bytes_read(), bio.bytes_written()), (5, 4));
        let full = loop {
            match bio.write(&[0; 65536]) {
                Transfer::Done(_) => {}
                other => break other,
            }
        };
        assert_eq!(full, Transfer::Retry);
        assert!(bio.should_write());
        drop(peer);
        error_queue::clear();
        assert_eq!(bio.write(b"gone"), Transfer::Failed);
        assert_eq!(errno(), libc::EPIPE);
        assert!(!error_queue::is_empty());
        error_queue::clear();
        drop(bio);
        // SAFETY: asks about a descriptor.
        assert_eq!(unsafe { libc::fcntl(fd, libc::F_GETFD) }, -1);
    }

    #[test]
    fn a_pipe_without_reader_is_no_signal() {
        let (reader, writer) = std::io::pipe().unwrap();
        let bio = Bio::socket(writer.as_raw_fd(), false).unwrap();
        assert_eq!(bio.write(b"x"), Transfer::Done(1));
        drop(reader);
        // SAFETY: sets how this process takes a signal; no handler runs.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        assert_eq!(bio.write(b"x"), Transfer::Failed);
        assert_eq!(errno(), libc::EPIPE);
        error_queue::clear();
    }

    #[test]
    fn the_end_of_the_peer_is_the_end() {
        let (peer, ours) = UnixStream::pair().unwrap();
        let bio = Bio::socket(ours.as_raw_fd(), false).unwrap();
        drop(peer);
        assert_eq!(bio.read(&mut [0; 4]), Transfer::Eof);
        assert_eq!(bio.ask(CTRL_EOF), 1);
        assert!(!bio.should_retry());
    }
}
