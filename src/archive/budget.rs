//! Budgets: what the members of one outer file may cost, all together.

use super::Trouble;
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What opening one outer file may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Containers in containers: 0 opens none.
    pub depth: u32,
    /// Decompressed bytes, of all members and levels together.
    pub size: u64,
    /// How many times longer than its compressed form a stream may become.
    pub ratio: u64,
    /// Decompressed bytes of a stream before its ratio counts: a short text of zeros is no bomb.
    pub free: u64,
    /// Members, of all levels together.
    pub members: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: 8, size: 16 << 30, ratio: 1000, free: 64 << 20, members: 10_000_000 }
    }
}

/// What is left for one outer file.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    spent: AtomicU64,
    members: AtomicU64,
}

impl Budget {
    /// A whole budget.
    pub fn new(limits: Limits) -> Budget {
        Budget { limits, spent: AtomicU64::new(0), members: AtomicU64::new(0) }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Take that many decompressed bytes.
    ///
    /// # Errors
    /// They are too many.
    pub fn spend(&self, bytes: u64) -> Result<(), Trouble> {
        let before = self.spent.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) <= self.limits.size {
            return Ok(());
        }
        let size = self.limits.size;
        Err(Trouble::Budget(format!("more than {size} bytes when decompressed (--max-size)")))
    }

    /// Take one member.
    ///
    /// # Errors
    /// There are too many.
    pub fn member(&self) -> Result<(), Trouble> {
        if self.members.fetch_add(1, Ordering::Relaxed) < self.limits.members {
            return Ok(());
        }
        Err(Trouble::Budget(format!("more than {} members", self.limits.members)))
    }

    /// May a stream of `packed` bytes have become `size` bytes by now?
    ///
    /// # Errors
    /// That is too much.
    pub fn ratio(&self, packed: u64, size: u64) -> Result<(), Trouble> {
        if size <= self.limits.free || size / packed.max(1) <= self.limits.ratio {
            return Ok(());
        }
        Err(Trouble::Budget(format!(
            "more than {} times longer when decompressed (--max-ratio)",
            self.limits.ratio
        )))
    }
}

/// Counts what is read of a compressed stream.
pub struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R> Counted<R> {
    /// Wraps `inner`; the count is shared with a [`Metered`].
    pub fn new(inner: R) -> (Counted<R>, Rc<Cell<u64>>) {
        let count = Rc::new(Cell::new(0));
        (Counted { inner, count: Rc::clone(&count) }, count)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count.set(self.count.get() + amount as u64);
        self.inner.consume(amount);
    }
}

/// Takes what is read of a decompressed stream from a budget.
pub struct Metered<'b, R> {
    inner: R,
    budget: &'b Budget,
    packed: Rc<Cell<u64>>,
    size: u64,
}

impl<'b, R> Metered<'b, R> {
    /// Wraps `inner`, which is decompressed from what `packed` counts, in bytes.
    pub fn new(inner: R, packed: Rc<Cell<u64>>, budget: &'b Budget) -> Metered<'b, R> {
        Metered { inner, budget, packed, size: 0 }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.size += read as u64;
        self.budget.spend(read as u64)?;
        self.budget.ratio(self.packed.get(), self.size)?;
        Ok(read)
    }
}
