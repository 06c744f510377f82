//! Reading and writing the RFC's presentation language (RFC 8446 Section 3).
//!
//! [`Reader`] takes a message apart without copying; [`Wire`] is a value with a wire form. The three
//! types that nearly every field is made of carry the ranges of the presentation language in
//! their types, so that no flow ever sees a vector that is too short, too long or ragged:
//!
//! | presentation language | here |
//! |---|---|
//! | `opaque cookie<1..2^16-1>` | `Opaque16<'a, 1, 0xffff>` |
//! | `NamedGroup named_group_list<2..2^16-1>` | `List16<'a, NamedGroup, 2, 0xffff>` |
//! | a struct | [`wire_struct!`] |
//!
//! Nothing here allocates while reading. A [`List`] is either validated wire bytes, decoded again item
//! by item each time it is iterated, or a slice of values that we are about to send.

use core::fmt;

use crate::error::{Error, PeerMisbehaved};

/// The largest `<..2^16-1>`.
pub(crate) const MAX_16: usize = 0xffff;
/// The largest `<..2^24-1>`.
pub(crate) const MAX_24: usize = 0xff_ffff;

/// A message, or a part of one, that cannot be read.
pub(crate) fn malformed(what: &'static str, problem: &'static str) -> Error {
    PeerMisbehaved::Malformed { what, problem }.into()
}

/// Bytes yet to be read. `what` names the field in errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes all that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// Takes `len` bytes.
    pub(crate) fn bytes(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let Some((head, tail)) = self.rest.split_at_checked(len) else {
            return Err(malformed(what, "ends early"));
        };
        self.rest = tail;
        Ok(head)
    }

    /// Takes `N` bytes as an array.
    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        let Some((head, tail)) = self.rest.split_first_chunk::<N>() else {
            return Err(malformed(what, "ends early"));
        };
        self.rest = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Error> {
        self.array(what).map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Error> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// Takes a vector's content: a length of `prefix` (1, 2 or 3) bytes, then `min..=max` bytes.
    pub(crate) fn block(
        &mut self,
        prefix: usize,
        min: usize,
        max: usize,
        what: &'static str,
    ) -> Result<&'a [u8], Error> {
        let mut len = 0;
        for byte in self.bytes(prefix, what)? {
            len = (len << 8) | usize::from(*byte);
        }
        if len < min {
            return Err(malformed(what, "shorter than the minimum"));
        }
        if len > max {
            return Err(malformed(what, "longer than the maximum"));
        }
        self.bytes(len, what)
    }

    /// What has been taken since `start`, an earlier state of this reader.
    #[cfg(feature = "legacy")]
    pub(crate) fn since(&self, start: &Self) -> &'a [u8] {
        let len = start.rest.len().saturating_sub(self.rest.len());
        start.rest.get(..len).unwrap_or_default()
    }

    /// Demands that everything has been read.
    pub(crate) fn finish(&self, what: &'static str) -> Result<(), Error> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(malformed(what, "bytes are left over"))
        }
    }
}

/// Writes a vector: a length of `prefix` (1, 2 or 3) bytes, then what `content` appends.
///
/// # Errors
/// `Error::Internal` if the content is not `min..=max` bytes long: the values came from this side, and
/// whoever chose them should have checked. `out` then holds a part of the message and is to be dropped.
pub(crate) fn write_block(
    out: &mut Vec<u8>,
    prefix: usize,
    min: usize,
    max: usize,
    content: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
) -> Result<(), Error> {
    let start = out.len();
    out.resize(start + prefix, 0);
    content(out)?;
    let len = out.len() - start - prefix;
    if !(min..=max).contains(&len) {
        return Err(Error::Internal("vector to be sent is outside its range"));
    }
    let len = len.to_be_bytes();
    let low = len.last_chunk::<3>().map_or(&[][..], |low| low);
    let (Some(field), Some(digits)) = (
        out.get_mut(start..start + prefix),
        low.get(3 - prefix.min(3)..),
    ) else {
        return Err(Error::Internal("length prefix is 1 to 3 bytes"));
    };
    field.copy_from_slice(digits);
    Ok(())
}

