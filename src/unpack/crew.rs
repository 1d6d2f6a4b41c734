//! Several threads for one large file: one reads it, others look at what is in it.

use super::opener::{Opener, Place};
use super::{Images, PIECE, Sizes};
use crate::archive::{self, Budget, Input, Kind, Member};
use crate::origin::Origin;
use crate::source::Visit;
use crate::source::lfs::LargeFiles;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use zeroize::{Zeroize, Zeroizing};

/// Bytes of small members that are handed over together.
const BATCH: usize = 1 << 20;
/// Most threads for one file.
const MOST: usize = 8;

/// Makes visitors and keeps them.
pub(super) struct More<'a, V> {
    pub(super) make: &'a (dyn Fn() -> V + Sync),
    pub(super) made: &'a mut Vec<V>,
}

impl<V> More<'_, V> {
    fn again(&mut self) -> More<'_, V> {
        More { make: self.make, made: self.made }
    }

    /// Visitors for as many threads as are of use beside this one.
    fn visitors(&mut self) -> Vec<V> {
        let count = std::thread::available_parallelism().map_or(1, usize::from).clamp(2, MOST);
        (1..count).map(|_| self.made.pop().unwrap_or_else(self.make)).collect()
    }
}

/// Bytes of members are as secret as those of files.
pub(super) fn wipe(buffers: &mut [Vec<u8>]) {
    buffers.iter_mut().for_each(Zeroize::zeroize);
}

/// Members that wait for a thread.
#[derive(Default)]
struct Batch {
    bytes: Zeroizing<Vec<u8>>,
    members: Vec<(Place, Range<usize>, u32)>,
}

/// Hands members over to other threads.
pub(super) struct Hands {
    full: SyncSender<Batch>,
    empty: Receiver<Batch>,
    batch: Batch,
}

impl Hands {
    /// Where the bytes of the next member go.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.batch.bytes
    }

    /// Everything from `start` on is the member at `place`, in `depth` containers.
    pub(super) fn add(&mut self, place: Place, start: usize, depth: u32) {
        self.batch.members.push((place, start..self.batch.bytes.len(), depth));
    }

    /// Members that no other thread has time for, where enough of them wait or all are to go.
    fn left(&mut self, all: bool) -> Option<Batch> {
        if self.batch.bytes.len() < BATCH && self.batch.members.len() < 1000 && !all {
            return None;
        }
        let next = self.empty.try_recv().unwrap_or_default();
        match self.full.try_send(std::mem::replace(&mut self.batch, next)) {
            Ok(()) => None,
            Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) => Some(batch),
        }
    }
}

/// What the threads of one file share.
#[derive(Clone, Copy)]
struct Shared<'a> {
    budget: &'a Budget,
    sizes: Sizes,
    images: &'a Images,
    large: Option<&'a LargeFiles>,
}

impl<'a> Shared<'a> {
    /// Let one thread open things, with a visitor of its own.
    fn open<V: Visit, T>(self, visitor: &mut V, work: impl FnOnce(&mut Opener<'_, V>) -> T) -> T {
        let mut buffers = Vec::new();
        let Shared { budget, sizes, images, large } = self;
        let mut opener = Opener {
            inner: visitor,
            more: None,
            hands: None,
            budget,
            sizes,
            images,
            large,
            buffers: &mut buffers,
        };
        let done = work(&mut opener);
        wipe(&mut buffers);
        done
    }
}

impl<'a, V: Visit> Opener<'a, V> {
    fn shared(&self) -> Shared<'a> {
        let Opener { budget, sizes, images, large, .. } = *self;
        Shared { budget, sizes, images, large }
    }

    fn look(&mut self, batch: &mut Batch) {
        for (place, span, depth) in batch.members.drain(..) {
            self.bytes(place, &batch.bytes[span], depth);
        }
        batch.bytes.clear();
    }

    /// Hand over what waits, where it is enough or all is to go. Where all others are busy, it is looked at
    /// here.
    pub(super) fn hand_over(&mut self, all: bool) {
        let Some(mut batch) = self.hands.as_mut().and_then(|hands| hands.left(all)) else { return };
        let hands = self.hands.take();
        self.look(&mut batch);
        self.hands = hands;
    }

