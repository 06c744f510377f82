//! Writes the inputs that fuzzing begins with to `fuzz/seeds`:
//!
//! ```text
//! RUSTFLAGS="--cfg fuzzing" cargo run --release --manifest-path fuzz/Cargo.toml --example seeds
//! ```
//!
//! They are the same each time, but for what a change of the targets makes of them. Files of other names, such as those of
//! finds, stay.

use std::fs;
use std::path::Path;

use warifu_fuzz::{flows, seeds};

fn main() -> std::io::Result<()> {
    let seeds_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let all = seeds::of_parsers().into_iter();
    for (target, inputs) in all.chain(flows::seeds::of_flows()) {
        let dir = seeds_dir.join(target);
        fs::create_dir_all(&dir)?;
        for old in fs::read_dir(&dir)? {
            let old = old?;
            if old.file_name().to_string_lossy().starts_with("seed-") {
                fs::remove_file(old.path())?;
            }
        }
        let mut bytes = 0;
        for (number, input) in inputs.iter().enumerate() {
            bytes += input.len();
            fs::write(dir.join(format!("seed-{number:03}")), input)?;
        }
        println!("{target}: {} seeds, {bytes} bytes", inputs.len());
    }
    Ok(())
}
