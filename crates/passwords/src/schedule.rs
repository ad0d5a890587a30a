//! What waits to be hashed, and the memory that hashes may take: the meeting point of those who ask
//! and the threads that work.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::accounts::ports::{KeptPlace, Turn};

use crate::job::{Job, Refusal};
use crate::queue::Queue;

/// What a thread is to do next.
pub(crate) enum Next {
    Do(Job),
    GiveMemoryBack,
    Stop,
}

/// A bounded queue and a memory budget under one lock.
pub(crate) struct Schedule {
    state: Mutex<State>,
    /// One for each thread: a job arrived, somebody waits for memory, or the pool stops.
    work: Vec<Condvar>,
    /// Memory became free, the line for it moved, or the pool stops.
    memory: Condvar,
    budget_kib: u32,
}

struct State {
    jobs: Queue,
    free_kib: u32,
    /// Those who wait for memory take a ticket and are served in order, so that a large claim is
    /// not overtaken for ever by small ones.
    tickets_given: u64,
    tickets_served: u64,
    /// The threads without work, those with warm memory last; the last is woken first. So a quiet
    /// time keeps few regions warm, and the memory of the other threads goes back.
    idle: VecDeque<usize>,
    stopping: bool,
}

impl State {
    const fn somebody_waits_for_memory(&self) -> bool {
        self.tickets_given != self.tickets_served
    }
}

/// A part of the memory budget, free again when it is dropped.
pub(crate) struct Claim {
    schedule: Arc<Schedule>,
    kib: u32,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.schedule.lock().free_kib += self.kib;
        self.schedule.memory.notify_all();
    }
}

impl Schedule {
    pub(crate) fn new(places: usize, budget_kib: u32, threads: usize) -> Self {
        let state = State {
            jobs: Queue::new(places),
            free_kib: budget_kib,
            tickets_given: 0,
            tickets_served: 0,
            idle: VecDeque::with_capacity(threads),
            stopping: false,
        };
        let work = (0..threads).map(|_| Condvar::new()).collect();
        Self { state: Mutex::new(state), work, memory: Condvar::new(), budget_kib }
    }

    /// The most memory that one job can ever get, in KiB.
    pub(crate) const fn budget_kib(&self) -> u32 {
        self.budget_kib
    }

    /// Keeps a place for a job of this turn; when there is none, one is refused at once: this one or another.
    pub(crate) fn keep_place(self: &Arc<Self>, turn: Turn) -> Result<Turn, Refusal> {
        let (line, network) = (turn.line, turn.network.clone());
        let kept = self.lock().jobs.keep(line, &network);
        kept.cleared.refuse();
        if !kept.is_admitted {
            return Err(Refusal::Full);
        }
        let schedule = Arc::clone(self);
        let place = KeptPlace::new(move || schedule.lock().jobs.give_up(line, &network));
        Ok(Turn { kept: Some(place), ..turn })
    }

    /// Queues a job; when there is no place, one job is refused at once: this one or another.
    pub(crate) fn push(&self, job: Job) {
        let mut state = self.lock();
        if state.stopping {
            drop(state);
            return job.task.refuse(Refusal::Stopped);
        }
        let pushed = state.jobs.push(job);
        if pushed.is_admitted
            && let Some(thread) = state.idle.pop_back()
        {
            self.work[thread].notify_one();
        }
        drop(state);
        // Answering wakes other tasks, which is nothing to do under the lock.
        pushed.cleared.refuse();
    }

