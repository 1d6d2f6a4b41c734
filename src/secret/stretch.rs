//! The cost of a guess. Fingerprints stand in files that are committed, and the salt they are keyed with
//! does too, so a plain hash would let any reader try thousands of millions of passwords a second. What is
//! not random enough to withstand that goes through Argon2id (RFC 9106) first.
//!
//! The cost is a balance: it is paid once for each distinct secret that is found, and for each guess.
//! [`MEMORY`] and one pass take about 1.3 ms of one core: nothing is noticed in a hook, a thousand distinct
//! passwords add less than a second on two cores, and a reader who tries guesses is 10⁴ times slower on a
//! processor and, held up by memory, about as much on graphics cards. docs/policy.md has the figures. Any
//! change makes all fingerprints of passwords new: it would need a new version of baselines.

use super::{first_half, keyed};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// Memory that one guess needs, in KiB.
const MEMORY: u32 = 2048;
/// How often that memory is gone over.
const PASSES: u32 = 1;

/// Memory for the slow hash, used again for the next one.
#[derive(Default)]
pub struct Stretch(Vec<Block>);

impl Stretch {
    /// 16 bytes that cannot be had from `digest` at a lower cost.
    pub(super) fn digest(&mut self, digest: &[u8; 32], salt: &[u8]) -> [u8; 16] {
        let mut out = [0u8; 16];
        let own = first_half(&keyed(salt, &[b"sekisho: salt of the slow hash"]));
        let Ok(params) = Params::new(MEMORY, PASSES, 1, Some(out.len())) else {
            unreachable!("the parameters are constants within the limits of RFC 9106")
        };
        self.0.resize(params.block_count(), Block::default());
        let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        match hash.hash_password_into_with_memory(digest, &own, &mut out, &mut self.0) {
            Ok(()) => out,
            Err(error) => unreachable!("lengths of input, salt and output are constants: {error}"),
        }
    }
}
