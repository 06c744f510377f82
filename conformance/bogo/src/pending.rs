//! Answers that are not there when they are asked for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use warifu::decision::Answer;

/// The answer itself, or with `-async` one that comes after as many polls.
pub(crate) fn answer<'a, T: Send + Unpin + 'a>(answer: T, polls: u32) -> Answer<'a, T> {
    match polls {
        0 => Answer::Ready(answer),
        polls => Answer::later(Later {
            answer: Some(answer),
            polls,
        }),
    }
}

/// Is not ready for so many polls, and asks to be polled again each time.
struct Later<T> {
    answer: Option<T>,
    polls: u32,
}

impl<T: Unpin> Future for Later<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if self.polls == 0
            && let Some(answer) = self.answer.take()
        {
            return Poll::Ready(answer);
        }
        self.polls = self.polls.saturating_sub(1);
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
