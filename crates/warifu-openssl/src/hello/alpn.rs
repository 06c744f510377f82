//! Lists of application protocols (RFC 7301): names of 1 to 255 bytes, each behind a byte with its length.

/// The names of a list; `None` if it is not one.
pub(crate) fn names(mut list: &[u8]) -> Option<Vec<&[u8]>> {
    let mut names = Vec::new();
    while let Some((&len, rest)) = list.split_first() {
        let (name, behind) = rest.split_at_checked(len.into())?;
        if name.is_empty() {
            return None;
        }
        names.push(name);
        list = behind;
    }
    Some(names)
}

/// What `SSL_select_next_proto` finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection<'a> {
    /// The server's best that the client has too.
    Common(&'a [u8]),
    /// There is none; the client's first, empty if it has none.
    ClientsFirst(&'a [u8]),
}

/// Selects by the server's preference. A list that is malformed has nothing in common with any.
pub(crate) fn select<'a>(server: &'a [u8], client: &'a [u8]) -> Selection<'a> {
    let clients = names(client).unwrap_or_default();
    let mut servers = names(server).unwrap_or_default().into_iter();
    match servers.find(|name| clients.contains(name)) {
        Some(name) => Selection::Common(name),
        None => Selection::ClientsFirst(clients.first().copied().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_whole_or_not_at_all() {
        assert_eq!(names(b""), Some(vec![]));
        assert_eq!(
            names(b"\x02h2\x08http/1.1"),
            Some(vec![&b"h2"[..], b"http/1.1"])
        );
        for bad in [&b"\x00"[..], b"\x03h2", b"\x02h2\x00", b"\x02h2\x05h"] {
            assert_eq!(names(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_servers_order_counts() {
        let common = Selection::Common(&b"b"[..]);
        assert_eq!(select(b"\x01c\x01b\x01a", b"\x01a\x01b"), common);
        assert_eq!(
            select(b"\x01c", b"\x01a\x01b"),
            Selection::ClientsFirst(b"a")
        );
        assert_eq!(select(b"\x01c", b""), Selection::ClientsFirst(b""));
        assert_eq!(select(b"\x09c", b"\x01c"), Selection::ClientsFirst(b"c"));
        assert_eq!(select(b"\x01c", b"\x09c"), Selection::ClientsFirst(b""));
    }
}
