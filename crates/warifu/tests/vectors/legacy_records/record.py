#!/usr/bin/env python3
"""Records connections of `openssl s_client` with `openssl s_server` in TLS 1.2 and older, one for each way to protect
records, and writes what both sides sent under keys, with the keys and the contents, to openssl.txt.

The keys come from the key log by the PRF of RFC 5246 Section 5 (RFC 2246 Section 5), the contents from what went in: the
Finished messages are computed from the transcript, application data is a line and its reverse. Nothing is decrypted here.
"""

import hashlib
import hmac
import os
import socket
import subprocess
import tempfile
import threading
import time

LINE = b"one line in the clear"

# OpenSSL's name of the suite, PRF, lengths of MAC key, key and IV (TLS 1.2: implicit part of the nonce).
SUITES = {
    "aes128_gcm": ("PSK-AES128-GCM-SHA256", "sha256", 0, 16, 4),
    "aes256_gcm": ("PSK-AES256-GCM-SHA384", "sha384", 0, 32, 4),
    "chacha20_poly1305": ("PSK-CHACHA20-POLY1305", "sha256", 0, 32, 12),
    "aes128_ccm": ("PSK-AES128-CCM", "sha256", 0, 16, 4),
    "aes256_ccm": ("PSK-AES256-CCM", "sha256", 0, 32, 4),
    "aes128_ccm8": ("PSK-AES128-CCM8", "sha256", 0, 16, 4),
    "aes256_ccm8": ("PSK-AES256-CCM8", "sha256", 0, 32, 4),
    "aes128_sha1": ("PSK-AES128-CBC-SHA", "sha256", 20, 16, 16),
    "aes256_sha1": ("PSK-AES256-CBC-SHA", "sha256", 20, 32, 16),
    "aes128_sha256": ("PSK-AES128-CBC-SHA256", "sha256", 32, 16, 16),
    "aes256_sha384": ("PSK-AES256-CBC-SHA384", "sha384", 48, 32, 16),
}
VERSIONS = {"tls1_2": (0x0303, "-tls1_2"), "tls1_1": (0x0302, "-tls1_1"), "tls1_0": (0x0301, "-tls1")}


def p_hash(name, secret, seed, length):
    out, a = b"", seed
    while len(out) < length:
        a = hmac.digest(secret, a, name)
        out += hmac.digest(secret, a + seed, name)
    return out[:length]


def prf(version, name, secret, label, seed, length):
    if version == 0x0303:
        return p_hash(name, secret, label + seed, length)
    half = (len(secret) + 1) // 2
    md5 = p_hash("md5", secret[:half], label + seed, length)
    sha1 = p_hash("sha1", secret[-half:], label + seed, length)
    return bytes(a ^ b for a, b in zip(md5, sha1))


