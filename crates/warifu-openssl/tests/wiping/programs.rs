//! The same for whole programs: one in C with the library in C, and the program `warifu`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::search::{Freed, Secrets, hex, unhex};
use crate::{PASSPHRASE, files, is_clean, scratch, secrets, succeeds, succeeds_with, watch};

/// Where cargo has put the libraries: beside the program of this test.
fn built() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().unwrap().to_owned()
}

/// C with the library in C.
pub(crate) fn in_c() {
    let crate_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (program, told) = (scratch().join("api"), scratch().join("api.told"));
    succeeds(
        Command::new("cc")
            .args(["-std=c99", "-g", "-O1", "-D_GNU_SOURCE"])
            .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
            .arg(crate_directory.join("include"))
            .arg(crate_directory.join("tests/wiping/api.c"))
            .arg(built().join("libwarifu_ssl.a"))
            .args(["-lm", "-ldl", "-lpthread", "-o"])
            .arg(&program),
    );
    let freed = scratch().join("api.freed");
    let mut command = Command::new(program);
    command.arg(files()).arg(&told).arg(PASSPHRASE);
    watch(&mut command, &freed);
    let process = succeeds(&mut command);
    let secrets = secrets(&std::fs::read_to_string(told).unwrap());
    is_clean("api", &Freed::of(&freed, process).search(&secrets));
}

/// The program `warifu`, built now if it is not.
fn warifu() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let directory = built().parent().unwrap().to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        // The whole workspace, as when it is tested: with the same features nothing is built again.
        cargo
            .args(["build", "--quiet", "--locked", "--workspace"])
            .args(["--bin", "warifu"])
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if directory.ends_with("release") {
            cargo.arg("--release");
        }
        succeeds(&mut cargo);
        directory.join("warifu")
    })
}

/// A run of the program in a directory of its own.
struct Runs {
    directory: PathBuf,
    /// What the environment has as KEYS.
    keys: String,
    records: Vec<(String, PathBuf, u32)>,
}

impl Runs {
    fn new(name: &str) -> Self {
        let directory = scratch().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        Self {
            directory,
            keys: String::new(),
            records: Vec::new(),
        }
    }

    fn command(&self, arguments: &[&str]) -> (Command, PathBuf) {
        let freed = self.directory.join(format!("{}.freed", self.records.len()));
        let mut command = Command::new(warifu());
        command
            .args(arguments)
            .env("PASSPHRASE", PASSPHRASE)
            .env("KEYS", &self.keys)
            .current_dir(&self.directory);
        watch(&mut command, &freed);
        (command, freed)
    }

    fn run(&mut self, arguments: &[&str]) {
        self.run_with(arguments, "");
    }

    fn run_with(&mut self, arguments: &[&str], input: &str) {
        let (mut command, freed) = self.command(arguments);
        let process = succeeds_with(&mut command, input.as_bytes());
        self.records.push((arguments.join(" "), freed, process));
    }

    fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let file = self.directory.join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.directory.join(name)).unwrap()
    }

    #[track_caller]
    fn are_clean(self, secrets: &Secrets) {
        for (name, freed, process) in self.records {
            is_clean(&name, &Freed::of(&freed, process).search(secrets));
        }
    }
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    warifu_crypto::random::fill(&mut bytes).unwrap();
    bytes
}

/// Files of pre-shared keys, in all formats.
pub(crate) fn keys() {
    let mut runs = Runs::new("keys");
    let mut secrets = Secrets::new();
    let key = random();
    secrets.add("key", &key);
    secrets.add("passphrase", PASSPHRASE.as_bytes());
    let base64 = crate::search::base64(&key[..30]);
    runs.write(
        "keys.psk",
        &format!(
            "# keys\nalice:{0}\nhex:626f62:hex:{0}\ncarol:base64:{base64}\ndave:text:{PASSPHRASE}\n",
            hex(&key)
        ),
    );
    runs.write("zabbix.psk", &format!("{}\n", hex(&key)));
    runs.run(&["psk", "list", "keys.psk"]);
    runs.run(&["psk", "check", "keys.psk"]);
    // A pipe tells no length.
    let text = runs.read("keys.psk");
    runs.run_with(&["psk", "list", "/dev/stdin"], &text);
    for format in ["native", "mosquitto", "gnutls", "stunnel"] {
        let out = format!("keys.{format}");
        runs.run(&["psk", "convert", "keys.psk", "--to", format, "--out", &out]);
        runs.run(&["psk", "convert", &out, "--format", format, "--to", "native"]);
        runs.run(&["psk", "check", &out, "--format", format]);
    }
    runs.run(&["psk", "check", "zabbix.psk", "--psk-identity", "alice"]);
    runs.run(&["psk", "gen", "erin", "--out", "erin.psk"]);
    runs.run(&["psk", "gen", "frank", "--append", "erin.psk"]);
    for line in runs.read("erin.psk").lines() {
        if let Some((_, digits)) = line.rsplit_once(':') {
            secrets.add("new key", &unhex(digits));
        }
    }
    runs.are_clean(&secrets);
}

