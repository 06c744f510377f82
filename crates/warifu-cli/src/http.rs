//! `warifu server --http`: enough of HTTP/1.1 for a browser or curl to see that the connection works.

use std::io::{self, BufRead, Read, Write};

/// A request head longer than this is refused with 431 (RFC 6585 Section 5).
const MAX_HEAD_LEN: u64 = 16 * 1024;

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Whether the connection stays open for another request.
    pub(crate) keep_alive: bool,
}

/// How reading a request ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Request(Request),
    /// The client closed the connection instead.
    End,
    /// Not HTTP/1.x, or too long: the status to answer with.
    Bad(&'static str),
}

/// Reads the head of a request (RFC 9112 Section 2). A body is not expected: GET and HEAD have none.
pub(crate) fn read_request(stream: &mut impl BufRead) -> io::Result<Received> {
    let mut head = Vec::new();
    let mut limited = Read::take(stream, MAX_HEAD_LEN);
    loop {
        let before = head.len();
        if limited.read_until(b'\n', &mut head)? == 0 {
            return Ok(if head.is_empty() {
                Received::End
            } else if limited.limit() == 0 {
                Received::Bad("431 Request Header Fields Too Large")
            } else {
                Received::Bad("400 Bad Request")
            });
        }
        let line = head.get(before..).unwrap_or_default();
        let is_empty = matches!(line, b"\r\n" | b"\n");
        // Section 2.2: empty lines before the request line are to be ignored.
        if is_empty && before == 0 {
            head.clear();
        } else if is_empty {
            break;
        }
    }
    Ok(parse(&String::from_utf8_lossy(&head)))
}

fn parse(head: &str) -> Received {
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or("").split(' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next())
    else {
        return Received::Bad("400 Bad Request");
    };
    if !version.starts_with("HTTP/1.") {
        return Received::Bad("505 HTTP Version Not Supported");
    }
    let close = lines
        .filter_map(|line| line.split_once(':'))
        .any(|(name, value)| {
            name.eq_ignore_ascii_case("connection") && value.trim().eq_ignore_ascii_case("close")
        });
    Received::Request(Request {
        method: method.to_owned(),
        target: target.to_owned(),
        keep_alive: version == "HTTP/1.1" && !close,
    })
}

/// Answers a request with a page that shows `summary`.
pub(crate) fn answer(
    stream: &mut impl Write,
    request: &Request,
    summary: &[String],
) -> io::Result<()> {
    let (status, body) = match request.method.as_str() {
        "GET" | "HEAD" => ("200 OK", page(summary)),
        _ => (
            "405 Method Not Allowed",
            "<p>Only GET and HEAD.</p>\n".to_owned(),
        ),
    };
    let body_sent = if request.method == "HEAD" { "" } else { &body };
    write_response(stream, status, body.len(), body_sent, request.keep_alive)
}

/// Refuses what is no request.
pub(crate) fn refuse(stream: &mut impl Write, status: &str) -> io::Result<()> {
    let body = format!("<p>{status}</p>\n");
    write_response(stream, status, body.len(), &body, false)
}

fn write_response(
    stream: &mut impl Write,
    status: &str,
    len: usize,
    body: &str,
    keep_alive: bool,
) -> io::Result<()> {
    let connection = if keep_alive { "keep-alive" } else { "close" };
    // One write, one record: head and body arrive together.
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len}\r\n\
         Cache-Control: no-store\r\nConnection: {connection}\r\n\r\n{body}"
    );
    stream.write_all(response.as_bytes())?;
    stream.flush()
}

fn page(summary: &[String]) -> String {
    let mut body = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>warifu</title></head>\n\
         <body><h1>warifu</h1>\n<pre>\n",
    );
    for line in summary {
        for c in line.chars() {
            match c {
                '<' => body.push_str("&lt;"),
                '>' => body.push_str("&gt;"),
                '&' => body.push_str("&amp;"),
                c => body.push(c),
            }
        }
        body.push('\n');
    }
    body.push_str("</pre></body></html>\n");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Received {
        read_request(&mut io::Cursor::new(bytes.to_vec())).unwrap()
    }

    #[test]
    fn requests_are_understood_and_others_refused() {
        let request = |target: &str, keep_alive| {
            Received::Request(Request {
                method: "GET".to_owned(),
                target: target.to_owned(),
                keep_alive,
            })
        };
        assert_eq!(
            read(b"\r\nGET /a HTTP/1.1\r\nHost: b\r\n\r\n"),
            request("/a", true)
        );
        assert_eq!(
            read(b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"),
            request("/", false)
        );
        assert_eq!(read(b"GET / HTTP/1.0\n\n"), request("/", false));
        assert_eq!(read(b""), Received::End);
        assert_eq!(read(b"hello\n\n"), Received::Bad("400 Bad Request"));
        assert_eq!(
            read(b"GET / HTTP/2\r\n\r\n"),
            Received::Bad("505 HTTP Version Not Supported")
        );
        let long = [b"GET / HTTP/1.1\r\nA: ".as_slice(), &[b'a'; 20_000]].concat();
        assert_eq!(
            read(&long),
            Received::Bad("431 Request Header Fields Too Large")
        );
    }

    #[test]
    fn peers_names_cannot_put_markup_into_the_page() {
        assert!(page(&["<script>&".to_owned()]).contains("&lt;script&gt;&amp;"));
    }
}
