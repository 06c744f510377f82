//! What the victim costs.

/// Counts heap bytes over several calls: Rust's allocator, this thread.
#[derive(Debug, Default, Clone, Copy)]
pub struct Meter {
    pub current: i64,
    pub peak: i64,
    pub allocations: u64,
}

impl Meter {
    pub fn measure<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let mut result = None;
        let info = allocation_counter::measure(|| result = Some(call()));
        self.peak = self.peak.max(self.current + info.bytes_max as i64);
        self.current += info.bytes_current;
        self.allocations += info.count_total;
        result.unwrap()
    }
}

/// A line of the document's table of attacks: what is sent, the bound, how much of it was taken, and the victim's heap at its
/// highest beyond what it had when that began.
pub fn report(attack: &str, bound: &str, taken: &str, heap: &Meter) {
    let peak = heap.peak as f64 / 1024.0;
    println!("| {attack} | {bound} | {taken} | {peak:.1} KiB |");
}
