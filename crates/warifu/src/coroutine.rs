//! The only place that polls a handshake.
//!
//! A flow is an `async fn` that is used as a coroutine: no task, no runtime, no wake-up of its own. The
//! [`Connection`](crate::Connection) polls it, and lends it the [`Wire`] for the length of each poll. Between two
//! polls the connection holds the wire again, so whatever the application may do with a half that already
//! has its keys needs no hand-over.
//!
//! A flow may wait for exactly these:
//!
//! 1. the next handshake message: [`Peer::recv`] and its kin;
//! 2. change_cipher_spec, in TLS 1.2 and older, where it is a step of the handshake;
//! 3. an answer of the application, through [`Peer::ask`]: the ClientHello decision, the choice of a
//!    credential, a signature, the verification of a certificate chain.
//!
//! While it waits, the wire says for what ([`Waiting`]), so that logs, time-outs and callers can. A message
//! that no line of a flow awaits cannot be accepted: the order of the program is the state machine.
//!
//! Rules: nothing borrowed from the wire lives across an await; large values are built inside of the flow and
//! passed by reference; a flow never sends alerts, its driver does, once, under the keys then in force.
//! Dropping the coroutine aborts the handshake and wipes its secrets.

use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::VecDeque;

use crate::decision::Answer;
use crate::error::{Error, PeerMisbehaved};
use crate::handshake::transcript::Transcript;
use crate::message::Handshake;
#[cfg(feature = "legacy")]
use crate::parameters::ContentType;
use crate::parameters::HandshakeType;
#[cfg(feature = "legacy")]
use crate::record::wire::HandshakeAligned;
use crate::record::wire::{Event, MESSAGE_HEADER_LEN, Wire};

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Bytes from the peer, to complete what is named here.
    Bytes(&'static str),
    /// An answer of the application to the question named here.
    Answer(&'static str),
}

/// What a flow is lent for the length of a poll.
struct Loan {
    wire: Option<Box<Wire>>,
    /// Messages that the connection received itself, for a flow after the handshake. In a box, as the loan goes to and fro at
    /// each poll of a handshake, which has none.
    #[expect(clippy::box_collection, reason = "8 bytes in place of 32")]
    inbox: Option<Box<VecDeque<Vec<u8>>>>,
    /// What the flow waits for, which it says when it gives the wire back.
    waiting: Waiting,
}

impl Loan {
    const fn new() -> Self {
        Self {
            wire: None,
            inbox: None,
            waiting: Waiting::Bytes("first message"),
        }
    }
}

thread_local! {
    /// The loan of the flow that this thread is polling, and an empty one between polls. Not beside the future, where it would
    /// need a lock, as threads may take turns in polling it. Never dropped, as nothing is in it then, so that connections can
    /// be driven up to a thread's very end.
    static LENT: RefCell<ManuallyDrop<Loan>> = const { RefCell::new(ManuallyDrop::new(Loan::new())) };
}

/// Uses the loan of the flow that is being polled. Nothing that calls the application may run inside of this.
fn with_loan<T>(use_loan: impl FnOnce(&mut Loan) -> T) -> T {
    LENT.with_borrow_mut(|lent| use_loan(lent))
}

/// A loan in force. It ends with this value, be it by a panic; then the one before is in force again, for one of the
/// application's decisions may drive another connection.
struct Lent<'l>(&'l mut Loan);

impl<'l> Lent<'l> {
    fn new(loan: &'l mut Loan) -> Self {
        with_loan(|lent| core::mem::swap(lent, loan));
        Self(loan)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        with_loan(|lent| core::mem::swap(lent, self.0));
    }
}

/// A flow in progress, as its driver sees it.
pub(crate) struct Coroutine<T> {
    future: Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>,
    loan: Loan,
}

