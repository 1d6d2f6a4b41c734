//! Walks the forest of a pack on several threads: each entry is inflated once, each object is shown to
//! a visitor once.
//!
//! A thread takes a root and goes down its tree, deepest first. Where another thread has nothing to do,
//! it is given entries that wait at the top of the tree, together with what they are made from, so one
//! huge tree keeps all threads at work.

use super::delta::{self, Form};
use super::forest::Forest;
use super::inflate::{Pieces, possible};
use super::{Inflater, LARGEST, Made, Marks, Object, Pack, VisitObjects};
use crate::error::SkipReason;
use crate::origin::ObjectKind;
use crate::source::WHOLE_LIMIT;
use crate::source::links::{Lookup, Seen};
use crate::source::objects::ObjectId;
use crate::text::Copied;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Entries handed to other threads at a time.
const HANDFUL: usize = 32;
/// Buffers kept for the next objects.
const POOL: usize = 16;
/// Buffers longer than this (bytes) are not kept for the next object.
const KEPT: usize = 4 << 20;

/// An object that could not be read from a pack.
#[derive(Debug)]
pub(in crate::source) struct Failed {
    /// Its position in the pack's index.
    pub(in crate::source) position: u32,
    /// What kind of trouble it is.
    pub(in crate::source) reason: SkipReason,
    /// What happened.
    pub(in crate::source) detail: String,
}

/// Finds an object of another pack: its kind and content.
pub(in crate::source) type Elsewhere<'a> = dyn Fn(&ObjectId) -> Option<(ObjectKind, Vec<u8>)> + Sync + 'a;

/// What is to be done with a pack.
pub(in crate::source) struct Work<'a> {
    /// The pack.
    pub(in crate::source) pack: &'a Pack,
    /// The objects to show; all where it is `None`.
    pub(in crate::source) wanted: Option<&'a Marks>,
    /// Marked for each object that was shown, in which nothing was found, and that names nothing missing.
    pub(in crate::source) clean: &'a Marks,
    /// Objects of other packs, for deltas against them: kind and content.
    pub(in crate::source) outside: &'a Elsewhere<'a>,
    /// Notes what is named and not there.
    pub(in crate::source) links: Option<Lookup<'a>>,
    /// Set where the run is to end early.
    pub(in crate::source) stop: &'a AtomicBool,
}

/// An object in memory while others are made from it.
struct Held<M> {
    kind: ObjectKind,
    buffer: Vec<u8>,
    length: usize,
    /// `None` where it was not shown to a visitor.
    shown: Option<Shown<M>>,
}

/// What is known of an object that was shown to a visitor.
struct Shown<M> {
    memory: M,
    /// All that it names is there.
    whole: bool,
}

/// An entry to be looked at, and what it is made from.
struct Task<M> {
    entry: u32,
    base: Option<Arc<Held<M>>>,
}

struct Queue<M> {
    tasks: Vec<Task<M>>,
    waiting: usize,
    over: bool,
}

struct Shared<'a, M> {
    work: &'a Work<'a>,
    forest: Forest,
    next_root: AtomicUsize,
    queue: Mutex<Queue<M>>,
    wake: Condvar,
    /// Threads that have nothing to do.
    hungry: AtomicUsize,
    threads: usize,
}

impl Work<'_> {
    /// Show the objects of the pack to `visitors`, one thread each. Returns what could not be read.
    pub(in crate::source) fn run<V: VisitObjects>(&self, visitors: &mut [V]) -> Vec<Failed> {
        let forest = Forest::new(self.pack, self.wanted);
        let corrupt = |&(position, detail): &(u32, &str)| Failed {
            position,
            reason: SkipReason::Corrupt,
            detail: detail.to_owned(),
        };
        let mut failed: Vec<Failed> = forest.lost.iter().map(corrupt).collect();
        let shared = Shared {
            work: self,
            forest,
            next_root: AtomicUsize::new(0),
            queue: Mutex::new(Queue { tasks: Vec::new(), waiting: 0, over: false }),
            wake: Condvar::new(),
            hungry: AtomicUsize::new(0),
            threads: visitors.len(),
        };
        let shared = &shared;
        std::thread::scope(|scope| {
            let threads: Vec<_> = visitors
                .iter_mut()
                .map(|visitor| scope.spawn(move || Walker::new(shared, visitor).run()))
                .collect();
            for thread in threads {
                match thread.join() {
                    Ok(more) => failed.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
        });
        failed
    }
}

impl<M> Shared<'_, M> {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue<M>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread with no entries of its own does next; `None` where all is done.
    fn next(&self) -> Option<Task<M>> {
        if self.work.stop.load(Ordering::Relaxed) {
            self.next_root.store(self.forest.roots.len(), Ordering::Relaxed);
        }
        let root = self.next_root.fetch_add(1, Ordering::Relaxed);
        if let Some(&entry) = self.forest.roots.get(root) {
            return Some(Task { entry, base: None });
        }
        self.next_root.store(self.forest.roots.len(), Ordering::Relaxed);
        let mut queue = self.queue();
        loop {
            if let Some(task) = queue.tasks.pop() {
                return Some(task);
            }
            if queue.over {
                return None;
            }
            queue.waiting += 1;
            if queue.waiting == self.threads {
                queue.over = true;
                self.wake.notify_all();
                return None;
            }
            self.hungry.store(queue.waiting, Ordering::Relaxed);
            queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.waiting -= 1;
            self.hungry.store(queue.waiting, Ordering::Relaxed);
        }
    }

    /// Give some of a thread's entries to others that have none.
    fn share(&self, own: &mut Vec<Task<M>>) {
        if self.hungry.load(Ordering::Relaxed) == 0 || own.len() < 2 {
            return;
        }
        let mut queue = self.queue();
        if queue.tasks.is_empty() {
            queue.tasks.extend(own.drain(..(own.len() / 2).min(HANDFUL)));
            self.wake.notify_all();
        }
    }
}

