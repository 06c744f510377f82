//! How the decisions of a handshake reach C callbacks.
//!
//! A callback may call back into the API with the connection that it is asked about. Inside of
//! [`Connection::process`](warifu::Connection::process) that connection is borrowed. So a decision that needs a callback is
//! answered later: [`ask`] leaves the question here, the handshake stops, the connection takes the question at once
//! (`Ssl::with`), and when nothing is borrowed any more the driver ([`Ssl::answer_questions`]) runs it. A callback that wants time leaves the question open; the next call of the application's asks
//! again.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::Poll;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use warifu::decision::Answer;

use crate::news;
use crate::ssl::Ssl;
use crate::ssl::outcome::Want;

/// A question that waits for its connection.
pub(crate) type Question = Box<dyn FnMut(&Ssl) -> Result<(), Want> + Send>;

thread_local! {
    /// Posed by the decisions of the connection that runs in this thread, and not taken by it yet.
    static POSED: RefCell<VecDeque<Question>> = const { RefCell::new(VecDeque::new()) };
}

/// An answer that `call` will give when it is run with the connection. `Err` leaves the question open: the call of the
/// application's returns with that reason.
pub(crate) fn ask<'a, T: Send + 'static>(
    mut call: impl FnMut(&Ssl) -> Result<T, Want> + Send + 'static,
) -> Answer<'a, T> {
    let slot = Arc::new(Mutex::new(None));
    let mut question: Option<Question> = Some(Box::new({
        let slot = slot.clone();
        move |ssl| {
            let answer = call(ssl)?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            Ok(())
        }
    }));
    Answer::later(poll_fn(move |_| {
        let answer = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        match answer {
            Some(answer) => Poll::Ready(answer),
            None => {
                if let Some(question) = question.take() {
                    POSED.with_borrow_mut(|posed| posed.push_back(question));
                    news::mark();
                }
                Poll::Pending
            }
        }
    }))
}

/// Takes the questions that were posed since the last call in this thread.
pub(crate) fn posed() -> VecDeque<Question> {
    // At the end of a thread there are none.
    POSED.try_with(RefCell::take).unwrap_or_default()
}
