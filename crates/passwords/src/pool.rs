//! Threads that do nothing but hash, each with memory of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use std::{fmt, io};

use argon2::Block;
use domain::accounts::ports::Turn;
use tokio::sync::oneshot;

use crate::job::{Job, Refusal, Task};
use crate::options::Plan;
use crate::schedule::Schedule;
use crate::worker::Worker;

/// How far the threads stand back, as `nice` counts it: at 10, a thread of ordinary priority that wants to run gets
/// nine tenths of the core.
#[cfg(target_os = "linux")]
const BEHIND_OTHERS: i32 = 10;

/// A fixed number of threads behind a bounded queue.
///
/// A job owns its place: one whose caller has gone is skipped when its turn comes, or finished when
/// it had begun. Dropping the pool refuses what waits and lets what runs come to its end.
pub(crate) struct Pool {
    schedule: Arc<Schedule>,
    threads: Vec<JoinHandle<()>>,
    deadline: Duration,
}

impl Pool {
    /// Maps the memory and starts the threads; the memory itself is taken by the first hashes.
    pub(crate) fn start(plan: &Plan) -> io::Result<Self> {
        let schedule = Arc::new(Schedule::new(plan.queue_length, plan.budget_kib, plan.threads));
        let mut pool = Self { schedule, threads: Vec::new(), deadline: plan.deadline };
        for number in 0..plan.threads {
            let schedule = Arc::clone(&pool.schedule);
            let worker = Worker::new(schedule, number, plan.cost.memory_kib(), plan.idle)?;
            let name = format!("passwords-{number}");
            let work = move || {
                step_back();
                worker.work();
            };
            pool.threads.push(Builder::new().name(name).spawn(work)?);
        }
        Ok(pool)
    }

    /// How many jobs run side by side.
    pub(crate) fn threads(&self) -> usize {
        self.threads.len()
    }

    /// The most memory that one job can ever get, in KiB.
    pub(crate) fn budget_kib(&self) -> u32 {
        self.schedule.budget_kib()
    }

    /// Keeps a place for a job of this turn.
    ///
    /// # Errors
    /// The queue is full.
    pub(crate) fn keep_place(&self, turn: Turn) -> Result<Turn, Refusal> {
        self.schedule.keep_place(turn)
    }

    /// Does `work` on one of the threads, in `memory_kib` blocks or more.
    ///
    /// # Errors
    /// A full queue refuses before anything waits; the other refusals come in the job's turn.
    pub(crate) async fn run<T, W>(&self, memory_kib: u32, turn: Turn, work: W) -> Result<T, Refusal>
    where
        T: Send + 'static,
        W: FnOnce(&mut [Block]) -> T + Send + 'static,
    {
        if memory_kib > self.budget_kib() {
            return Err(Refusal::Memory(io::ErrorKind::OutOfMemory.into()));
        }
        let (answer, answered) = oneshot::channel();
        let task = Box::new(Asked { work, answer });
        self.schedule.push(Job { memory_kib, deadline: Instant::now() + self.deadline, turn, task });
        answered.await.unwrap_or(Err(Refusal::Stopped))
    }
}

/// Lets every thread of ordinary priority go before this one: a hash takes all that a core has for long, and whoever
/// only reads should not wait for it.
fn step_back() {
    // On `Linux` a thread has a priority of its own, and whoever starts it keeps theirs. Elsewhere, or where the system
    // refuses it, hashes share the cores alike.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), BEHIND_OTHERS);
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.schedule.stop();
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to end.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = self.threads.len();
        f.debug_struct("Pool").field("threads", &threads).finish_non_exhaustive()
    }
}

/// Some work, and where its answer goes.
struct Asked<T, W> {
    work: W,
    answer: oneshot::Sender<Result<T, Refusal>>,
}