/// One thread's walk.
struct Walker<'a, V: VisitObjects> {
    shared: &'a Shared<'a, V::Memory>,
    visitor: &'a mut V,
    own: Vec<Task<V::Memory>>,
    inflater: Inflater,
    seen: Seen,
    instructions: Vec<u8>,
    copies: Vec<Copied>,
    pool: Vec<Vec<u8>>,
    failed: Vec<Failed>,
}

/// Why an entry cannot be read.
type Reason = (SkipReason, String);

fn corrupt(detail: impl Into<String>) -> Reason {
    (SkipReason::Corrupt, detail.into())
}

impl<'a, V: VisitObjects> Walker<'a, V> {
    fn new(shared: &'a Shared<'a, V::Memory>, visitor: &'a mut V) -> Walker<'a, V> {
        Walker {
            shared,
            visitor,
            own: Vec::new(),
            inflater: Inflater::default(),
            seen: Seen::default(),
            instructions: Vec::new(),
            copies: Vec::new(),
            pool: Vec::new(),
            failed: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Failed> {
        while let Some(task) = self.own.pop().or_else(|| self.shared.next()) {
            if self.shared.work.stop.load(Ordering::Relaxed) {
                self.own.clear();
                continue;
            }
            if let Some(next) = self.own.last() {
                self.shared.work.pack.fetch(self.shared.forest.offset(next.entry));
            }
            let entry = task.entry;
            if let Err((reason, detail)) = self.look(task) {
                self.give_up(entry, reason, detail);
            }
            self.shared.share(&mut self.own);
        }
        self.failed
    }

    /// Neither the entry nor what is made from it can be read.
    fn give_up(&mut self, entry: u32, reason: SkipReason, detail: String) {
        let mut stack = vec![entry];
        while let Some(at) = stack.pop() {
            let (position, wanted) = self.shared.forest.position(at);
            if wanted {
                let detail = match at == entry {
                    true => detail.clone(),
                    false => format!("what it is made from cannot be read: {detail}"),
                };
                self.failed.push(Failed { position, reason, detail });
            }
            stack.extend(self.shared.forest.children(at));
        }
    }

    fn look(&mut self, task: Task<V::Memory>) -> Result<(), Reason> {
        let pack = self.shared.work.pack;
        let forest = &self.shared.forest;
        let offset = forest.offset(task.entry);
        let header = pack.header(offset).map_err(corrupt)?;
        let stream = pack.slice(
            offset + header.length as u64,
            forest.next_offset(task.entry).unwrap_or_else(|| pack.end()),
        );
        let leaf = forest.children(task.entry).is_empty();
        if !possible(stream.len(), header.size) {
            return Err(corrupt("the object's size is damaged"));
        }
        if let Form::Whole(kind) = header.form
            && header.size > if leaf { WHOLE_LIMIT } else { LARGEST }
        {
            return self.large(task.entry, kind, stream, header.size);
        }
        if header.size > LARGEST {
            return Err((SkipReason::Budget, "the delta is larger than 512 MiB".to_owned()));
        }
        let held = match header.form {
            Form::Whole(kind) => self.whole(task.entry, kind, stream, header.size as usize)?,
            Form::Behind(_) => self.made(&task, stream, header.size as usize)?,
            Form::Against(id) => {
                if let Some((kind, buffer)) =
                    if task.base.is_none() { (self.shared.work.outside)(&id) } else { None }
                {
                    let length = buffer.len();
                    let base = Some(Arc::new(Held { kind, buffer, length, shown: None }));
                    self.made(&Task { base, ..task }, stream, header.size as usize)?
                } else {
                    self.made(&task, stream, header.size as usize)?
                }
            }
        };
        self.descend(task.entry, held);
        if let Some(base) = task.base.and_then(Arc::into_inner) {
            self.keep(base.buffer);
        }
        Ok(())
    }

    /// Have what is made from an object looked at next.
    fn descend(&mut self, entry: u32, held: Held<V::Memory>) {
        let children = self.shared.forest.children(entry);
        if children.is_empty() {
            self.keep(held.buffer);
            return;
        }
        let base = Arc::new(held);
        self.own.extend(children.iter().rev().map(|&entry| Task { entry, base: Some(Arc::clone(&base)) }));
    }

    fn keep(&mut self, buffer: Vec<u8>) {
        if buffer.len() <= KEPT {
            if self.pool.len() == POOL {
                self.pool.remove(0);
            }
            self.pool.push(buffer);
        }
    }

    /// A buffer of at least this length; what it holds is of no meaning.
    fn buffer(&mut self, length: usize) -> Vec<u8> {
        match self.pool.iter().rposition(|buffer| buffer.len() >= length) {
            Some(at) => self.pool.swap_remove(at),
            // The versions of a file grow little by little.
            None => vec![0; length + length / 8],
        }
    }

    /// Inflate a stream; it must end where the next entry starts.
    fn inflate(&mut self, entry: u32, stream: &[u8], out: &mut [u8]) -> Result<(), Reason> {
        let consumed = self.inflater.whole(stream, out).map_err(corrupt)?;
        if self.shared.forest.complete() && consumed != stream.len() {
            let (position, _) = self.shared.forest.position(entry);
            // The object itself is whole: this is told beside it.
            self.failed.push(Failed {
                position,
                reason: SkipReason::Corrupt,
                detail: "bytes behind the object belong to no object of the pack's index".to_owned(),
            });
        }
        Ok(())
    }

    fn whole(
        &mut self,
        entry: u32,
        kind: ObjectKind,
        stream: &[u8],
        length: usize,
    ) -> Result<Held<V::Memory>, Reason> {
        let mut buffer = self.buffer(length);
        self.inflate(entry, stream, &mut buffer[..length])?;
        let shown = self.show(entry, kind, &buffer[..length], None);
        Ok(Held { kind, buffer, length, shown })
    }

    fn made(
        &mut self,
        task: &Task<V::Memory>,
        stream: &[u8],
        size: usize,
    ) -> Result<Held<V::Memory>, Reason> {
        let Some(base) = &task.base else { return Err(corrupt("what it is made from is missing")) };
        let mut instructions = std::mem::take(&mut self.instructions);
        if instructions.len() < size {
            instructions.resize(size, 0);
        }
        let told = self.inflate(task.entry, stream, &mut instructions[..size]).and_then(|()| {
            let (from, to, start) = delta::lengths(&instructions[..size]).map_err(corrupt)?;
            if from != base.length as u64 {
                return Err(corrupt("the delta is made for an object of another length"));
            }
            if to > LARGEST {
                return Err((SkipReason::Budget, "the object is larger than 512 MiB".to_owned()));
            }
            let length = to as usize;
            let mut buffer = self.buffer(length);
            let mut copies = std::mem::take(&mut self.copies);
            let source = &base.buffer[..base.length];
            let applied =
                delta::apply(source, &instructions[start..size], &mut buffer[..length], &mut copies);
            self.copies = copies;
            applied.map_err(corrupt)?;
            Ok((buffer, length))
        });
        self.instructions = instructions;
        let (buffer, length) = told?;
        let shown = self.show(task.entry, base.kind, &buffer[..length], Some(base));
        Ok(Held { kind: base.kind, buffer, length, shown })
    }

    /// Show an object to the visitor, if it is wanted.
    fn show(
        &mut self,
        entry: u32,
        kind: ObjectKind,
        bytes: &[u8],
        base: Option<&Held<V::Memory>>,
    ) -> Option<Shown<V::Memory>> {
        let (position, wanted) = self.shared.forest.position(entry);
        if !wanted {
            return None;
        }
        let work = self.shared.work;
        let base = base.and_then(|base| Some((base, base.shown.as_ref()?)));
        let id = || work.pack.id(position);
        let whole = kind == ObjectKind::Blob
            || work.links.is_none_or(|links| {
                // What the other object names and is missing, this one names too.
                let copies = base.filter(|(_, shown)| shown.whole).map_or(&[][..], |_| &self.copies);
                links.check(&mut self.seen, kind, bytes, &id, copies)
            });
        let made = base.map(|(base, shown)| {
            let base_bytes = &base.buffer[..base.length];
            Made { base: &shown.memory, base_bytes, copies: &self.copies }
        });
        let memory = self.visitor.object(&Object { kind, bytes, id: &id }, made);
        if whole && V::is_clean(&memory) {
            work.clean.add(position);
        }
        Some(Shown { memory, whole })
    }

    /// An object that is not held in memory. What is made from it cannot be read.
    fn large(&mut self, entry: u32, kind: ObjectKind, stream: &[u8], size: u64) -> Result<(), Reason> {
        let (position, wanted) = self.shared.forest.position(entry);
        let children: Vec<u32> = self.shared.forest.children(entry).to_vec();
        for child in children {
            self.give_up(child, SkipReason::Budget, "it is larger than 512 MiB".to_owned());
        }
        if !wanted {
            return Ok(());
        }
        let mut pieces = Pieces::new(stream, size);
        let clean = self.visitor.large(self.shared.work.pack.id(position), kind, &mut pieces);
        match pieces.finish() {
            Some(trouble) => {
                self.failed.push(Failed { position, reason: SkipReason::Corrupt, detail: trouble });
            }
            None if clean => self.shared.work.clean.add(position),
            None => {}
        }
        Ok(())
    }
}
