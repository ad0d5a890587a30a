//! What waits to be hashed: two lines, each of them fair by network.
//!
//! Whoever sends many logins waits behind others who send few, and sign-ups have a small share of their own, so
//! that a flood of either kind leaves the other its part.

use std::collections::{HashMap, VecDeque};

use domain::accounts::ports::{Line, Turn};
use domain::origin::Network;

use crate::job::Job;

/// Every so many turns is first that of the line of sign-ups.
const SIGN_UP_EVERY: u32 = 4;

/// What waits.
pub(crate) struct Queue {
    log_ins: FairLine,
    sign_ups: FairLine,
    turn: u32,
}

/// One line: the networks take turns, and each serves its own jobs in their order.
#[derive(Default)]
struct FairLine {
    places: usize,
    waiting: usize,
    by_network: HashMap<Option<Network>, VecDeque<Job>>,
    /// The networks that have jobs, the next one first.
    round: VecDeque<Option<Network>>,
}

/// What came of asking for a place.
pub(crate) struct Pushed {
    /// Whether the new job has one.
    pub(crate) is_admitted: bool,
    /// The job that has no place: the new one, or the last one of the network with the most.
    pub(crate) refused: Option<Job>,
    /// Jobs that had a place and for which nobody waits any more.
    pub(crate) stale: Vec<Job>,
}

impl Queue {
    /// A queue with so many places in each line; in that of sign-ups a fourth of them while logins wait.
    pub(crate) fn new(places: usize) -> Self {
        let line = || FairLine { places, ..FairLine::default() };
        Self { log_ins: line(), sign_ups: line(), turn: 0 }
    }

    /// Gives a job a place. A full line is first cleared of what nobody waits for; then the network that has the
    /// most places loses its last one, unless it is the one that asks.
    pub(crate) fn push(&mut self, job: Job) -> Pushed {
        self.line(job.turn.line).push(job)
    }

    /// One of the lines. That of sign-ups is the shorter while logins wait as well, for they leave it a part of the
    /// turns only: whoever came to a longer one would wait until it is too late.
    fn line(&mut self, line: Line) -> &mut FairLine {
        match line {
            Line::LogIn => &mut self.log_ins,
            Line::SignUp => {
                let share = if self.log_ins.waiting > 0 { SIGN_UP_EVERY as usize } else { 1 };
                self.sign_ups.places = self.log_ins.places.div_ceil(share);
                &mut self.sign_ups
            }
        }
    }

    /// Whether a job of this turn would find a place now, and the jobs that were cleared out of its line to see.
    pub(crate) fn admits(&mut self, turn: &Turn) -> (bool, Vec<Job>) {
        let line = self.line(turn.line);
        let stale = if line.is_full() { line.take_stale() } else { Vec::new() };
        (!line.is_full() || line.loser(&turn.network).is_some(), stale)
    }

    /// The next job. One for which nobody waits any more takes nobody's turn.
    pub(crate) fn pop(&mut self) -> Option<Job> {
        let turn = (self.turn + 1) % SIGN_UP_EVERY;
        let (first, second) = match turn {
            0 => (&mut self.sign_ups, &mut self.log_ins),
            _ => (&mut self.log_ins, &mut self.sign_ups),
        };
        let job = first.pop().or_else(|| second.pop())?;
        if !job.is_stale() {
            self.turn = turn;
        }
        Some(job)
    }

    /// All that waits.
    pub(crate) fn take(&mut self) -> Vec<Job> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    #[cfg(test)]
    pub(crate) const fn len(&self) -> usize {
        self.log_ins.waiting + self.sign_ups.waiting
    }
}

impl FairLine {
    fn push(&mut self, job: Job) -> Pushed {
        let stale = if self.is_full() { self.take_stale() } else { Vec::new() };
        if !self.is_full() {
            self.add(job);
            return Pushed { is_admitted: true, refused: None, stale };
        }
        let Some(network) = self.loser(&job.turn.network).cloned() else {
            return Pushed { is_admitted: false, refused: Some(job), stale };
        };
        let refused = self.pop_last_of(&network);
        self.add(job);
        Pushed { is_admitted: true, refused, stale }
    }