pub(crate) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// A value with a wire form of its own.
pub(crate) trait Wire<'a>: Sized {
    /// Takes the value from the front of `reader`; `what` names the field in errors.
    fn read_from(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error>;

    /// As [`read_from`](Self::read_from), and demands that nothing is left behind it.
    fn read_whole(mut reader: Reader<'a>, what: &'static str) -> Result<Self, Error> {
        let value = Self::read_from(&mut reader, what)?;
        reader.finish(what)?;
        Ok(value)
    }

    /// Appends the wire form to `out`.
    ///
    /// # Errors
    /// `Error::Internal` if a vector is outside its range.
    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error>;
}

impl Wire<'_> for u8 {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        reader.u8(what)
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.push(*self);
        Ok(())
    }
}

impl Wire<'_> for u16 {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        reader.u16(what)
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        put_u16(out, *self);
        Ok(())
    }
}

impl Wire<'_> for u32 {
    fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
        reader.u32(what)
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(&self.to_be_bytes());
        Ok(())
    }
}

/// Gives registries their wire form, that of the integer inside.
macro_rules! wire_registries {
    ($($name:ident),+ $(,)?) => {$(
        impl Wire<'_> for crate::parameters::$name {
            fn read_from(reader: &mut Reader<'_>, what: &'static str) -> Result<Self, Error> {
                Wire::read_from(reader, what).map(Self)
            }

            fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
                self.0.encode_to(out)
            }
        }
    )+};
}
wire_registries!(
    CipherSuite,
    NamedGroup,
    ProtocolVersion,
    PskKeyExchangeMode,
    SignatureScheme,
);
#[cfg(feature = "legacy")]
wire_registries!(ClientCertificateType);

/// `opaque name<MIN..MAX>` behind a length of `PREFIX` bytes: borrowed bytes. The range is checked when
/// it is read and when it is encoded, not when it is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opaque<'a, const PREFIX: usize, const MIN: usize, const MAX: usize>(&'a [u8]);

pub(crate) type Opaque8<'a, const MIN: usize, const MAX: usize> = Opaque<'a, 1, MIN, MAX>;
pub(crate) type Opaque16<'a, const MIN: usize, const MAX: usize> = Opaque<'a, 2, MIN, MAX>;
pub(crate) type Opaque24<'a, const MIN: usize, const MAX: usize> = Opaque<'a, 3, MIN, MAX>;

impl<'a, const PREFIX: usize, const MIN: usize, const MAX: usize> Opaque<'a, PREFIX, MIN, MAX> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_slice(&self) -> &'a [u8] {
        self.0
    }
}

impl<const PREFIX: usize, const MIN: usize, const MAX: usize> core::ops::Deref
    for Opaque<'_, PREFIX, MIN, MAX>
{
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl<'a, const PREFIX: usize, const MIN: usize, const MAX: usize> Wire<'a>
    for Opaque<'a, PREFIX, MIN, MAX>
{
    fn read_from(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
        reader.block(PREFIX, MIN, MAX, what).map(Self)
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        write_block(out, PREFIX, MIN, MAX, |out| {
            out.extend_from_slice(self.0);
            Ok(())
        })
    }
}

impl<const PREFIX: usize, const MIN: usize, const MAX: usize> fmt::Debug
    for Opaque<'_, PREFIX, MIN, MAX>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_hex(self.0, f)
    }
}

/// Bytes in hexadecimal, without separators.
pub(crate) fn fmt_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// All bytes up to the end of what surrounds them; they have no length of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest<'a>(pub(crate) &'a [u8]);

impl<'a> Wire<'a> for Rest<'a> {
    fn read_from(reader: &mut Reader<'a>, _: &'static str) -> Result<Self, Error> {
        Ok(Self(reader.rest()))
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.extend_from_slice(self.0);
        Ok(())
    }
}

impl fmt::Debug for Rest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_hex(self.0, f)
    }
}

/// `T name<MIN..MAX>` behind a length of `PREFIX` bytes; `MIN` and `MAX` count bytes, as in the RFC.
pub(crate) struct List<'a, T, const PREFIX: usize, const MIN: usize, const MAX: usize>(
    Items<'a, T>,
);

