//! Which vector instructions the processor has.

/// The places of 64 bytes, of which vector instructions keep those that count.
pub const PLACES: [u8; 64] = {
    let mut places = [0; 64];
    let mut at = 0;
    while at < 64 {
        places[at] = at as u8;
        at += 1;
    }
    places
};

/// The widest vectors that the passes over all bytes can use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub enum Vectors {
    /// Bytes are looked at one by one.
    None,
    /// 32 bytes: AVX2, with BMI1, LZCNT and POPCNT.
    Avx2,
    /// 64 bytes: AVX-512 F, BW, VBMI and VBMI2, too.
    Avx512,
}

impl Vectors {
    /// Those of this processor.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub fn of_processor() -> Vectors {
        use std::arch::is_x86_feature_detected as has;
        if !(has!("avx2") && has!("bmi1") && has!("lzcnt") && has!("popcnt")) {
            return Vectors::None;
        }
        match has!("avx512f") && has!("avx512bw") && has!("avx512vbmi") && has!("avx512vbmi2") {
            true => Vectors::Avx512,
            false => Vectors::Avx2,
        }
    }

    /// Those of this processor.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn of_processor() -> Vectors {
        Vectors::None
    }
}
