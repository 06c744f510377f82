//! External pre-shared keys.

use libtest_mimic::Trial;
use warifu::parameters::NamedGroup;
use warifu_interop::meeting::introduce;
use warifu_interop::peer::{Built, Kind, Role, Stack};
use warifu_interop::psk::{Certificate, Hash, Modes, Psk};
use warifu_interop::table::Table;

/// A way to use a key: its name, the key, and whether the client's first share is of another group than the server's.
type Use = (&'static str, Psk, bool);

/// The rows: mode, hash, retry, form, and what else authenticates.
fn uses() -> Vec<Use> {
    let sha384 = || Psk {
        hash: Hash::Sha384,
        ..Psk::default()
    };
    let ke = |psk: Psk| Psk {
        modes: Modes::PskKe,
        ..psk
    };
    let imported = |psk: Psk| Psk {
        import: Some("interop"),
        ..psk
    };
    vec![
        ("psk_dhe_ke SHA-256", Psk::default(), false),
        ("psk_dhe_ke SHA-384", sha384(), false),
        ("psk_dhe_ke SHA-256 retry", Psk::default(), true),
        ("psk_dhe_ke SHA-384 retry", sha384(), true),
        ("psk_ke SHA-256", ke(Psk::default()), false),
        ("psk_ke SHA-384", ke(sha384()), false),
        ("imported SHA-256", imported(Psk::default()), false),
        ("imported SHA-384", imported(sha384()), false),
        (
            "imported SHA-256 for SHA-384",
            Psk {
                target: Some(Hash::Sha384),
                ..imported(Psk::default())
            },
            false,
        ),
        ("imported SHA-256 retry", imported(Psk::default()), true),
        (
            "imported psk_ke SHA-256",
            imported(ke(Psk::default())),
            false,
        ),
        (
            "certificate beside the key",
            Psk {
                certificate: Certificate::Beside,
                ..Psk::default()
            },
            false,
        ),
    ]
}

const STACKS: [Stack; 5] = [
    Stack::OpenSsl,
    Stack::GnuTls,
    Stack::Built(Built::WolfSsl),
    Stack::Built(Built::PureCrypto),
    Stack::Built(Built::BoringSsl),
];

/// The peers with each other, so that a cell of ours that fails is not the peer's, nor of how it is told.
pub fn peers(trials: &mut Vec<Trial>) -> Table {
    let mut table = Table::new("psk, peers alone");
    for (row, psk, retry) in uses() {
        for [server, client] in pairs() {
            let kinds = [
                Kind::new(server, Role::Server),
                Kind::new(client, Role::Client),
            ];
            let column = format!("{}+{}", kinds[0], kinds[1]);
            let lacks = |kind: &Kind| kind.lacks_psk(&psk, retry);
            match kinds.iter().find_map(lacks) {
                Some(reason) => table.empty(row, &column, reason),
                None => {
                    let psk = psk.clone();
                    table.cell(trials, row, &column, move || {
                        pair([server, client], &psk, retry);
                    });
                }
            }
        }
    }
    table
}

/// Each with itself, and purecrypto, which has the most, with each other one.
fn pairs() -> Vec<[Stack; 2]> {
    let pure = Stack::Built(Built::PureCrypto);
    let others = STACKS.into_iter().filter(|stack| *stack != pure);
    let mut pairs: Vec<_> = STACKS.into_iter().map(|stack| [stack; 2]).collect();
    for other in others {
        pairs.extend([[pure, other], [other, pure]]);
    }
    pairs
}

fn pair(stacks: [Stack; 2], psk: &Psk, retry: bool) {
    let (one, other) = (NamedGroup::X25519, NamedGroup::SECP384R1);
    let group = (psk.modes == Modes::PskDheKe).then_some(if retry { other } else { one });
    match (retry, psk.modes) {
        (true, _) => introduce(stacks, psk, [&[other], &[one, other]], group),
        // s_server takes psk_ke only where no group is in common.
        (false, Modes::PskKe) => introduce(stacks, psk, [&[other], &[one]], group),
        (false, _) => introduce(stacks, psk, [&[one], &[one]], group),
    }
}