pub(crate) type List8<'a, T, const MIN: usize, const MAX: usize> = List<'a, T, 1, MIN, MAX>;
pub(crate) type List16<'a, T, const MIN: usize, const MAX: usize> = List<'a, T, 2, MIN, MAX>;
pub(crate) type List24<'a, T, const MIN: usize, const MAX: usize> = List<'a, T, 3, MIN, MAX>;

enum Items<'a, T> {
    /// Read, and known to be a whole number of items.
    Wire(&'a [u8]),
    /// To be sent.
    Values(&'a [T]),
}

impl<'a, T, const PREFIX: usize, const MIN: usize, const MAX: usize> List<'a, T, PREFIX, MIN, MAX> {
    /// A list to be sent. The range is checked when it is encoded.
    pub(crate) fn new(values: &'a [T]) -> Self {
        Self(Items::Values(values))
    }
}

impl<'a, T: Wire<'a> + Clone, const PREFIX: usize, const MIN: usize, const MAX: usize>
    List<'a, T, PREFIX, MIN, MAX>
{
    /// The items by value.
    pub(crate) fn iter(&self) -> ListIter<'a, T> {
        match self.0 {
            Items::Wire(bytes) => ListIter::Wire(Reader::new(bytes)),
            Items::Values(values) => ListIter::Values(values.iter()),
        }
    }

    /// The number of items.
    pub(crate) fn len(&self) -> usize {
        self.iter().count()
    }

    pub(crate) fn contains(&self, item: &T) -> bool
    where
        T: PartialEq,
    {
        self.iter().any(|other| other == *item)
    }
}

/// The items of a [`List`].
pub(crate) enum ListIter<'a, T> {
    Wire(Reader<'a>),
    Values(core::slice::Iter<'a, T>),
}

impl<'a, T: Wire<'a> + Clone> Iterator for ListIter<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self {
            Self::Wire(reader) if reader.is_empty() => None,
            // The bytes were read once already, so that this does not fail.
            Self::Wire(reader) => T::read_from(reader, "list").ok(),
            Self::Values(values) => values.next().cloned(),
        }
    }
}

impl<T> Clone for ListIter<'_, T> {
    fn clone(&self) -> Self {
        match self {
            Self::Wire(reader) => Self::Wire(*reader),
            Self::Values(values) => Self::Values(values.clone()),
        }
    }
}

impl<'a, T: Wire<'a> + Clone, const PREFIX: usize, const MIN: usize, const MAX: usize> IntoIterator
    for List<'a, T, PREFIX, MIN, MAX>
{
    type Item = T;
    type IntoIter = ListIter<'a, T>;

    fn into_iter(self) -> ListIter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Wire<'a> + Clone, const PREFIX: usize, const MIN: usize, const MAX: usize> Wire<'a>
    for List<'a, T, PREFIX, MIN, MAX>
{
    fn read_from(reader: &mut Reader<'a>, what: &'static str) -> Result<Self, Error> {
        let bytes = reader.block(PREFIX, MIN, MAX, what)?;
        let mut items = Reader::new(bytes);
        while !items.is_empty() {
            T::read_from(&mut items, what)?;
        }
        Ok(Self(Items::Wire(bytes)))
    }

    fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        write_block(out, PREFIX, MIN, MAX, |out| match self.0 {
            Items::Wire(bytes) => {
                out.extend_from_slice(bytes);
                Ok(())
            }
            Items::Values(values) => values.iter().try_for_each(|value| value.encode_to(out)),
        })
    }
}

impl<T, const PREFIX: usize, const MIN: usize, const MAX: usize> Clone
    for List<'_, T, PREFIX, MIN, MAX>
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, const PREFIX: usize, const MIN: usize, const MAX: usize> Copy
    for List<'_, T, PREFIX, MIN, MAX>
{
}

impl<T> Clone for Items<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Items<'_, T> {}

impl<'a, T, const PREFIX: usize, const MIN: usize, const MAX: usize> PartialEq
    for List<'a, T, PREFIX, MIN, MAX>