/// Private keys, in the clear and encrypted.
pub(crate) fn certificates() {
    let mut runs = Runs::new("certificates");
    let mut secrets = secrets("");
    secrets.add("passphrase", PASSPHRASE.as_bytes());
    let encrypt = ["--encrypt", "env:PASSPHRASE"];
    runs.run(&[&["cert", "ca", "--out", "ca"][..], &encrypt].concat());
    for kind in ["p256", "ed25519", "rsa2048"] {
        let made = [
            &["cert", "server", "localhost", "--kind", kind, "--out", kind][..],
            &["--ca", "ca.crt", "--ca-key", "ca.key"],
            &["--ca-passphrase", "env:PASSPHRASE"],
        ];
        runs.run(&made.concat());
        let (certificate, key) = (format!("{kind}.crt"), format!("{kind}.key"));
        runs.run(&["cert", "show", &key]);
        runs.run(&["cert", "check", &certificate, "--key", &key]);
        secrets.add_private_key(&key, &runs.directory.join(&key));
    }
    secrets.add_private_key("ca.key", &runs.directory.join("ca.key"));
    runs.are_clean(&secrets);
}

/// A server and its clients.
pub(crate) fn connections() {
    let key = random();
    let mut all = String::new();
    let mut runs = Runs::new("connections");
    runs.write("keys.psk", &format!("alice:{}\n", hex(&key)));
    let file = |name: &str| files().join(name).to_str().unwrap().to_owned();
    let (certificate, private_key) = (file("server.crt"), file("encrypted_aes256.key"));
    let with_certificate: [&str; 6] = [
        "--cert",
        &certificate,
        "--key",
        &private_key,
        "--passphrase",
        "env:PASSPHRASE",
    ];
    let with_key = ["--psk-file", "keys.psk"];
    let ca = file("ca.crt");
    let trusting = ["--ca", &ca, "--resume", "session", "-q"];
    let knowing = ["--psk-file", "keys.psk", "-q"];
    let told = ["--psk-env", "KEYS", "-q"];
    runs.keys = runs.read("keys.psk");
    for (ours, first, second) in [
        (&with_certificate[..], &trusting[..], &trusting[..]),
        (&with_key, &knowing, &told),
    ] {
        for version in ["1.2", "1.3"] {
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let address = format!("127.0.0.1:{port}");
            let both = ["--tls", version, "--keylog", "keylog"];
            let server = ["server", &address, "-q"];
            let arguments = [&server[..], &both, ours].concat();
            let (mut command, freed) = runs.command(&arguments);
            command.stdin(Stdio::null()).stdout(Stdio::null());
            let mut server = command.spawn().unwrap();
            let record = (arguments.join(" "), freed, server.id());
            runs.records.push(record);
            wait_for(port);
            for (theirs, input) in [(first, "hello\n"), (second, "hello\nshutdown\n")] {
                runs.run_with(&[&["client", &address][..], &both, theirs].concat(), input);
            }
            assert!(server.wait().unwrap().success());
            let _ = std::fs::remove_file(runs.directory.join("session"));
        }
    }
    for line in runs
        .read("keylog")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        all.push_str(line);
        all.push('\n');
    }
    all.push_str(&format!(
        "PSK key {}\nSECRET passphrase {}\n",
        hex(&key),
        hex(PASSPHRASE.as_bytes())
    ));
    runs.are_clean(&secrets(&all));
}

/// Waits until somebody listens at a port, without connecting: the server would count it.
fn wait_for(port: u16) {
    let wanted = format!(":{port:04X} ");
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let listens = |line: &str| line.contains(&wanted) && line.contains(":0000 0A ");
        if table.lines().any(listens) {
            return;
        }
        assert!(Instant::now() < end, "nobody listens at {port}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