impl<T> Coroutine<T> {
    /// Starts a flow; it runs when it is first polled.
    pub(crate) fn new<F>(flow: impl FnOnce(Peer) -> F) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        Self {
            future: Box::pin(flow(Peer { wire: None })),
            loan: Loan::new(),
        }
    }

    /// Runs the flow until it waits or ends. `wire` is empty while this runs, so that a panic in one of the
    /// application's decisions leaves a dead connection behind, not an undefined one.
    pub(crate) fn poll(
        &mut self,
        wire: &mut Option<Box<Wire>>,
        context: &mut Context<'_>,
    ) -> Poll<Result<T, Error>> {
        self.loan.wire = wire.take();
        let lent = Lent::new(&mut self.loan);
        let poll = self.future.as_mut().poll(context);
        drop(lent);
        *wire = self.loan.wire.take();
        poll
    }

    /// Hands a flow after the handshake a message. The flow may be waiting for an answer of the application; then
    /// the messages queue up, to the whole of what a peer may send unasked: Certificate, CertificateVerify and Finished.
    /// Says whether there was room.
    #[must_use]
    pub(crate) fn deliver(&mut self, message: Vec<u8>) -> bool {
        const LONGEST_FLIGHT: usize = 3;
        let inbox = self.loan.inbox.get_or_insert_default();
        let room = inbox.len() < LONGEST_FLIGHT;
        if room {
            inbox.push_back(message);
        }
        room
    }

    /// What the flow waits for.
    pub(crate) fn waiting(&self) -> Waiting {
        self.loan.waiting
    }

    /// Bytes of the flow's future, for the test that keeps it small.
    #[cfg(test)]
    pub(crate) fn future_len(&self) -> usize {
        core::mem::size_of_val(&*self.future)
    }
}

/// The peer, as a flow sees it.
pub(crate) struct Peer {
    /// Taken from the loan at its first use in a poll, and back there when the flow waits or ends.
    wire: Option<Box<Wire>>,
}

/// A received handshake message: its bytes, known to be of the type that was awaited.
pub(crate) struct Received<M> {
    bytes: Vec<u8>,
    message: PhantomData<fn() -> M>,
}

impl<M> Received<M> {
    fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            message: PhantomData,
        }
    }

    /// The whole message with its header, as it enters the transcript.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The message behind its header.
    pub(crate) fn body(&self) -> &[u8] {
        self.bytes.get(MESSAGE_HEADER_LEN..).unwrap_or_default()
    }
}

/// Stands for a message of one of several types, which [`Received::message_type`] tells.
#[cfg(feature = "legacy")]
pub(crate) struct AnyMessage;

#[cfg(feature = "legacy")]
impl Received<AnyMessage> {
    pub(crate) fn message_type(&self) -> HandshakeType {
        HandshakeType(self.bytes.first().copied().unwrap_or_default())
    }

    /// The message as one of its type, which the caller has looked at.
    pub(crate) fn of_type<M: Handshake<'static>>(self) -> Received<M> {
        Received {
            bytes: self.bytes,
            message: PhantomData,
        }
    }
}

/// One of two messages, where the protocol has a branch.
pub(crate) enum Either<A, B> {
    First(Received<A>),
    Second(Received<B>),
}

impl Peer {
    // The waiting functions are no `async fn`s: their futures keep each argument once, and flows have many of them inside.

