//! SIGINT and SIGTERM: the first asks the program to close its connections and end, a second ends it at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::{Code, Failure};

/// Calls `on_signal`, on a thread of its own, when the first signal comes.
pub(crate) fn watch(on_signal: impl FnOnce(&'static str) + Send + 'static) -> Result<(), Failure> {
    let failed = |error| Failure::StandardStream {
        which: "the signal handler",
        error,
    };
    let second = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag unset, and sets it for the next.
        signal_hook::flag::register_conditional_shutdown(
            signal,
            Code::Interrupted as i32,
            Arc::clone(&second),
        )
        .map_err(failed)?;
        signal_hook::flag::register(signal, Arc::clone(&second)).map_err(failed)?;
    }
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            on_signal(if signal == SIGINT {
                "SIGINT"
            } else {
                "SIGTERM"
            });
        }
    });
    Ok(())
}
