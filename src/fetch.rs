//! Has the processor fetch what is read soon.
#![allow(unsafe_code, reason = "an instruction that Rust has no safe form of")]

/// Have the processor fetch what stands at this place. Measured reason: where much memory is read to and fro,
/// waiting for it takes longer than all that is done with it; see who calls this.
#[inline]
pub fn fetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: an address is fetched, not read, and it is that of a reference.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
