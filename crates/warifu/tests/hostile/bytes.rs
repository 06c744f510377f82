//! Messages and records as bytes: taken apart, changed, put together again with their lengths right.

pub const CHANGE_CIPHER_SPEC: u8 = 20;
pub const ALERT: u8 = 21;
pub const HANDSHAKE: u8 = 22;
pub const APPLICATION_DATA: u8 = 23;

pub const CLIENT_HELLO: u8 = 1;
pub const SERVER_HELLO: u8 = 2;
pub const NEW_SESSION_TICKET: u8 = 4;
pub const END_OF_EARLY_DATA: u8 = 5;
pub const ENCRYPTED_EXTENSIONS: u8 = 8;
pub const CERTIFICATE: u8 = 11;
pub const CERTIFICATE_REQUEST: u8 = 13;
pub const CERTIFICATE_VERIFY: u8 = 15;
pub const FINISHED: u8 = 20;
pub const KEY_UPDATE: u8 = 24;

/// A handshake message of this type and body.
pub fn message(message_type: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![message_type];
    message.extend(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
    message.extend(body);
    message
}

/// A record without protection.
pub fn record(content_type: u8, content: &[u8]) -> Vec<u8> {
    let mut record = vec![content_type, 3, 3];
    record.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
    record.extend(content);
    record
}

/// Content behind a length of `prefix` bytes.
pub fn vector(prefix: usize, content: &[u8]) -> Vec<u8> {
    let mut out = content.len().to_be_bytes()[8 - prefix..].to_vec();
    out.extend(content);
    out
}

/// Splits a stream into whole records; the stream must end with one.
pub fn records(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while !stream.is_empty() {
        let len = 5 + usize::from(u16::from_be_bytes([stream[3], stream[4]]));
        let (record, rest) = stream.split_at(len);
        records.push(record.to_vec());
        stream = rest;
    }
    records
}

/// Splits joined handshake messages.
pub fn messages(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while !stream.is_empty() {
        let len = u32::from_be_bytes([0, stream[1], stream[2], stream[3]]);
        let (message, rest) = stream.split_at(4 + len as usize);
        messages.push(message.to_vec());
        stream = rest;
    }
    messages
}

/// A message split at its extensions. [`Dissected::assemble`] makes the lengths right.
#[derive(Debug, Clone)]
pub struct Dissected {
    message_type: u8,
    before: Vec<u8>,
    pub extensions: Vec<(u16, Vec<u8>)>,
    after: Vec<u8>,
}

impl Dissected {
    /// Of a Certificate: the extensions of the first entry.
    pub fn new(message: &[u8]) -> Self {
        Self::read(message).expect("a well-formed message with extensions")
    }

    /// `None` for what is not such a message.
    pub fn read(message: &[u8]) -> Option<Self> {
        let body = message.get(4..)?;
        let at = |position: usize| body.get(position).map(|byte| usize::from(*byte));
        let u16_at = |position: usize| Some(at(position)? << 8 | at(position + 1)?);
        let start = match message[0] {
            CLIENT_HELLO => {
                let suites = 35 + at(34)?;
                let compression = suites + 2 + u16_at(suites)?;
                compression + 1 + at(compression)?
            }
            SERVER_HELLO => 35 + at(34)? + 3,
            ENCRYPTED_EXTENSIONS => 0,
            CERTIFICATE => {
                let certificate = 1 + at(0)? + 3;
                certificate + 3 + (at(certificate)? << 16 | u16_at(certificate + 1)?)
            }
            CERTIFICATE_REQUEST => 1 + at(0)?,
            NEW_SESSION_TICKET => {
                let ticket = 9 + at(8)?;
                ticket + 2 + u16_at(ticket)?
            }
            _ => return None,
        };
        let end = start + 2 + u16_at(start)?;
        let mut block = body.get(start + 2..end)?;
        let mut extensions = Vec::new();
        while let Some((header, rest)) = block.split_first_chunk::<4>() {
            let len = usize::from(u16::from_be_bytes([header[2], header[3]]));
            let number = u16::from_be_bytes([header[0], header[1]]);
            extensions.push((number, rest.get(..len)?.to_vec()));
            block = &rest[len..];
        }
        Some(Self {
            message_type: message[0],
            before: body[..start].to_vec(),
            extensions,
            after: body[end..].to_vec(),
        })
    }

    pub fn assemble(&self) -> Vec<u8> {
        let mut block = Vec::new();
        for (number, data) in &self.extensions {
            block.extend(number.to_be_bytes());
            block.extend(vector(2, data));
        }
        let mut body = self.before.clone();
        body.extend(vector(2, &block));
        body.extend(&self.after);
        if self.message_type == CERTIFICATE {
            let list = 1 + usize::from(body[0]);
            let len = (body.len() - list - 3).to_be_bytes();
            body[list..list + 3].copy_from_slice(&len[5..]);
        }
        message(self.message_type, &body)
    }

    /// The data of an extension that is there.
    pub fn extension(&mut self, number: u16) -> &mut Vec<u8> {
        let found = self
            .extensions
            .iter_mut()
            .find(|(other, _)| *other == number);
        &mut found.unwrap_or_else(|| panic!("no extension {number}")).1
    }

    pub fn remove(&mut self, number: u16) {
        self.extension(number);
        self.extensions.retain(|(other, _)| *other != number);
    }
}

/// Changes the extensions of a message in place.
pub fn edit(message: &mut Vec<u8>, change: impl FnOnce(&mut Dissected)) {
    let mut dissected = Dissected::new(message);
    change(&mut dissected);
    *message = dissected.assemble();
}

pub fn u16_bytes(value: u16) -> Vec<u8> {
    value.to_be_bytes().to_vec()
}
