//! The arguments that say how containers are opened.

use crate::archive::Limits;
use crate::finding::Outcome;
use clap::Args;

/// Decompressed bytes of a stream before its ratio counts, where a ratio was asked for: 64 KiB.
const FREE: u64 = 64 << 10;

#[derive(Args, Clone)]
#[command(next_help_heading = "Archives")]
pub struct Unpacking {
    /// Open archives, images and compressed files up to this many in one another; 0 opens none
    #[arg(long, global = true, default_value_t = Limits::default().depth, value_name = "N")]
    pub max_depth: u32,
    /// Most bytes that one file may become when decompressed, as in 500M or 16G
    #[arg(long, global = true, default_value = "16G", value_parser = size, value_name = "SIZE")]
    pub max_size: u64,
    /// How many times longer a compressed stream may become [default: 1000, for more than 64 MiB]
    #[arg(long, global = true, value_name = "N")]
    pub max_ratio: Option<u64>,
    /// Exit by the findings alone, also where something was not looked at
    #[arg(long, global = true)]
    pub allow_incomplete: bool,
}

impl Default for Unpacking {
    fn default() -> Unpacking {
        let Limits { depth, size, .. } = Limits::default();
        Unpacking { max_depth: depth, max_size: size, max_ratio: None, allow_incomplete: false }
    }
}

impl Unpacking {
    /// What opening one file may cost.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits { depth: self.max_depth, size: self.max_size, ..Limits::default() };
        if let Some(ratio) = self.max_ratio {
            limits.ratio = ratio;
            limits.free = FREE;
        }
        limits
    }

    /// The exit status of a run.
    pub fn status(&self, outcome: &Outcome, exit_zero: bool) -> u8 {
        let status = match outcome.exit_status() {
            2 if self.allow_incomplete => u8::from(!outcome.findings.is_empty()),
            status => status,
        };
        if status == 1 && exit_zero { 0 } else { status }
    }
}

/// A number of bytes with an optional ending: K, M, G or T, each 1024 times the last, with or without B or
/// iB behind it.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let unit = unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(&unit);
    let power = match unit {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => return Err("write a number of bytes, or one with K, M, G or T".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write a number of bytes, as in 500M".to_owned())?;
    number.checked_mul(1 << (10 * power)).ok_or_else(|| "that is too much".to_owned())
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        assert_eq!(size("17"), Ok(17));
        assert_eq!(size("2k"), Ok(2048));
        assert_eq!(size("3MiB"), Ok(3 << 20));
        assert_eq!(size("1GB"), Ok(1 << 30));
        assert!(
            size("").is_err() && size("x").is_err() && size("1q").is_err() && size("99999999999T").is_err()
        );
    }
}
