//! Whether two samples of times differ, by Welch's t.

use std::fmt;

/// The part of all times that counts: what was interrupted is left out, from all classes alike.
pub const CENTRAL: (f64, f64) = (0.01, 0.90);

/// Prints the mean of each class, and of all but the first how it differs from the first: in nanoseconds, and Welch's t. Times
/// are in nanoseconds.
pub fn compare(classes: &[&str], times: &[Vec<f64>]) {
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let place = |part: f64| all[(part * (all.len() - 1) as f64) as usize];
    let range = place(CENTRAL.0)..=place(CENTRAL.1);
    let sample = |times: &Vec<f64>| {
        let central = times.iter().filter(|time| range.contains(time));
        Sample::of(central.copied())
    };
    let first = sample(&times[0]);
    let width = classes
        .iter()
        .map(|name| name.len())
        .max()
        .unwrap_or_default();
    println!("    {:width$} {first}", classes[0]);
    for (name, times) in classes.iter().zip(times).skip(1) {
        let other = sample(times);
        println!(
            "    {name:width$} {other}, {:+.1} ns, t = {:+.2}",
            other.mean - first.mean,
            first.welch(&other)
        );
    }
}

/// Mean and variance.
struct Sample {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let count = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let squares = values.map(|value| (value - mean).powi(2));
        Self {
            count,
            mean,
            variance: squares.sum::<f64>() / (count - 1.0),
        }
    }

    /// Welch's t, positive if the other one is slower.
    fn welch(&self, other: &Self) -> f64 {
        let error = self.variance / self.count + other.variance / other.count;
        (other.mean - self.mean) / error.sqrt()
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deviation = self.variance.sqrt();
        write!(f, "{:9.1} ns ± {deviation:.0} ({})", self.mean, self.count)
    }
}

/// xorshift64*, always the same.
#[derive(Debug)]
pub struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

impl Random {
    /// From the beginning.
    #[must_use]
    pub fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    /// Less than `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        number as usize % limit
    }

    /// Into another order.
    pub fn shuffle(&mut self, items: &mut [usize]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
