//! The results, as tables to read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use libtest_mimic::{Failed, Trial};

/// What became of a cell.
#[derive(Debug, Clone)]
enum Outcome {
    /// Chosen not to run, by a filter of the command line.
    NotRun,
    Passed,
    Failed,
    /// There is nothing to run, for this reason.
    Empty(String),
}

/// A table of cells under construction, and of their outcomes afterwards.
pub struct Table {
    title: &'static str,
    rows: Vec<String>,
    columns: Vec<String>,
    outcomes: Arc<Mutex<BTreeMap<(String, String), Outcome>>>,
}

impl Table {
    pub fn new(title: &'static str) -> Self {
        Self {
            title,
            rows: Vec::new(),
            columns: Vec::new(),
            outcomes: Arc::default(),
        }
    }

    /// A cell with a test in it, named `title/column/row`.
    pub fn cell(
        &mut self,
        trials: &mut Vec<Trial>,
        row: &str,
        column: &str,
        test: impl FnOnce() + Send + 'static,
    ) {
        self.set(row, column, Outcome::NotRun);
        let outcomes = self.outcomes.clone();
        let key = (row.to_owned(), column.to_owned());
        let name = format!("{}/{column}/{row}", self.title).replace(' ', "-");
        trials.push(Trial::test(name, move || {
            outcomes
                .lock()
                .unwrap()
                .insert(key.clone(), Outcome::Failed);
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
            match result {
                Ok(()) => {
                    outcomes.lock().unwrap().insert(key, Outcome::Passed);
                    Ok(())
                }
                Err(panic) => {
                    let text = panic
                        .downcast_ref::<String>()
                        .cloned()
                        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                    Err(Failed::from(text.unwrap_or_default()))
                }
            }
        }));
    }

    /// A cell that cannot have a test, and why.
    pub fn empty(&mut self, row: &str, column: &str, reason: impl Into<String>) {
        self.set(row, column, Outcome::Empty(reason.into()));
    }

    fn set(&mut self, row: &str, column: &str, outcome: Outcome) {
        if !self.rows.iter().any(|known| known == row) {
            self.rows.push(row.to_owned());
        }
        if !self.columns.iter().any(|known| known == column) {
            self.columns.push(column.to_owned());
        }
        self.outcomes
            .lock()
            .unwrap()
            .insert((row.to_owned(), column.to_owned()), outcome);
    }

    /// The table, and the reasons of its empty cells below it. Nothing, if no cell of it was run.
    pub fn print(&self) -> String {
        let outcomes = self.outcomes.lock().unwrap();
        if outcomes
            .values()
            .all(|outcome| matches!(outcome, Outcome::NotRun | Outcome::Empty(_)))
        {
            return String::new();
        }
        let mut reasons: Vec<&str> = Vec::new();
        let first = self.rows.iter().map(String::len).max().unwrap_or(0);
        let mut text = format!("\n{:first$}", self.title);
        for column in &self.columns {
            let _ = write!(text, "  {column}");
        }
        text.push('\n');
        for row in &self.rows {
            let _ = write!(text, "{row:first$}");
            for column in &self.columns {
                let width = column.len();
                let mark = match outcomes.get(&(row.clone(), column.clone())) {
                    Some(Outcome::Passed) => "ok".to_owned(),
                    Some(Outcome::Failed) => "FAIL".to_owned(),
                    Some(Outcome::NotRun) => "?".to_owned(),
                    Some(Outcome::Empty(reason)) => {
                        let known = reasons.iter().position(|known| known == reason);
                        let index = known.unwrap_or_else(|| {
                            reasons.push(reason);
                            reasons.len() - 1
                        });
                        format!("({})", index + 1)
                    }
                    None => String::new(),
                };
                let _ = write!(text, "  {mark:width$}");
            }
            let end = text.trim_end().len();
            text.truncate(end);
            text.push('\n');
        }
        for (index, reason) in reasons.iter().enumerate() {
            let _ = writeln!(text, "  ({}) {reason}", index + 1);
        }
        text
    }

    /// How many cells passed, failed, are empty.
    pub fn counts(&self) -> [usize; 3] {
        let outcomes = self.outcomes.lock().unwrap();
        let count = |wanted: fn(&Outcome) -> bool| outcomes.values().filter(|o| wanted(o)).count();
        [
            count(|outcome| matches!(outcome, Outcome::Passed)),
            count(|outcome| matches!(outcome, Outcome::Failed)),
            count(|outcome| matches!(outcome, Outcome::Empty(_))),
        ]
    }
}