where
    T: Wire<'a> + Clone + PartialEq,
{
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T, const PREFIX: usize, const MIN: usize, const MAX: usize> fmt::Debug
    for List<'a, T, PREFIX, MIN, MAX>
where
    T: Wire<'a> + Clone + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The check of a struct whose fields say all.
pub(crate) fn no_check<T>(_: &T) -> Result<(), Error> {
    Ok(())
}

/// Declares a struct of the presentation language: field order is wire order.
///
/// ```text
/// wire_struct! {
///     /// KeyShareEntry, RFC 8446 Section 4.2.8.
///     pub(crate) struct KeyShareEntry<'a> {
///         pub(crate) group: NamedGroup,
///         pub(crate) key_exchange: Opaque16<'a, 1, MAX_16>,
///     }
/// }
/// ```
///
/// becomes the struct and
///
/// ```text
/// impl<'a> Wire<'a> for KeyShareEntry<'a> {
///     fn read_from(reader: &mut Reader<'a>, _: &'static str) -> Result<Self, Error> {
///         let group = Wire::read_from(reader, "KeyShareEntry.group")?;
///         let key_exchange = Wire::read_from(reader, "KeyShareEntry.key_exchange")?;
///         Ok(Self { group, key_exchange })
///     }
///     fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
///         self.group.encode_to(out)?;
///         self.key_exchange.encode_to(out)?;
///         Ok(())
///     }
/// }
/// ```
///
/// and, for tests, `sample`, which makes a struct with random values. A rule that binds several fields is
/// a function `fn(&Self) -> Result<(), Error>` given after the fields as `check path;`; it runs after reading.
/// (`sample` is then written by hand.)
macro_rules! wire_struct {
    (
        $(#[$doc:meta])*
        pub(crate) struct $name:ident $(<$a:lifetime>)? {
            $( $(#[$field_doc:meta])* pub(crate) $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        crate::message::codec::wire_struct! {
            $(#[$doc])*
            pub(crate) struct $name $(<$a>)? {
                $( $(#[$field_doc])* pub(crate) $field: $type, )*
            }
            check crate::message::codec::no_check;
        }

        #[cfg(test)]
        impl<'a> crate::message::sample::Sample for $name $(<$a>)? {
            #[allow(unused_variables, reason = "a struct may have no fields")]
            fn sample(source: &mut crate::message::sample::Source) -> Self {
                $( let $field = crate::message::sample::Sample::sample(source); )*
                Self { $($field),* }
            }
        }
    };
    (
        $(#[$doc:meta])*
        pub(crate) struct $name:ident $(<$a:lifetime>)? {
            $( $(#[$field_doc:meta])* pub(crate) $field:ident : $type:ty ),* $(,)?
        }
        check $check:path;
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) struct $name $(<$a>)? {
            $( $(#[$field_doc])* pub(crate) $field: $type, )*
        }

        impl<'a> crate::message::codec::Wire<'a> for $name $(<$a>)? {
            #[allow(unused_variables, reason = "a struct may have no fields")]
            fn read_from(
                reader: &mut crate::message::codec::Reader<'a>,
                _: &'static str,
            ) -> Result<Self, crate::error::Error> {
                $(
                    let $field = crate::message::codec::Wire::read_from(
                        reader,
                        concat!(stringify!($name), ".", stringify!($field)),
                    )?;
                )*
                let this = Self { $($field),* };
                $check(&this)?;
                Ok(this)
            }

            // Not by way of `read_from`: a message of 400 bytes would be copied for the check.
            #[allow(unused_mut, unused_variables, reason = "a struct may have no fields")]
            fn read_whole(
                mut reader: crate::message::codec::Reader<'a>,
                what: &'static str,
            ) -> Result<Self, crate::error::Error> {
                $(
                    let $field = crate::message::codec::Wire::read_from(
                        &mut reader,
                        concat!(stringify!($name), ".", stringify!($field)),
                    )?;
                )*
                reader.finish(what)?;
                let this = Self { $($field),* };
                $check(&this)?;
                Ok(this)
            }

            #[allow(unused_variables, reason = "a struct may have no fields")]
            fn encode_to(&self, out: &mut Vec<u8>) -> Result<(), crate::error::Error> {
                $( crate::message::codec::Wire::encode_to(&self.$field, out)?; )*
                Ok(())
            }
        }
    };
}
pub(crate) use wire_struct;
