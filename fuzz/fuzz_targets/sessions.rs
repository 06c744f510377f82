//! Sessions as bytes: in a client's file, in a server's store, inside of a ticket; and tickets that are none.
//!
//! The first byte chooses. What is read as a session is written as the same bytes. A ticket whose content was changed before it
//! was sealed, a client's session that was changed, and bytes for a ticket are each offered in a handshake, of TLS 1.3 and of
//! 1.2: it ends well, resumed or not, or with an error of the protocol; and what is resumed is a session that can be read.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use warifu::fuzzing::{open_ticket, seal_ticket};
use warifu::resumption::Session;
use warifu_crypto::random;
use warifu_fuzz::edit::edit;
use warifu_fuzz::input::Input;
use warifu_fuzz::returning::{Meeting, Template, World};

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input::new(bytes);
    match input.byte() {
        0 => stored_by_client(input.rest()),
        1 => stored_by_server(input.rest()),
        choice => offered(choice, &mut input),
    }
});

fn stored_by_client(bytes: &[u8]) {
    if let Ok(session) = Session::from_bytes(bytes) {
        assert_eq!(session.to_bytes().as_slice(), bytes);
        look_at(&session);
    }
}

fn stored_by_server(bytes: &[u8]) {
    if let Ok(session) = Session::of_stored(&[7; 32], bytes) {
        assert_eq!(session.to_stored().as_slice(), bytes);
        look_at(&session);
    }
}

fn look_at(session: &Session) {
    assert!(!format!("{session:?}").is_empty());
    assert!(session.ticket().is_some() != session.session_id().is_some());
    let _ = (
        session.received_at(),
        session.lifetime(),
        session.max_early_data(),
    );
    let _ = (
        session.server_name(),
        session.alpn(),
        session.peer_certificates(),
    );
}

fn offered(choice: u8, input: &mut Input<'_>) {
    // The input alone decides.
    random::fixed::begin(1);
    static WORLD: OnceLock<World> = OnceLock::new();
    let world = WORLD.get_or_init(World::new);
    let template = &world.templates[usize::from(choice / 4) % world.templates.len()];
    let Template {
        session, ticket, ..
    } = template;
    let session = match choice % 4 {
        // Bytes for a ticket.
        0 => with_ticket(session, input.rest()),
        // Bytes for what is in it.
        1 => with_ticket(session, &seal_ticket(&world.key, input.rest())),
        // What is in it, changed.
        2 => {
            let mut state = open_ticket(&world.key, ticket).expect("our own ticket");
            edit(&mut state, input);
            stored_by_server(&state);
            with_ticket(session, &seal_ticket(&world.key, &state))
        }
        // The client's session, changed.
        _ => {
            let mut bytes = session.clone();
            edit(&mut bytes, input);
            stored_by_client(&bytes);
            bytes
        }
    };
    let Ok(session) = Session::from_bytes(&session) else {
        return;
    };
    let ticket = session.ticket().unwrap_or_default().to_vec();
    let Meeting { resumed } = world.meet(template, session);
    if resumed {
        let state = open_ticket(&world.key, &ticket).expect("a resumed ticket can be opened");
        Session::of_stored(&[7; 32], &state).expect("a resumed session can be read");
    }
}

/// The bytes of a session with another ticket, which is their end, behind its length.
fn with_ticket(session: &[u8], ticket: &[u8]) -> Vec<u8> {
    let old = Session::from_bytes(session).expect("our own session");
    let old_len = 2 + old.ticket().map_or(0, <[u8]>::len);
    let ticket = &ticket[..ticket.len().min(0xffff)];
    let len = u16::try_from(ticket.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    [&session[..session.len() - old_len], &len, ticket].concat()
}