    /// Waits for what a thread is to do next. One that holds memory gives it back when somebody
    /// waits for it, or when `keep_until` has come without a job.
    pub(crate) fn next(&self, thread: usize, keep_until: Option<Instant>) -> Next {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return Next::Stop;
            }
            if keep_until.is_some() && state.somebody_waits_for_memory() {
                return Next::GiveMemoryBack;
            }
            if let Some(job) = state.jobs.pop() {
                return Next::Do(job);
            }
            let patience = keep_until.map(|end| end.saturating_duration_since(Instant::now()));
            if patience.is_some_and(|patience| patience.is_zero()) {
                return Next::GiveMemoryBack;
            }
            state = self.rest(state, thread, patience);
        }
    }

    /// Lets a thread sleep until it is woken, or for as long as its patience lasts.
    fn rest<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        thread: usize,
        patience: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        let work = &self.work[thread];
        let mut state = if let Some(patience) = patience {
            state.idle.push_back(thread);
            work.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0
        } else {
            state.idle.push_front(thread);
            work.wait(state).unwrap_or_else(PoisonError::into_inner)
        };
        // It may have woken by itself.
        state.idle.retain(|idle| *idle != thread);
        state
    }

    /// Waits for a part of the memory budget. Whoever waits here must hold no other part; then all
    /// that is claimed is given back in the end, and everyone is served. `None` when the pool stops.
    pub(crate) fn claim(self: &Arc<Self>, kib: u32) -> Option<Claim> {
        debug_assert!(kib <= self.budget_kib, "a claim above the budget is never served");
        let mut state = self.lock();
        if state.somebody_waits_for_memory() || state.free_kib < kib {
            let ticket = state.tickets_given;
            state.tickets_given += 1;
            // Threads that idle on memory are asked for it.
            self.wake_all();
            while !state.stopping && (state.tickets_served != ticket || state.free_kib < kib) {
                state = self.memory.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.stopping {
                return None;
            }
            state.tickets_served += 1;
            self.memory.notify_all();
        }
        state.free_kib -= kib;
        Some(Claim { schedule: Arc::clone(self), kib })
    }

    /// Ends every wait. What is queued is refused.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopping = true;
        let jobs = state.jobs.take();
        drop(state);
        self.wake_all();
        self.memory.notify_all();
        for job in jobs {
            job.task.refuse(Refusal::Stopped);
        }
    }

    fn wake_all(&self) {
        self.work.iter().for_each(Condvar::notify_one);
    }

    /// No job runs under this lock, so nothing half done can be behind a poisoned one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl Schedule {
    /// Waits until no memory is claimed.
    pub(crate) fn wait_until_all_memory_is_free(&self) {
        let mut state = self.lock();
        while state.free_kib != self.budget_kib {
            state = self.memory.wait(state).unwrap();
        }
    }

    /// The jobs in the queue.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().jobs.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread;
    use std::time::{Duration, Instant};

    use argon2::Block;
    use domain::accounts::ports::Turn;
    use domain::origin::Origin;

    use super::{Next, Schedule};
    use crate::job::{Job, Refusal, Task};

    struct Named {
        name: u8,
        abandoned: Arc<AtomicBool>,
        refused: Sender<(u8, Refusal)>,
    }

    impl Task for Named {
        fn is_abandoned(&self) -> bool {
            self.abandoned.load(Ordering::SeqCst)
        }
        fn run(self: Box<Self>, _blocks: &mut [Block]) {}
        fn refuse(self: Box<Self>, refusal: Refusal) {
            self.refused.send((self.name, refusal)).unwrap();
        }
    }

    fn job(name: u8, wait: Duration) -> (Job, Arc<AtomicBool>, Receiver<(u8, Refusal)>) {
        let (refused, refusals) = channel();
        let abandoned = Arc::new(AtomicBool::new(false));
        let task = Box::new(Named { name, abandoned: Arc::clone(&abandoned), refused });
        (
            Job { memory_kib: 8, deadline: Instant::now() + wait, turn: Turn::log_in(&Origin::default()), task },
            abandoned,
            refusals,
        )
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_full_queue_refuses_at_once() {
        let schedule = Schedule::new(2, 8, 1);
        schedule.push(job(1, LONG).0);
        schedule.push(job(2, LONG).0);
        let (third, _, refusals) = job(3, LONG);
        schedule.push(third);
        assert!(matches!(refusals.recv().unwrap(), (3, Refusal::Full)));
        assert!(matches!(schedule.next(0, None), Next::Do(_)));
        schedule.push(job(3, LONG).0);
    }

    #[test]
    fn a_full_queue_first_forgets_what_nobody_waits_for() {
        let schedule = Schedule::new(2, 8, 1);
        let (abandoned, gone, refusals) = job(1, LONG);
        schedule.push(abandoned);
        schedule.push(job(2, LONG).0);
        gone.store(true, Ordering::SeqCst);
        schedule.push(job(3, LONG).0);
        assert!(matches!(refusals.recv().unwrap(), (1, Refusal::Late)));
        assert_eq!(schedule.waiting(), 2);
    }

    #[test]
    fn a_full_queue_first_refuses_what_waited_too_long() {
        let schedule = Schedule::new(1, 8, 1);
        let (late, _, refusals) = job(1, Duration::ZERO);
        schedule.push(late);
        schedule.push(job(2, LONG).0);
        assert!(matches!(refusals.recv().unwrap(), (1, Refusal::Late)));
    }

    #[test]
    fn a_thread_whose_time_is_up_is_told_to_give_memory_back() {
        let schedule = Schedule::new(1, 8, 1);
        assert!(matches!(schedule.next(0, Some(Instant::now())), Next::GiveMemoryBack));
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(matches!(schedule.next(0, Some(soon)), Next::GiveMemoryBack));
    }

    #[test]
    fn a_job_goes_before_giving_memory_back() {
        let schedule = Schedule::new(1, 8, 1);
        schedule.push(job(1, LONG).0);
        assert!(matches!(schedule.next(0, Some(Instant::now())), Next::Do(_)));
    }

    #[test]
    fn a_claim_that_waits_makes_idle_threads_give_memory_back() {
        let schedule = Arc::new(Schedule::new(1, 100, 1));
        let small = schedule.claim(60).unwrap();
        let large = thread::spawn({
            let schedule = Arc::clone(&schedule);
            move || schedule.claim(100).is_some()
        });
        // The idle thread would keep its memory for an hour if nobody asked for it.
        assert!(matches!(schedule.next(0, Some(Instant::now() + LONG)), Next::GiveMemoryBack));
        drop(small);
        assert!(large.join().unwrap());
        schedule.wait_until_all_memory_is_free();
    }

    #[test]
    fn a_small_claim_does_not_overtake_a_large_one() {
        let schedule = Arc::new(Schedule::new(1, 100, 1));
        let first = schedule.claim(60).unwrap();
        let (order, served) = channel();
        let spawn = |kib, name| {
            let (schedule, order) = (Arc::clone(&schedule), order.clone());
            thread::spawn(move || {
                let claim = schedule.claim(kib);
                order.send(name).unwrap();
                drop(claim);
            })
        };
        let large = spawn(100, "large");
        while !schedule.lock().somebody_waits_for_memory() {
            thread::yield_now();
        }
        // There is room for the small one, but it came later.
        let small = spawn(10, "small");
        while schedule.lock().tickets_given < 2 {
            thread::yield_now();
        }
        drop(first);
        assert_eq!([served.recv().unwrap(), served.recv().unwrap()], ["large", "small"]);
        large.join().unwrap();
        small.join().unwrap();
    }

    #[test]
    fn stopping_ends_every_wait() {
        let schedule = Arc::new(Schedule::new(1, 8, 1));
        let held = schedule.claim(8);
        let (queued, _, refusals) = job(1, LONG);
        schedule.push(queued);
        let claim = thread::spawn({
            let schedule = Arc::clone(&schedule);
            move || schedule.claim(8).is_none()
        });
        schedule.stop();
        assert!(claim.join().unwrap());
        assert!(matches!(schedule.next(0, None), Next::Stop));
        assert!(matches!(refusals.recv().unwrap(), (1, Refusal::Stopped)));
        let (late, _, refusals) = job(2, LONG);
        schedule.push(late);
        assert!(matches!(refusals.recv().unwrap(), (2, Refusal::Stopped)));
        drop(held);
    }

    #[test]
    fn the_thread_with_warm_memory_is_woken_first() {
        let schedule = Arc::new(Schedule::new(1, 8, 3));
        let (order, woken) = channel();
        let rest = |thread: usize, keep_until| {
            let (schedule, order) = (Arc::clone(&schedule), order.clone());
            let idle = schedule.lock().idle.len();
            let resting = thread::spawn({
                let schedule = Arc::clone(&schedule);
                move || {
                    if matches!(schedule.next(thread, keep_until), Next::Do(_)) {
                        order.send(thread).unwrap();
                    }
                }
            });
            while schedule.lock().idle.len() == idle {
                thread::yield_now();
            }
            resting
        };
        let warm = Some(Instant::now() + LONG);
        let threads = [rest(0, warm), rest(1, warm), rest(2, None)];
        for expected in [1, 0, 2] {
            schedule.push(job(1, LONG).0);
            assert_eq!(woken.recv().unwrap(), expected);
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