    /// The members of a container that is read as a stream: this thread reads it, others look at them.
    /// True where it is damaged.
    pub(super) fn crewed(&mut self, origin: &Origin, kind: Kind, input: Input<'_>, depth: u32) -> bool {
        let Some(mut more) = self.more.take() else { return self.members(origin, kind, input, depth) };
        let shared = self.shared();
        let mut visitors = more.visitors();
        let (full, jobs) = sync_channel(2 * visitors.len());
        let (back, empty) = channel();
        let jobs = Mutex::new(jobs);
        let damaged = std::thread::scope(|scope| {
            for visitor in &mut visitors {
                let (jobs, back) = (&jobs, back.clone());
                scope.spawn(move || shared.open(visitor, |opener| work(opener, jobs, &back)));
            }
            self.hands = Some(Hands { full, empty, batch: Batch::default() });
            let damaged = self.members(origin, kind, input, depth);
            self.hand_over(true);
            // The others end when nothing more can come.
            self.hands = None;
            damaged
        });
        more.made.append(&mut visitors);
        self.more = Some(more);
        damaged
    }

    /// The members of a large zip archive in memory, each thread a share of them. True where it is damaged.
    pub(super) fn together(&mut self, origin: &Origin, bytes: &[u8], depth: u32) -> bool {
        let shared = self.shared();
        let Some(more) = &mut self.more else { return false };
        let mut visitors = more.visitors();
        let count = visitors.len() + 1;
        let share = |visitor: &mut V, share: usize| {
            shared.open(visitor, |opener| {
                let each = &mut |member: Member<'_>| opener.member(origin, member, depth + 1);
                let read = archive::zip_share(bytes, (share, count), shared.budget, each);
                opener.told(origin, read.err())
            })
        };
        let inner = &mut *self.inner;
        let damaged = std::thread::scope(|scope| {
            let share = &share;
            let others: Vec<_> = visitors
                .iter_mut()
                .enumerate()
                .map(|(index, visitor)| scope.spawn(move || share(visitor, index + 1)))
                .collect();
            let own = share(inner, 0);
            others.into_iter().fold(own, |damaged, other| {
                damaged | other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
        });
        more.made.append(&mut visitors);
        damaged
    }

    /// Look at a stream on another thread, while this one reads it.
    pub(super) fn beside(&mut self, place: Place, head: Vec<u8>, reader: &mut dyn Read, depth: u32) {
        let (full, pieces): (SyncSender<Vec<u8>>, _) = sync_channel(8);
        let (back, empty): (Sender<Vec<u8>>, Receiver<Vec<u8>>) = channel();
        let shared = self.shared();
        let inner = &mut *self.inner;
        let more = self.more.as_mut().map(More::again);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                shared.open(inner, |opener| {
                    let mut opener = Opener { more, ..opener.again() };
                    let mut arriving = Arriving { pieces, back, piece: head, at: 0 };
                    opener.stream(place, &mut arriving, depth);
                });
            });
            loop {
                let mut piece = empty.try_recv().unwrap_or_default();
                piece.resize(PIECE, 0);
                let mut filled = 0;
                while filled < piece.len() {
                    match reader.read(&mut piece[filled..]) {
                        Ok(0) | Err(_) => break,
                        Ok(read) => filled += read,
                    }
                }
                piece.truncate(filled);
                if filled == 0 || full.send(piece).is_err() {
                    return drop(full);
                }
            }
        });
    }
}

/// Look at what comes until nothing more does.
fn work<V: Visit>(opener: &mut Opener<'_, V>, jobs: &Mutex<Receiver<Batch>>, back: &Sender<Batch>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut batch) = next else { return };
        opener.look(&mut batch);
        // One that was very long is not kept.
        if batch.bytes.capacity() <= 4 * opener.sizes.large {
            let _ = back.send(batch);
        }
    }
}

/// Reads the pieces that another thread sends, and sends the empty ones back.
struct Arriving {
    pieces: Receiver<Vec<u8>>,
    back: Sender<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            let Ok(next) = self.pieces.recv() else { return Ok(0) };
            let _ = self.back.send(std::mem::replace(&mut self.piece, next));
            self.at = 0;
        }
        let length = buffer.len().min(self.piece.len() - self.at);
        buffer[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