    /// Waits for the message `M` and nothing else.
    pub(crate) fn recv<M: Handshake<'static>>(
        &mut self,
    ) -> impl Future<Output = Result<Received<M>, Error>> {
        let expected = M::TYPE.name().unwrap_or("a handshake message");
        poll_fn(move |_| {
            self.poll_message(&[M::TYPE], expected)
                .map_ok(Received::new)
        })
    }

    /// Waits for one of two messages; `expected` names both.
    pub(crate) fn recv_either<A: Handshake<'static>, B: Handshake<'static>>(
        &mut self,
        expected: &'static str,
    ) -> impl Future<Output = Result<Either<A, B>, Error>> {
        poll_fn(move |_| {
            self.poll_message(&[A::TYPE, B::TYPE], expected)
                .map_ok(|bytes| match bytes.first() == Some(&A::TYPE.0) {
                    true => Either::First(Received::new(bytes)),
                    false => Either::Second(Received::new(bytes)),
                })
        })
    }

    /// Waits for a message of one of these types; `expected` names them.
    #[cfg(feature = "legacy")]
    pub(crate) async fn recv_any(
        &mut self,
        types: &[HandshakeType],
        expected: &'static str,
    ) -> Result<Received<AnyMessage>, Error> {
        let bytes = poll_fn(|_| self.poll_message(types, expected)).await?;
        Ok(Received::new(bytes))
    }

    fn poll_message(
        &mut self,
        types: &[HandshakeType],
        expected: &'static str,
    ) -> Poll<Result<Vec<u8>, Error>> {
        match self.next_message(types, expected) {
            Ok(Some(message)) => Poll::Ready(Ok(message)),
            Ok(None) => {
                self.wait(Waiting::Bytes(expected));
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn next_message(
        &mut self,
        types: &[HandshakeType],
        expected: &'static str,
    ) -> Result<Option<Vec<u8>>, Error> {
        let wire = self.wire()?;
        if wire.receiving.is_established() {
            // After the handshake the connection reads the wire and delivers messages.
            let Some(message) = with_loan(|loan| loan.inbox.as_mut()?.pop_front()) else {
                return Ok(None);
            };
            let got = HandshakeType(message.first().copied().unwrap_or_default());
            check_type(Some(got), types, expected)?;
            return Ok(Some(message));
        }
        match next_event(wire, types, expected)? {
            Event::NeedBytes => Ok(None),
            Event::Handshake => wire.receiving.take_message(),
            Event::Closed => Err(Error::ClosedDuringHandshake { expected }),
            Event::ApplicationData => Err(Error::Internal("application data in a handshake")),
            #[cfg(feature = "legacy")]
            Event::ChangeCipherSpec => {
                Err(PeerMisbehaved::UnexpectedChangeCipherSpec { expected }.into())
            }
        }
    }

    /// The peer's flight ends with the message received last: a byte of another one behind it, in the same record, was sent by
    /// somebody who cannot have seen the answer.
    pub(crate) fn end_of_flight(&mut self) -> Result<(), Error> {
        self.with_wire(|wire| wire.receiving.prove_aligned().map(|_aligned| ()))
    }

    /// Waits for change_cipher_spec and nothing else. The keys that it announces must be set with the proof that this
    /// returns before anything more is awaited.
    #[cfg(feature = "legacy")]
    pub(crate) async fn recv_change_cipher_spec(&mut self) -> Result<HandshakeAligned, Error> {
        const EXPECTED: &str = "ChangeCipherSpec";
        poll_fn(
            |_| match self.next_change_cipher_spec(EXPECTED).transpose() {
                Some(result) => Poll::Ready(result),
                None => {
                    self.wait(Waiting::Bytes(EXPECTED));
                    Poll::Pending
                }
            },
        )
        .await
    }

    #[cfg(feature = "legacy")]
    fn next_change_cipher_spec(
        &mut self,
        expected: &'static str,
    ) -> Result<Option<HandshakeAligned>, Error> {
        let wire = self.wire()?;
        wire.receiving.expect_legacy_change_cipher_spec();
        if wire.receiving.is_established() {
            return self.next_change_cipher_spec_again(expected);
        }
        match next_event(wire, &[], expected)? {
            Event::NeedBytes => Ok(None),
            Event::ChangeCipherSpec => wire.receiving.prove_aligned().map(Some),
            Event::Closed => Err(Error::ClosedDuringHandshake { expected }),
            Event::Handshake => Err(Error::Internal("a message of no type")),
            Event::ApplicationData => Err(PeerMisbehaved::UnexpectedRecord {
                content_type: ContentType::APPLICATION_DATA,
                expected,
            }
            .into()),
        }
    }

    /// The same in a renegotiation, where the connection reads the wire: what it delivered before is a message out of order,
    /// application data is the application's, and messages are left for the connection to judge.
    #[cfg(feature = "legacy")]
    fn next_change_cipher_spec_again(
        &mut self,
        expected: &'static str,
    ) -> Result<Option<HandshakeAligned>, Error> {
        self.prove_nothing_delivered(expected)?;
        let wire = self.wire()?;
        match wire.receiving.next_event(expected)? {
            Event::ChangeCipherSpec => wire.receiving.prove_aligned().map(Some),
            Event::NeedBytes | Event::ApplicationData | Event::Handshake => Ok(None),
            Event::Closed => Err(Error::ClosedDuringHandshake { expected }),
        }
    }

    /// Refuses a message that was delivered and that nothing awaits.
    #[cfg(feature = "legacy")]
    pub(crate) fn prove_nothing_delivered(&self, expected: &'static str) -> Result<(), Error> {
        let first = |loan: &mut Loan| {
            let message = loan.inbox.as_ref().and_then(|inbox| inbox.front());
            message.map(|message| message.first().copied())
        };
        match with_loan(first) {
            None => Ok(()),
            Some(got) => Err(PeerMisbehaved::UnexpectedMessage {
                got: HandshakeType(got.unwrap_or_default()),
                expected,
            }
            .into()),
        }
    }

    /// Appends a message to the flight in progress and to the transcript.
    pub(crate) fn send<'m>(
        &mut self,
        transcript: &mut Transcript,
        message: &impl Handshake<'m>,
    ) -> Result<(), Error> {
        self.with_wire(|wire| {
            let bytes = wire.sending.send_message(|out| message.encode(out))?;
            transcript.add(bytes);
            Ok(())
        })
    }

    /// Uses the wire; nothing of it can be kept.
    pub(crate) fn with_wire<T>(
        &mut self,
        use_wire: impl FnOnce(&mut Wire) -> Result<T, Error>,
    ) -> Result<T, Error> {
        use_wire(self.wire()?)
    }

    /// Waits for the application's answer; `question` says to what.
    pub(crate) fn ask<T>(
        &mut self,
        question: &'static str,
        answer: Answer<'_, T>,
    ) -> impl Future<Output = T> {
        let mut answer = Some(answer);
        poll_fn(move |context| match answer.take() {
            Some(Answer::Ready(answer)) => Poll::Ready(answer),
            Some(Answer::Later(mut future)) => {
                let poll = future.as_mut().poll(context);
                if poll.is_pending() {
                    self.wait(Waiting::Answer(question));
                    answer = Some(Answer::Later(future));
                }
                poll
            }
            // Polled again after it was ready, which no flow does.
            None => Poll::Pending,
        })
    }

    #[inline]
    fn wire(&mut self) -> Result<&mut Wire, Error> {
        if self.wire.is_none() {
            self.take_wire();
        }
        match &mut self.wire {
            Some(wire) => Ok(wire),
            None => Err(Error::Internal("a flow ran without its wire")),
        }
    }

    #[inline(never)]
    fn take_wire(&mut self) {
        self.wire = with_loan(|loan| loan.wire.take());
    }

    /// Gives the wire back, and says for what the flow waits.
    fn wait(&mut self, waiting: Waiting) {
        let wire = self.wire.take();
        with_loan(|loan| {
            loan.waiting = waiting;
            if wire.is_some() {
                loan.wire = wire;
            }
        });
    }
}

impl Drop for Peer {
    /// The flow has ended, and the connection goes on with the wire.
    fn drop(&mut self) {
        if let Some(wire) = self.wire.take() {
            with_loan(|loan| loan.wire = Some(wire));
        }
    }
}

/// What comes next in a handshake that awaits a message of one of `types`.
fn next_event(
    wire: &mut Wire,
    types: &[HandshakeType],
    expected: &'static str,
) -> Result<Event, Error> {
    let event = wire.receiving.next_event(expected);
    // A message of the wrong type is refused at its first byte: neither its length nor what comes behind it
    // matters then, so that the error does not depend on how the stream was cut.
    check_type(wire.receiving.message_type(), types, expected)?;
    event.map_err(|error| match error {
        Error::Truncated => Error::ClosedDuringHandshake { expected },
        other => other,
    })
}

fn check_type(
    got: Option<HandshakeType>,
    types: &[HandshakeType],
    expected: &'static str,
) -> Result<(), Error> {
    match got {
        Some(got) if !types.contains(&got) => {
            Err(PeerMisbehaved::UnexpectedMessage { got, expected }.into())
        }
        _ => Ok(()),
    }
}
