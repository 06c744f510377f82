//! The cells of the interoperability suite, and the tables of their results.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use libtest_mimic::{Arguments, Trial};
use warifu_interop::peer::Stack;
use warifu_interop::pki;
use warifu_interop::table::Table;

mod features;
mod matrix;
mod refusals;
mod web;

fn main() {
    let mut trials: Vec<Trial> = Vec::new();
    let tables = [
        matrix::suites_and_groups(&mut trials),
        matrix::keys(&mut trials),
        matrix::retries(&mut trials),
        features::features(&mut trials),
        refusals::refusals(&mut trials),
        web::web(&mut trials),
    ];
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
    println!(
        "peers: {}, {}, {}",
        Stack::OpenSsl,
        Stack::GnuTls,
        Stack::Rustls
    );
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