    /// The network that would lose a place in a full line to this one: the one with the most, if it had no fewer
    /// than this one afterwards.
    fn loser(&self, network: &Option<Network>) -> Option<&Option<Network>> {
        let own = self.by_network.get(network).map_or(0, VecDeque::len);
        let (loser, jobs) = self.by_network.iter().max_by_key(|(_, jobs)| jobs.len())?;
        (jobs.len() > own + 1).then_some(loser)
    }

    fn add(&mut self, job: Job) {
        let network = job.turn.network.clone();
        let jobs = self.by_network.entry(network.clone()).or_default();
        if jobs.is_empty() {
            self.round.push_back(network);
        }
        jobs.push_back(job);
        self.waiting += 1;
    }

    fn pop(&mut self) -> Option<Job> {
        let network = self.round.pop_front()?;
        let jobs = self.by_network.get_mut(&network)?;
        let job = jobs.pop_front();
        self.waiting -= usize::from(job.is_some());
        if jobs.is_empty() {
            self.by_network.remove(&network);
        } else if job.as_ref().is_some_and(Job::is_stale) {
            self.round.push_front(network);
        } else {
            self.round.push_back(network);
        }
        job
    }

    fn pop_last_of(&mut self, network: &Option<Network>) -> Option<Job> {
        let jobs = self.by_network.get_mut(network)?;
        let job = jobs.pop_back();
        self.waiting -= usize::from(job.is_some());
        if jobs.is_empty() {
            self.by_network.remove(network);
            self.round.retain(|other| other != network);
        }
        job
    }

    /// Takes out what nobody waits for any more.
    fn take_stale(&mut self) -> Vec<Job> {
        let mut stale = Vec::new();
        for jobs in self.by_network.values_mut() {
            let (gone, waiting) = std::mem::take(jobs).into_iter().partition::<VecDeque<_>, _>(Job::is_stale);
            *jobs = waiting;
            stale.extend(gone);
        }
        self.by_network.retain(|_, jobs| !jobs.is_empty());
        self.round.retain(|network| self.by_network.contains_key(network));
        self.waiting -= stale.len();
        stale
    }

