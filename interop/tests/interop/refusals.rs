//! What one side refuses, and what the other is told: the error here, the alert there.
use libtest_mimic::Trial;
use warifu_interop::table::Table;

pub fn refusals(_trials: &mut Vec<Trial>) -> Table {
    Table::new("refusal")
}
