//! The cells of the interoperability suite, and the tables of their results.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use libtest_mimic::{Arguments, Trial};
use warifu_interop::peer::{Built, Stack, wolfssl};
use warifu_interop::pki;
use warifu_interop::table::Table;

mod capture;
mod devices;
mod features;
mod legacy;
mod legacy_features;
mod legacy_refusals;
mod legacy_resumption;
mod matrix;
mod psk;
mod refusals;
mod resumption;
mod web;

fn main() {
    let mut trials: Vec<Trial> = Vec::new();
    let tables = [
        matrix::suites_and_groups(&mut trials),
        matrix::keys(&mut trials),
        matrix::retries(&mut trials),
        features::features(&mut trials),
        refusals::refusals(&mut trials),
        resumption::resumption(&mut trials),
        psk::with_us(&mut trials),
        psk::peers(&mut trials),
        legacy::suites(&mut trials),
        legacy::groups(&mut trials),
        legacy::authentication(&mut trials),
        legacy_features::features(&mut trials),
        legacy_refusals::refusals(&mut trials),
        legacy_resumption::resumption(&mut trials),
        devices::devices(&mut trials),
        web::web(&mut trials),
        capture::capture(&mut trials),
    ];
    trials.push(Trial::test("one-aws-lc", || {
        one_aws_lc();
        Ok(())
    }));
    let mut arguments = Arguments::from_args();
    // Most of a cell's time is waiting for processes.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    let listing = arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !listing {
        report(&tables);
        pki::remove();
    }
    conclusion.exit();
}

fn report(tables: &[Table]) {
    let stacks = [
        Stack::OpenSsl,
        Stack::GnuTls,
        Stack::Rustls,
        Stack::Built(Built::BoringSsl),
        Stack::Built(Built::WolfSsl),
        Stack::Built(Built::PureCrypto),
    ];
    let mut names: Vec<_> = stacks.iter().map(ToString::to_string).collect();
    names.extend(wolfssl::version().map(|version| format!("wolfSSL's examples {version}")));
    println!("peers: {}", names.join(", "));
    let mut total = [0; 3];
    for table in tables {
        print!("{}", table.print());
        for (sum, count) in total.iter_mut().zip(table.counts()) {
            *sum += count;
        }
    }
    let [passed, failed, empty] = total;
    println!("\ncells: {passed} ok, {failed} failed, {empty} empty");
}

/// The versions of AWS-LC are those of the workspace under test: rustls beside us must not bring another.
fn one_aws_lc() {
    let versions = |lock: &str| -> Vec<String> {
        let lines: Vec<_> = lock.lines().collect();
        lines
            .windows(2)
            .filter(|pair| pair[0].starts_with("name = \"aws-lc-"))
            .map(|pair| pair.concat())
            .collect()
    };
    let ours = versions(include_str!("../../../Cargo.lock"));
    assert_eq!(versions(include_str!("../../Cargo.lock")), ours);
    assert_eq!(ours.len(), 2, "{ours:?}");
}