    const fn is_full(&self) -> bool {
        self.waiting >= self.places
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use argon2::Block;

    use super::*;
    use crate::job::{Refusal, Task};

    struct Idle {
        abandoned: bool,
    }

    impl Task for Idle {
        fn is_abandoned(&self) -> bool {
            self.abandoned
        }
        fn run(self: Box<Self>, _blocks: &mut [Block]) {}
        fn refuse(self: Box<Self>, _refusal: Refusal) {}
    }

    /// A job whose size is its name.
    fn job(name: u32, line: Line, network: &str) -> Job {
        let turn = Turn { network: Some(Network::restore(network)), line };
        let task = Box::new(Idle { abandoned: false });
        Job { memory_kib: name, deadline: Instant::now() + Duration::from_secs(3600), turn, task }
    }

    fn log_in(name: u32, network: &str) -> Job {
        job(name, Line::LogIn, network)
    }

    /// Asks for a place, and gives the name of the job that has none.
    fn refused(queue: &mut Queue, job: Job) -> Option<u32> {
        let (name, (admitted, _)) = (job.memory_kib, queue.admits(&job.turn));
        let refused = queue.push(job).refused.map(|job| job.memory_kib);
        assert_eq!(admitted, refused != Some(name), "it was told before");
        refused
    }

    fn names(queue: &mut Queue) -> Vec<u32> {
        queue.take().iter().map(|job| job.memory_kib).collect()
    }

    #[test]
    fn networks_take_turns_and_each_keeps_its_order() {
        let mut queue = Queue::new(10);
        for (name, network) in [(1, "loud"), (2, "loud"), (3, "loud"), (4, "loud"), (5, "quiet"), (6, "other")] {
            assert_eq!(refused(&mut queue, log_in(name, network)), None);
        }
        assert_eq!(names(&mut queue), [1, 5, 6, 2, 3, 4]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn who_asks_for_most_loses_the_last_place_to_others() {
        let mut queue = Queue::new(4);
        for name in 1..=4 {
            assert_eq!(refused(&mut queue, log_in(name, "loud")), None);
        }
        assert_eq!(refused(&mut queue, log_in(5, "loud")), Some(5), "its own places are all taken");
        assert_eq!(refused(&mut queue, log_in(6, "quiet")), Some(4));
        assert_eq!(refused(&mut queue, log_in(7, "other")), Some(3));
        // Two for the loud one, and one for each of the others: nobody gains by taking from it.
        assert_eq!(refused(&mut queue, log_in(8, "quiet")), Some(8));
        assert_eq!(refused(&mut queue, log_in(9, "third")), Some(2));
        assert_eq!(refused(&mut queue, log_in(10, "fourth")), Some(10), "everybody has one");
        assert_eq!(names(&mut queue), [1, 6, 7, 9]);
    }

    #[test]
    fn a_network_without_jobs_is_forgotten() {
        let mut queue = Queue::new(2);
        for name in 0..100 {
            assert_eq!(refused(&mut queue, log_in(name, &format!("network {name}"))), None);
            assert_eq!(queue.pop().map(|job| job.memory_kib), Some(name));
        }
        assert!(queue.log_ins.by_network.is_empty() && queue.log_ins.round.is_empty());
    }

    #[test]
    fn neither_line_starves_the_other() {
        let mut queue = Queue::new(8);
        // A full line of either takes no place from the other.
        for name in 100..108 {
            assert_eq!(refused(&mut queue, job(name, Line::SignUp, "a")), None);
        }
        assert_eq!(refused(&mut queue, job(108, Line::SignUp, "a")), Some(108));
        for name in 0..8 {
            assert_eq!(refused(&mut queue, log_in(name, "a")), None);
        }
        assert_eq!(refused(&mut queue, log_in(8, "a")), Some(8));
        assert_eq!(names(&mut queue), [0, 1, 2, 100, 3, 4, 5, 101, 6, 7, 102, 103, 104, 105, 106, 107]);
        assert_eq!(refused(&mut queue, log_in(0, "a")), None);
        for name in 100..102 {
            assert_eq!(refused(&mut queue, job(name, Line::SignUp, "a")), None);
        }
        assert_eq!(refused(&mut queue, job(102, Line::SignUp, "a")), Some(102), "they get a fourth of the turns");
        assert_eq!(names(&mut queue), [0, 100, 101]);
        for name in 100..102 {
            assert_eq!(refused(&mut queue, job(name, Line::SignUp, "a")), None);
        }
        assert_eq!(names(&mut queue), [100, 101], "nobody waits for those who are not there");
    }

    #[test]
    fn a_full_line_first_forgets_what_nobody_waits_for() {
        let mut queue = Queue::new(3);
        let fill = |queue: &mut Queue| {
            let late = Job { deadline: Instant::now(), ..log_in(1, "a") };
            let abandoned = Job { task: Box::new(Idle { abandoned: true }), ..log_in(2, "b") };
            for job in [late, abandoned, log_in(3, "b")] {
                assert!(queue.push(job).refused.is_none());
            }
        };
        let names_of = |jobs: &[Job]| {
            let mut names = jobs.iter().map(|job| job.memory_kib).collect::<Vec<_>>();
            names.sort_unstable();
            names
        };
        fill(&mut queue);
        let pushed = queue.push(log_in(4, "c"));
        assert!(pushed.is_admitted && pushed.refused.is_none());
        assert_eq!(names_of(&pushed.stale), [1, 2]);
        assert_eq!((queue.len(), names(&mut queue)), (2, vec![3, 4]));
        fill(&mut queue);
        let (admitted, stale) = queue.admits(&log_in(4, "b").turn);
        assert!(admitted);
        assert_eq!(names_of(&stale), [1, 2]);
        assert_eq!(names(&mut queue), [3]);
    }

    #[test]
    fn what_nobody_waits_for_takes_nobodys_turn() {
        let mut queue = Queue::new(16);
        let gone = |name, line, network| Job { deadline: Instant::now(), ..job(name, line, network) };
        for name in 0..6 {
            queue.push(log_in(name, "a"));
        }
        for sign_up in [gone(100, Line::SignUp, "b"), gone(101, Line::SignUp, "b"), job(102, Line::SignUp, "b")] {
            queue.push(sign_up);
        }
        assert_eq!(names(&mut queue), [0, 1, 2, 100, 101, 102, 3, 4, 5]);
        for log_in in [gone(0, Line::LogIn, "a"), log_in(1, "a"), log_in(2, "b"), log_in(3, "a")] {
            queue.push(log_in);
        }
        assert_eq!(names(&mut queue), [0, 1, 2, 3], "the network of the first has its turn still");
    }
}
