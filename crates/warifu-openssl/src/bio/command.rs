//! Numbers of the API: kinds of BIOs, flags, commands of `BIO_ctrl`. As in OpenSSL's headers.
#![allow(dead_code)] // The C headers have them all.

use core::ffi::c_int;

pub(crate) const TYPE_DESCRIPTOR: c_int = 0x0100;
pub(crate) const TYPE_FILTER: c_int = 0x0200;
pub(crate) const TYPE_SOURCE_SINK: c_int = 0x0400;
pub(crate) const TYPE_MASK: c_int = 0xff;
pub(crate) const TYPE_MEM: c_int = 1 | TYPE_SOURCE_SINK;
pub(crate) const TYPE_FILE: c_int = 2 | TYPE_SOURCE_SINK;
pub(crate) const TYPE_FD: c_int = 4 | TYPE_SOURCE_SINK | TYPE_DESCRIPTOR;
pub(crate) const TYPE_SOCKET: c_int = 5 | TYPE_SOURCE_SINK | TYPE_DESCRIPTOR;
pub(crate) const TYPE_NULL: c_int = 6 | TYPE_SOURCE_SINK;
pub(crate) const TYPE_SSL: c_int = 7 | TYPE_FILTER;
pub(crate) const TYPE_BUFFER: c_int = 9 | TYPE_FILTER;
pub(crate) const TYPE_BASE64: c_int = 11 | TYPE_FILTER;
pub(crate) const TYPE_CONNECT: c_int = 12 | TYPE_SOURCE_SINK | TYPE_DESCRIPTOR;
pub(crate) const TYPE_ACCEPT: c_int = 13 | TYPE_SOURCE_SINK | TYPE_DESCRIPTOR;
pub(crate) const TYPE_NULL_FILTER: c_int = 17 | TYPE_FILTER;
pub(crate) const TYPE_BIO: c_int = 19 | TYPE_SOURCE_SINK;
/// The last number that is not a program's.
pub(crate) const TYPE_START: c_int = 128;

pub(crate) const NOCLOSE: c_int = 0;
pub(crate) const CLOSE: c_int = 1;

pub(crate) const FLAG_READ: c_int = 0x01;
pub(crate) const FLAG_WRITE: c_int = 0x02;
pub(crate) const FLAG_SPECIAL: c_int = 0x04;
pub(crate) const FLAGS_RWS: c_int = FLAG_READ | FLAG_WRITE | FLAG_SPECIAL;
pub(crate) const FLAG_SHOULD_RETRY: c_int = 0x08;
pub(crate) const FLAGS_RETRY: c_int = FLAGS_RWS | FLAG_SHOULD_RETRY;
pub(crate) const FLAG_BASE64_NO_NL: c_int = 0x100;
pub(crate) const FLAG_MEM_RDONLY: c_int = 0x200;
pub(crate) const FLAG_NONCLEAR_RST: c_int = 0x400;
pub(crate) const FLAG_IN_EOF: c_int = 0x800;

pub(crate) const RR_SSL_X509_LOOKUP: c_int = 1;
pub(crate) const RR_CONNECT: c_int = 2;
pub(crate) const RR_ACCEPT: c_int = 3;

pub(crate) const CTRL_RESET: c_int = 1;
pub(crate) const CTRL_EOF: c_int = 2;
pub(crate) const CTRL_INFO: c_int = 3;
pub(crate) const CTRL_SET: c_int = 4;
pub(crate) const CTRL_GET: c_int = 5;
pub(crate) const CTRL_PUSH: c_int = 6;
pub(crate) const CTRL_POP: c_int = 7;
pub(crate) const CTRL_GET_CLOSE: c_int = 8;
pub(crate) const CTRL_SET_CLOSE: c_int = 9;
pub(crate) const CTRL_PENDING: c_int = 10;
pub(crate) const CTRL_FLUSH: c_int = 11;
pub(crate) const CTRL_DUP: c_int = 12;
pub(crate) const CTRL_WPENDING: c_int = 13;
pub(crate) const CTRL_SET_CALLBACK: c_int = 14;
pub(crate) const CTRL_GET_CALLBACK: c_int = 15;
pub(crate) const CTRL_PEEK: c_int = 29;
pub(crate) const CTRL_SET_FILENAME: c_int = 30;

pub(crate) const SET_CONNECT: c_int = 100;
pub(crate) const DO_STATE_MACHINE: c_int = 101;
pub(crate) const SET_NBIO: c_int = 102;
pub(crate) const SET_FD: c_int = 104;
pub(crate) const GET_FD: c_int = 105;
pub(crate) const SET_FILE_PTR: c_int = 106;
pub(crate) const GET_FILE_PTR: c_int = 107;
pub(crate) const SET_FILENAME: c_int = 108;
pub(crate) const SET_SSL: c_int = 109;
pub(crate) const GET_SSL: c_int = 110;
pub(crate) const SET_BUF_MEM: c_int = 114;
pub(crate) const GET_BUF_MEM_PTR: c_int = 115;
pub(crate) const GET_BUFF_NUM_LINES: c_int = 116;
pub(crate) const SET_BUFF_SIZE: c_int = 117;
pub(crate) const SET_ACCEPT: c_int = 118;
pub(crate) const SSL_MODE: c_int = 119;
pub(crate) const SET_BUFF_READ_DATA: c_int = 122;
pub(crate) const GET_CONNECT: c_int = 123;
pub(crate) const GET_ACCEPT: c_int = 124;
pub(crate) const SET_SSL_RENEGOTIATE_BYTES: c_int = 125;
pub(crate) const GET_SSL_NUM_RENEGOTIATES: c_int = 126;
pub(crate) const SET_SSL_RENEGOTIATE_TIMEOUT: c_int = 127;
pub(crate) const FILE_SEEK: c_int = 128;
pub(crate) const SET_BUF_MEM_EOF_RETURN: c_int = 130;
pub(crate) const SET_BIND_MODE: c_int = 131;
pub(crate) const GET_BIND_MODE: c_int = 132;
pub(crate) const FILE_TELL: c_int = 133;
pub(crate) const SET_WRITE_BUF_SIZE: c_int = 136;
pub(crate) const GET_WRITE_BUF_SIZE: c_int = 137;
pub(crate) const MAKE_BIO_PAIR: c_int = 138;
pub(crate) const DESTROY_BIO_PAIR: c_int = 139;
pub(crate) const GET_WRITE_GUARANTEE: c_int = 140;
pub(crate) const GET_READ_REQUEST: c_int = 141;
pub(crate) const SHUTDOWN_WR: c_int = 142;
pub(crate) const NREAD0: c_int = 143;
pub(crate) const NREAD: c_int = 144;
pub(crate) const NWRITE0: c_int = 145;
pub(crate) const NWRITE: c_int = 146;
pub(crate) const RESET_READ_REQUEST: c_int = 147;
pub(crate) const SET_CONNECT_MODE: c_int = 155;
