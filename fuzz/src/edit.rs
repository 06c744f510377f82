//! Changes to bytes of a known form, as a fuzzer's input says: single bytes and stretches, and the elements of DER with the
//! lengths around them made right.

use warifu::certificate::der::{Der, wrap};

use crate::input::Input;

/// More changes than these say nothing new.
const MAX_EDITS: usize = 8;

/// Changes bytes without an eye to what they mean. The first byte of the input is the number of changes.
pub fn edit(bytes: &mut Vec<u8>, input: &mut Input<'_>) {
    for _ in 0..input.below(MAX_EDITS) {
        let at = usize::from(input.u16()) % (bytes.len() + 1);
        let op = input.byte();
        let len = usize::from(op >> 3);
        let end = bytes.len().min(at + len);
        match op % 5 {
            0 => {
                for (byte, new) in bytes[at..end].iter_mut().zip(input.take(end - at)) {
                    *byte = *new;
                }
            }
            1 => {
                bytes.splice(at..at, input.take(len).iter().copied());
            }
            2 => {
                bytes.drain(at..end);
            }
            3 => {
                let byte = input.byte();
                if let Some(place) = bytes.get_mut(at) {
                    *place ^= byte;
                }
            }
            _ => bytes.truncate(at),
        }
    }
}

/// Changes elements of a DER value. What is no DER is changed as [`edit`] does.
pub fn edit_der(der: &mut Vec<u8>, input: &mut Input<'_>) {
    for _ in 0..input.below(MAX_EDITS) {
        let Some(mut tree) = Element::parse(der) else {
            return edit(der, input);
        };
        let place = input.below(256) % tree.count();
        let op = input.byte();
        tree.change(&mut { place }, op, input);
        *der = tree.encode();
    }
}

/// An element of DER.
#[derive(Clone)]
struct Element {
    tag: u8,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Bytes(Vec<u8>),
    Elements(Vec<Element>),
}

/// Constructed, ITU-T X.690 Section 8.1.2.5.
const CONSTRUCTED: u8 = 0x20;
/// Strings in which extensions hold DER of their own.
const OCTET_STRING: u8 = 4;

impl Element {
    /// The one element that `der` is.
    fn parse(der: &[u8]) -> Option<Self> {
        let mut reader = Der::new(der);
        let element = reader.element()?;
        reader
            .is_empty()
            .then(|| Self::of(element.tag, element.value))
    }

    fn of(tag: u8, value: &[u8]) -> Self {
        let holds_der = tag & CONSTRUCTED != 0 || tag == OCTET_STRING;
        let content = match holds_der.then(|| Self::parse_all(value)).flatten() {
            Some(elements) => Content::Elements(elements),
            None => Content::Bytes(value.to_vec()),
        };
        Self { tag, content }
    }

    fn parse_all(der: &[u8]) -> Option<Vec<Self>> {
        let mut reader = Der::new(der);
        let mut elements = Vec::new();
        while !reader.is_empty() {
            let element = reader.element()?;
            elements.push(Self::of(element.tag, element.value));
        }
        (!elements.is_empty()).then_some(elements)
    }

    /// This one and all inside.
    fn count(&self) -> usize {
        match &self.content {
            Content::Bytes(_) => 1,
            Content::Elements(elements) => 1 + elements.iter().map(Self::count).sum::<usize>(),
        }
    }

    fn encode(&self) -> Vec<u8> {
        match &self.content {
            Content::Bytes(bytes) => wrap(self.tag, &[bytes]),
            Content::Elements(elements) => {
                let parts: Vec<_> = elements.iter().map(Self::encode).collect();
                let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
                wrap(self.tag, &parts)
            }
        }
    }

    /// Changes the element that is `place` elements behind this one.
    fn change(&mut self, place: &mut usize, op: u8, input: &mut Input<'_>) -> bool {
        if *place == 0 {
            self.change_this(op, input);
            return true;
        }
        *place -= 1;
        let Content::Elements(elements) = &mut self.content else {
            return false;
        };
        for index in 0..elements.len() {
            // What concerns an element's place among the others.
            if *place == 0 && op % 8 < 3 {
                match op % 8 {
                    0 => drop(elements.remove(index)),
                    1 => elements.insert(index, elements[index].clone()),
                    _ => {
                        let other = input.below(elements.len());
                        elements.swap(index, other);
                    }
                }
                return true;
            }
            if elements[index].change(place, op, input) {
                return true;
            }
        }
        false
    }

    fn change_this(&mut self, op: u8, input: &mut Input<'_>) {
        match op % 8 {
            3 => self.tag = input.byte(),
            4 => {
                let len = input.byte();
                self.content = Content::Bytes(input.take(len.into()).to_vec());
            }
            5 => {
                let tag = input.byte();
                let len = input.byte();
                let content = Content::Bytes(input.take(len.into()).to_vec());
                if let Content::Elements(elements) = &mut self.content {
                    elements.push(Self { tag, content });
                }
            }
            _ => {
                let mut bytes = match &self.content {
                    Content::Bytes(bytes) => bytes.clone(),
                    Content::Elements(_) => self.encode_content(),
                };
                edit(&mut bytes, input);
                self.content = Content::Bytes(bytes);
            }
        }
    }

    fn encode_content(&self) -> Vec<u8> {
        match &self.content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Elements(elements) => elements.iter().flat_map(Self::encode).collect(),
        }
    }
}