def transcript_hash(version, name, messages):
    if version == 0x0303:
        return hashlib.new(name, messages).digest()
    return hashlib.md5(messages).digest() + hashlib.sha1(messages).digest()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def forward(source, sink, recorded):
    while data := source.recv(65536):
        recorded += data
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def connect(suite, option, more):
    """Both sides' bytes and the master secret."""
    with tempfile.TemporaryDirectory() as directory:
        key_log = os.path.join(directory, "keys")
        port = free_port()
        both = ["-psk", "77" * 16, "-cipher", suite + ":@SECLEVEL=0", option, *more]
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-nocert", "-rev", "-no_ticket", *both],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        time.sleep(0.3)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            client = subprocess.Popen(
                ["openssl", "s_client", "-connect", "127.0.0.1:%d" % listener.getsockname()[1], "-keylogfile", key_log,
                 "-no_ticket", "-quiet", "-no_ign_eof", *both],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            to_client, _ = listener.accept()
        to_server = socket.create_connection(("127.0.0.1", port))
        from_client, from_server = bytearray(), bytearray()
        threads = [
            threading.Thread(target=forward, args=(to_client, to_server, from_client)),
            threading.Thread(target=forward, args=(to_server, to_client, from_server)),
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        client.stdin.write(LINE + b"\n")
        client.stdin.flush()
        time.sleep(0.3)
        client.stdin.close()
        client.wait(10)
        time.sleep(0.2)
        server.terminate()
        for thread in threads:
            thread.join()
        with open(key_log) as lines:
            [secret] = [line.split()[2] for line in lines if line.startswith("CLIENT_RANDOM")]
        return bytes(from_client), bytes(from_server), bytes.fromhex(secret)


def records(data):
    while data:
        end = 5 + int.from_bytes(data[3:5])
        yield data[:end]
        data = data[end:]


def split(data):
    """Handshake messages before change_cipher_spec, records behind it."""
    messages, protected = b"", None
    for record in records(data):
        if protected is not None:
            protected.append(record)
        elif record[0] == 20:
            protected = []
        else:
            messages += record[5:]
    return messages, protected


def case(out, name, suite, version_name, more):
    openssl_name, prf_hash, mac_len, key_len, iv_len = SUITES[suite]
    version, option = VERSIONS[version_name]
    from_client, from_server, secret = connect(openssl_name, option, more)
    client_messages, client_records = split(from_client)
    server_messages, server_records = split(from_server)
    client_random, server_random = client_messages[6:38], server_messages[6:38]
    if iv_len == 16 and version > 0x0301:
        iv_len = 0
    block = prf(version, prf_hash, secret, b"key expansion", server_random + client_random,
                2 * (mac_len + key_len + iv_len))
    keys = {}
    for what, length in [("mac_key", mac_len), ("key", key_len), ("iv", iv_len)]:
        for side in ["client", "server"]:
            keys[f"{side}_{what}"], block = block[:length], block[length:]

    # ClientHello, the server's flight, ClientKeyExchange.
    hello_len = 4 + int.from_bytes(client_messages[1:4])
    messages = client_messages[:hello_len] + server_messages + client_messages[hello_len:]
    finished = {}
    for side in ["client", "server"]:
        digest = transcript_hash(version, prf_hash, messages)
        finished[side] = b"\x14\0\0\x0c" + prf(version, prf_hash, secret, side.encode() + b" finished", digest, 12)
        messages += finished[side]

    out.write(f"\n# {openssl_name}, {' '.join([option, *more])}\n")
    out.write(f"{name}.version = {version:04x}\n")
    for key, value in keys.items():
        if value:
            out.write(f"{name}.{key} = {value.hex()}\n")
    for side, sent, data in [("client", client_records, LINE + b"\n"), ("server", server_records, LINE[::-1] + b"\n")]:
        contents = [finished[side], data, b"\x01\0"]
        if version == 0x0301:
            # OpenSSL's countermeasure against BEAST.
            contents.insert(1, b"")
        # A server that is ended by force sends no close_notify.
        assert len(contents) - 1 <= len(sent) <= len(contents), (name, side, len(sent))
        for number, (record, content) in enumerate(zip(sent, contents)):
            out.write(f"{name}.{side}_record_{number} = {record.hex()}\n")
            out.write(f"{name}.{side}_content_{number} = {content.hex()}\n")


def main():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "openssl.txt")
    with open(path, "w") as out:
        version = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split()
        out.write(f"# Recorded by record.py from OpenSSL {version[1]}.\n")
        for suite in SUITES:
            cbc = SUITES[suite][2] > 0
            case(out, suite, suite, "tls1_2", ["-no_etm"] if cbc else [])
            if cbc:
                case(out, f"{suite}_etm", suite, "tls1_2", [])
        for version_name in ["tls1_1", "tls1_0"]:
            for suite in ["aes128_sha1", "aes256_sha1"]:
                case(out, f"{suite}_{version_name}", suite, version_name, ["-no_etm"])
                case(out, f"{suite}_etm_{version_name}", suite, version_name, [])


if __name__ == "__main__":
    main()
