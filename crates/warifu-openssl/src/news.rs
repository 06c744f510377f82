//! Whether work with a connection has left something in this thread that the connection is to take over: questions to callbacks
//! ([`question`](crate::question)), sessions that came or were issued, notes for callbacks that are told ([`notes`](crate::notes)).
//!
//! Each read asks, behind a system call that has emptied the processor's caches, and looks at one place for it. Any connection of the
//! thread clears the flag. So no code of the program's may run between [`mark`] and `Ssl::take_over` of the same connection; none does,
//! as none runs inside of the protocol.

use core::cell::Cell;

thread_local! {
    static NEWS: Cell<bool> = const { Cell::new(false) };
}

/// Something was left.
pub(crate) fn mark() {
    NEWS.set(true);
}

/// Whether something was left since [`take`] was called last.
#[inline(always)]
pub(crate) fn any() -> bool {
    NEWS.get()
}

/// As [`any`]; from now on there is nothing.
pub(crate) fn take() -> bool {
    NEWS.take()
}