impl<T, W> Task for Asked<T, W>
where
    T: Send,
    W: FnOnce(&mut [Block]) -> T + Send,
{
    fn is_abandoned(&self) -> bool {
        self.answer.is_closed()
    }

    fn run(self: Box<Self>, blocks: &mut [Block]) {
        let Self { work, answer } = *self;
        // Blocks are plain numbers that the next hash overwrites, so a panic leaves none broken.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(blocks)));
        // Nobody may be waiting any more; then the answer is not missed.
        drop(answer.send(outcome.map_err(|_| Refusal::Panicked)));
    }

    fn refuse(self: Box<Self>, refusal: Refusal) {
        drop(self.answer.send(Err(refusal)));
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::{Sender, channel};
    use std::task::{Context, Waker};
    use std::thread;
    use std::time::Duration;

    use domain::accounts::ports::Turn;
    use domain::origin::Origin;

    use super::{BEHIND_OTHERS, Pool, Refusal};
    use crate::cost::Cost;
    use crate::options::Plan;

    const LONG: Duration = Duration::from_secs(3600);

    fn turn() -> Turn {
        Turn::log_in(&Origin::default())
    }

    fn start(change: impl FnOnce(&mut Plan)) -> Pool {
        let cost = Cost::new(64, 1, 1).unwrap();
        let (deadline, idle) = (LONG, LONG);
        let mut plan = Plan { cost, budget_kib: 256, threads: 1, queue_length: 2, deadline, idle };
        change(&mut plan);
        Pool::start(&plan).unwrap()
    }

    type Call<'a> = Pin<Box<dyn Future<Output = Result<(), Refusal>> + 'a>>;

    /// Makes a call that queues its job and then waits.
    fn queued<'a>(pool: &'a Pool, work: impl FnOnce() + Send + 'static) -> Call<'a> {
        let mut call: Call<'a> = Box::pin(pool.run(64, turn(), move |_| work()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut context).is_pending());
        call
    }

    /// Makes a call whose job keeps a thread until it is let go.
    fn holding(pool: &Pool) -> (Call<'_>, Sender<()>) {
        let ((release, released), (begin, begun)) = (channel(), channel());
        let call = queued(pool, move || {
            begin.send(()).unwrap();
            released.recv().unwrap();
        });
        begun.recv().unwrap();
        (call, release)
    }

    fn thread_name(pool: &Pool) -> impl Future<Output = Result<Option<String>, Refusal>> {
        pool.run(64, turn(), |_| thread::current().name().map(str::to_owned))
    }

    #[tokio::test]
    async fn work_is_done_on_a_named_thread_with_blocks() {
        let pool = start(|_| ());
        assert_eq!(pool.run(8, turn(), |blocks| blocks.len()).await.unwrap(), 64);
        assert_eq!(thread_name(&pool).await.unwrap().as_deref(), Some("passwords-0"));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_threads_let_others_go_first() {
        let pool = start(|_| ());
        let of_thread = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).unwrap();
        let before = of_thread();
        assert_eq!(pool.run(64, turn(), move |_| of_thread()).await.unwrap(), BEHIND_OTHERS);
        assert_eq!(of_thread(), before, "and only they do");
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_works_on_when_it_has_room() {
        let pool = start(|_| ());
        let (held, release) = holding(&pool);
        let calls = [queued(&pool, || ()), queued(&pool, || ())];
        assert!(matches!(pool.run(64, turn(), |_| ()).await, Err(Refusal::Full)));
        release.send(()).unwrap();
        held.await.unwrap();
        for call in calls {
            call.await.unwrap();
        }
        pool.run(64, turn(), |_| ()).await.unwrap();
    }

    #[tokio::test]
    async fn a_place_is_kept_until_it_is_used_or_dropped() {
        let pool = start(|_| ());
        let (first, second) = (pool.keep_place(turn()).unwrap(), pool.keep_place(turn()).unwrap());
        assert!(matches!(pool.keep_place(turn()), Err(Refusal::Full)));
        assert!(matches!(pool.run(64, turn(), |_| ()).await, Err(Refusal::Full)));
        drop(first);
        pool.run(64, turn(), |_| ()).await.unwrap();
        let third = pool.keep_place(turn()).unwrap();
        pool.run(64, second, |_| ()).await.unwrap();
        assert!(matches!(pool.run(257, third, |_| ()).await, Err(Refusal::Memory(_))), "and it is given up with that");
        assert_eq!(pool.schedule.waiting(), 0);
    }

    #[tokio::test]
    async fn a_job_past_its_deadline_is_refused_and_not_run() {
        let pool = start(|plan| plan.deadline = Duration::ZERO);
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let outcome = pool.run(64, turn(), move |_| count.fetch_add(1, Ordering::SeqCst)).await;
        assert!(matches!(outcome, Err(Refusal::Late)));
        assert_eq!(runs.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_job_whose_caller_left_is_skipped() {
        let pool = start(|_| ());
        let (held, release) = holding(&pool);
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        drop(queued(&pool, move || {
            _ = count.fetch_add(1, Ordering::SeqCst);
        }));
        release.send(()).unwrap();
        held.await.unwrap();
        pool.run(64, turn(), |_| ()).await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_job_that_has_begun_ends_without_its_caller_and_frees_the_thread() {
        let pool = start(|_| ());
        let (held, release) = holding(&pool);
        drop(held);
        let next = queued(&pool, || ());
        release.send(()).unwrap();
        next.await.unwrap();
    }

    #[tokio::test]
    async fn callers_that_left_do_not_keep_their_places() {
        let pool = start(|_| ());
        let (held, release) = holding(&pool);
        for _ in 0..10 {
            drop([queued(&pool, || ()), queued(&pool, || ())]);
        }
        release.send(()).unwrap();
        held.await.unwrap();
    }

    #[tokio::test]
    async fn a_panicking_job_is_answered_and_kills_no_thread() {
        let pool = start(|_| ());
        for _ in 0..3 {
            let outcome = pool.run(64, turn(), |_| panic!("a test of panics")).await;
            assert!(matches!(outcome, Err::<(), _>(Refusal::Panicked)));
        }
        assert_eq!(thread_name(&pool).await.unwrap().as_deref(), Some("passwords-0"));
    }

    #[tokio::test]
    async fn memory_goes_back_after_a_time_without_work() {
        let pool = start(|plan| plan.idle = Duration::from_millis(1));
        for _ in 0..3 {
            let first_word =
                pool.run(64, turn(), |blocks| std::mem::replace(&mut blocks[0].as_mut()[0], 1)).await.unwrap();
            if cfg!(target_os = "linux") {
                assert_eq!(first_word, 0, "pages that were given back come back as zeros");
            }
            pool.schedule.wait_until_all_memory_is_free();
        }
    }

    #[tokio::test]
    async fn more_memory_comes_out_of_the_budget_even_when_idle_threads_hold_it() {
        let pool = start(|plan| plan.threads = 4);
        let held = [holding(&pool), holding(&pool), holding(&pool), holding(&pool)];
        for (call, release) in held {
            release.send(()).unwrap();
            call.await.unwrap();
        }
        // All 256 KiB are held by threads that would keep them for an hour.
        assert_eq!(pool.run(256, turn(), |blocks| blocks.len()).await.unwrap(), 256);
        assert_eq!(pool.run(64, turn(), |blocks| blocks.len()).await.unwrap(), 64);
    }

    #[tokio::test]
    async fn more_memory_than_the_budget_is_refused_at_once() {
        let pool = start(|_| ());
        assert!(matches!(pool.run(257, turn(), |_| ()).await, Err(Refusal::Memory(_))));
    }

    #[tokio::test]
    async fn many_jobs_of_all_sizes_get_done() {
        let pool = Arc::new(start(|plan| (plan.threads, plan.queue_length) = (4, 400)));
        let jobs = [8, 64, 65, 200, 256].into_iter().cycle().take(400).map(|kib| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.run(kib, turn(), |blocks| blocks.len()).await.unwrap() >= kib as usize })
        });
        for job in jobs.collect::<Vec<_>>() {
            assert!(job.await.unwrap());
        }
    }

    #[test]
    fn dropping_the_pool_ends_its_threads() {
        let pool = start(|plan| plan.threads = 3);
        let schedule = Arc::clone(&pool.schedule);
        let (call, release) = holding(&pool);
        drop(call);
        release.send(()).unwrap();
        drop(pool);
        assert_eq!(Arc::strong_count(&schedule), 1);
        schedule.wait_until_all_memory_is_free();
    }
}
