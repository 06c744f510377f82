//! What a verification costs in heap allocations: the budget of a whole handshake is 40 a side.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod pki;

use std::time::Duration;

use pki::{Ca, NOW};
use warifu::decision::{PeerRole, PresentedChain};
use warifu::pki_types::{ServerName, UnixTime};
use warifu::trust::Trust;

#[test]
fn verification_allocates_nothing() {
    let root = Ca::root("root");
    let one = root.intermediate("one");
    let chain = [one.leaf(), one.certificate.clone()];
    let trust = Trust::builder()
        .with_ca_bytes(&root.certificate)
        .build()
        .unwrap();
    let name = ServerName::try_from("host.example").unwrap();
    for role in [PeerRole::Server(&name), PeerRole::Client] {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
        let presented = PresentedChain::new(&chain, role, now);
        // First with both signatures verified, then with both remembered.
        for _ in 0..2 {
            let cost = allocation_counter::measure(|| assert_eq!(trust.check(&presented), Ok(())));
            assert_eq!(cost.count_total, 0);
        }
    }
}
