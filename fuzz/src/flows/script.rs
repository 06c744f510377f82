//! What a fuzzer's input means to the targets that play handshakes: a scene, and edits of what the honest peer sends.
//!
//! An input is two bytes that choose the scene, one of flags, and then edits of [`EDIT_LEN`] bytes each, with a payload
//! behind. Whatever is missing at its end reads as zeros, so that every input means something.

/// Bytes of an edit without its payload: operation, flight, place, `a`, `b`, length of the payload.
pub const EDIT_LEN: usize = 8;

/// More edits than these say nothing new and cost time.
const MAX_EDITS: usize = 24;

/// A scene and what is changed in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Which roles, versions and options: the target says which bit is what.
    pub scene: u16,
    pub flags: u8,
    pub edits: Vec<Edit>,
}

/// One change. What `a` and `b` mean depends on the operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub op: Op,
    /// The flight that is changed, in the order of those that the honest peer sends.
    pub flight: u8,
    /// Which message of the flight, counted round its end.
    pub place: u8,
    pub a: u16,
    pub b: u16,
    pub payload: Vec<u8>,
}

/// The bits of a script's flags.
#[derive(Debug, Clone, Copy)]
pub struct Flags {
    /// Finished is computed over what was really sent: the peer is not honest, but has the keys.
    pub forge_finished: bool,
    /// CertificateVerify too; in TLS 1.3.
    pub forge_verify: bool,
    /// The binder of an external key is computed over the ClientHello that is really sent; in TLS 1.3.
    pub forge_binder: bool,
    /// The victim's application leaves early data where it is.
    pub leave_early_data: bool,
    /// The victim receives so many bytes at a time.
    pub piece: usize,
}

impl Flags {
    pub fn of(flags: u8) -> Self {
        let has = |bit: u8| flags & 1 << bit != 0;
        Self {
            forge_finished: has(0),
            forge_verify: has(1),
            forge_binder: has(2),
            leave_early_data: has(3),
            piece: [usize::MAX, 1, 7, 300][usize::from(flags >> 4 & 3)],
        }
    }
}

macro_rules! ops {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// What an edit does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Op {
            $($(#[$doc])* $name,)+
        }

        impl Op {
            pub const ALL: &[Self] = &[$(Self::$name,)+];
        }
    };
}

ops! {
    // A message of its own.
    /// Overwrites bytes from offset `a`.
    Overwrite,
    /// Flips bit `b` of the byte at `a`.
    Flip,
    /// Inserts the payload at `a`; the message's length is made right.
    Insert,
    /// Inserts the payload at `a`; no length is changed.
    InsertRaw,
    /// Removes `b` bytes at `a`; the message's length is made right.
    Remove,
    /// Removes `b` bytes at `a`; no length is changed.
    RemoveRaw,
    /// Ends the message at `a`; its length is made right.
    Truncate,
    /// Another message type, `a`.
    Type,
    /// Puts the payload into vector `a` of the message at `b`; all lengths are made right.
    VectorInsert,
    /// The payload is all that vector `a` holds.
    VectorReplace,
    /// Removes as many bytes as the payload has from vector `a`, at `b`.
    VectorRemove,
    /// Puts the payload `b` times into vector `a`.
    VectorRepeat,
    /// The payload is all of extension number `a` of those that are there.
    ExtensionReplace,
    /// Overwrites bytes of extension `a` from offset `b`.
    ExtensionOverwrite,
    /// Inserts the payload into extension `a` at `b`, inside of the vector that it holds.
    ExtensionInsert,
    /// Removes as many bytes as the payload has from extension `a` at `b`, inside of the vector that it holds.
    ExtensionRemove,
    /// Extension `a` has type `b`.
    ExtensionType,
    /// Extension `a` is missing.
    ExtensionDrop,
    /// Extension `a` stands once more at `b`.
    ExtensionDuplicate,
    /// Extensions `a` and `b` change places.
    ExtensionSwap,
    /// A further extension of type `a` with the payload at `b`.
    ExtensionAdd,
    // The flight.
    /// The message is missing.
    Drop,
    /// The message comes once more behind message `a`.
    Duplicate,
    /// The message changes its place with message `a`.
    Swap,
    /// A message of type `a` with the payload is inserted.
    Message,
    /// Message `a` of those that were sent before is inserted.
    Replay,
    /// A record of type `a` with the payload is inserted, at the level that `b` chooses.
    Record,
    /// The payload is inserted as it is.
    Raw,
    /// The record has content type `a`.
    ContentType,
    /// The record is protected at the level that `a` chooses.
    Level,
    /// `a` zeros behind the content.
    Padding,
    /// A KeyUpdate that requests one if `a` is odd; the keys follow unless `b` is odd.
    KeyUpdate,
    /// The message is cut into two records at `a`.
    Fragment,
    /// The message shares a record with the next one.
    Coalesce,
    /// The transport ends after `a` bytes of the flight.
    Cut,
    // What the application does before the flight.
    /// The victim's application does `a`.
    VictimActs,
    /// The honest peer's application does `a`.
    HonestActs,
}

impl Edit {
    pub fn new(op: Op, flight: u8, place: u8) -> Self {
        Self {
            op,
            flight,
            place,
            a: 0,
            b: 0,
            payload: Vec::new(),
        }
    }

    pub fn with(self, a: u16, b: u16, payload: &[u8]) -> Self {
        Self {
            a,
            b,
            payload: payload.to_vec(),
            ..self
        }
    }
}

impl Script {
    pub fn read(input: &[u8]) -> Self {
        let mut input = Input(input);
        let scene = u16::from_le_bytes([input.byte(), input.byte()]);
        let flags = input.byte();
        let mut edits = Vec::new();
        while !input.0.is_empty() && edits.len() < MAX_EDITS {
            let op = Op::ALL[usize::from(input.byte()) % Op::ALL.len()];
            let (flight, place) = (input.byte(), input.byte());
            let a = u16::from_le_bytes([input.byte(), input.byte()]);
            let b = u16::from_le_bytes([input.byte(), input.byte()]);
            let len = usize::from(input.byte()).min(input.0.len());
            let (payload, rest) = input.0.split_at(len);
            input.0 = rest;
            edits.push(Edit {
                op,
                flight,
                place,
                a,
                b,
                payload: payload.to_vec(),
            });
        }
        Self {
            scene,
            flags,
            edits,
        }
    }

    /// The input that [`read`](Self::read) makes this of. Payloads are cut off after 255 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.scene.to_le_bytes().to_vec();
        out.push(self.flags);
        for edit in &self.edits {
            let op = Op::ALL.iter().position(|op| *op == edit.op).unwrap();
            let len = edit.payload.len().min(255);
            out.extend([op as u8, edit.flight, edit.place]);
            out.extend(edit.a.to_le_bytes());
            out.extend(edit.b.to_le_bytes());
            out.push(len as u8);
            out.extend(&edit.payload[..len]);
        }
        out
    }
}

/// Bytes of the input; zeros when they have run out.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }
}
