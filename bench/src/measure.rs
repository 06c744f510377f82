//! Rounds in turn, CPU time, medians, ratios.

use std::time::Duration;

use cpu_time::ThreadTime;

/// One of the things that are compared.
pub struct Contestant<'a> {
    pub name: &'static str,
    /// Runs a batch and returns the CPU time that one call of it took.
    pub batch: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Contestant<'a> {
    /// Calls `call` so often per batch that a batch takes about `BATCH`.
    pub fn new(name: &'static str, mut call: impl FnMut() + 'a) -> Self {
        let calls = calls_per_batch(&mut call);
        Self {
            name,
            batch: Box::new(move || {
                // Not counted: the caches are full of what the contestant before has left.
                call();
                let start = ThreadTime::now();
                for _ in 0..calls {
                    call();
                }
                start.elapsed() / calls
            }),
        }
    }

    /// As [`new`](Self::new), with something made for each call before the clock starts.
    pub fn with_setup<T>(
        name: &'static str,
        mut setup: impl FnMut() -> T + 'a,
        mut call: impl FnMut(&T) + 'a,
    ) -> Self {
        let calls = calls_per_batch(|| call(&setup()));
        Self {
            name,
            batch: Box::new(move || {
                let prepared: Vec<T> = (0..calls).map(|_| setup()).collect();
                let start = ThreadTime::now();
                for one in &prepared {
                    call(one);
                }
                start.elapsed() / calls
            }),
        }
    }
}

/// Short beside the time slices of a scheduler, long beside the clock's own cost.
const BATCH: Duration = Duration::from_millis(4);

fn calls_per_batch(mut call: impl FnMut()) -> u32 {
    let mut calls = 1;
    loop {
        let start = ThreadTime::now();
        for _ in 0..calls {
            call();
        }
        let elapsed = start.elapsed();
        if elapsed >= BATCH {
            return calls;
        }
        let wanted = BATCH.as_nanos() * u128::from(calls) / elapsed.as_nanos().max(1);
        calls = u32::try_from(wanted)
            .unwrap_or(u32::MAX)
            .clamp(calls + 1, calls.saturating_mul(10));
    }
}

/// Nanoseconds per call, one figure per round, in the order in which the contestants were given.
pub fn run(contestants: &mut [Contestant<'_>], rounds: usize) -> Vec<Vec<f64>> {
    let mut series = vec![Vec::with_capacity(rounds); contestants.len()];
    let count = contestants.len();
    for round in 0..rounds {
        // Whoever comes first in a round differs from round to round.
        for turn in 0..count {
            let at = (round + turn) % count;
            let time = (contestants[at].batch)();
            series[at].push(time.as_secs_f64() * 1e9);
        }
    }
    series
}

/// Median, least and most.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self {
            median: sorted[sorted.len() / 2],
            min: sorted[0],
            max: sorted[sorted.len() - 1],
        }
    }

    /// The spread of the quotients, round by round: what disturbs both contestants of a round drops out.
    pub fn of_quotients(dividends: &[f64], divisors: &[f64]) -> Self {
        let quotients: Vec<f64> = dividends.iter().zip(divisors).map(|(a, b)| a / b).collect();
        Self::of(&quotients)
    }
}

/// What ours must reach.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// Ours in time divided by the first contestant's in time.
    TimeAtMost(f64),
    /// Ours in calls per second divided by the first contestant's.
    SpeedAtLeast(f64),
    /// Microseconds of ours, whoever else takes part.
    MicrosecondsAtMost(f64),
}

impl Target {
    /// How ours compares: time by time, or speed by speed where speed is what counts.
    pub fn ratio(self, ours: &[f64], theirs: &[f64]) -> Spread {
        match self {
            Self::TimeAtMost(_) | Self::MicrosecondsAtMost(_) => Spread::of_quotients(ours, theirs),
            Self::SpeedAtLeast(_) => Spread::of_quotients(theirs, ours),
        }
    }

    /// What the target is about, from times in nanoseconds: the median of the ratio, or of our microseconds.
    pub fn reached(self, ours: &[f64], theirs: &[f64]) -> f64 {
        match self {
            Self::TimeAtMost(_) | Self::SpeedAtLeast(_) => self.ratio(ours, theirs).median,
            Self::MicrosecondsAtMost(_) => Spread::of(ours).median / 1e3,
        }
    }

    /// Whether it is reached.
    pub fn is_met(self, reached: f64) -> bool {
        match self {
            Self::TimeAtMost(most) | Self::MicrosecondsAtMost(most) => reached <= most,
            Self::SpeedAtLeast(least) => reached >= least,
        }
    }

    /// Whether it is missed by more than a tenth, which noise alone does not explain.
    pub fn is_far_from(self, reached: f64) -> bool {
        match self {
            Self::TimeAtMost(most) | Self::MicrosecondsAtMost(most) => reached > most * 1.1,
            Self::SpeedAtLeast(least) => reached < least / 1.1,
        }
    }

    /// For the line that machines read.
    pub fn describe(self) -> String {
        match self {
            Self::TimeAtMost(most) => format!("<={most}"),
            Self::SpeedAtLeast(least) => format!(">={least}"),
            Self::MicrosecondsAtMost(most) => format!("<={most}us"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_met_missed_and_far_missed() {
        let time = Target::TimeAtMost(0.96);
        let ratio = |ours, theirs| time.reached(&[ours], &[theirs]);
        assert!(time.is_met(ratio(90.0, 100.0)));
        assert!(!time.is_met(ratio(100.0, 100.0)));
        assert!(!time.is_far_from(ratio(100.0, 100.0)));
        assert!(time.is_far_from(ratio(106.0, 100.0)));
        let speed = Target::SpeedAtLeast(1.25);
        let ratio = |ours, theirs| speed.reached(&[ours], &[theirs]);
        assert!(speed.is_met(ratio(75.0, 100.0)));
        assert!(!speed.is_met(ratio(85.0, 100.0)));
        assert!(!speed.is_far_from(ratio(85.0, 100.0)));
        assert!(speed.is_far_from(ratio(90.0, 100.0)));
        let absolute = Target::MicrosecondsAtMost(22.0);
        let reached = |ours| absolute.reached(&[ours], &[1.0]);
        assert!(absolute.is_met(reached(21_900.0)));
        assert!(!absolute.is_met(reached(22_100.0)));
        assert!(!absolute.is_far_from(reached(24_000.0)));
        assert!(absolute.is_far_from(reached(24_300.0)));
    }

    #[test]
    fn quotients_are_taken_round_by_round() {
        let spread = Spread::of_quotients(&[1.0, 20.0, 3.0], &[2.0, 40.0, 3.0]);
        assert_eq!((spread.min, spread.median, spread.max), (0.5, 0.5, 1.0));
    }
}
