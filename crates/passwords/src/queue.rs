//! What waits to be hashed: two lines, each of them fair by network.
//!
//! Whoever sends many logins waits behind others who send few, and sign-ups have a small share of their own, so
//! that a flood of either kind leaves the other its part.

use std::collections::{HashMap, VecDeque};

use domain::accounts::ports::Line;
use domain::origin::Network;

use crate::job::{Job, Refusal};

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
    taken: usize,
    by_network: HashMap<Option<Network>, Places>,
    /// The networks that have jobs, the next one first.
    round: VecDeque<Option<Network>>,
}

/// The places of one network.
#[derive(Default)]
struct Places {
    jobs: VecDeque<Job>,
    /// Those that are kept for jobs that are yet to come.
    kept: usize,
    /// Those that were kept until another network got them: so many jobs will find none.
    lost: usize,
}

impl Places {
    fn taken(&self) -> usize {
        self.jobs.len() + self.kept
    }

    fn is_nothing(&self) -> bool {
        self.taken() + self.lost == 0
    }
}

/// What came of asking for a place.
pub(crate) struct Outcome {
    pub(crate) is_admitted: bool,
    pub(crate) cleared: Cleared,
}

/// Jobs that have no place any more.
#[derive(Default)]
pub(crate) struct Cleared {
    /// The new one, or the last one of the network with the most.
    pub(crate) refused: Option<Job>,
    /// Those for which nobody waits any more.
    pub(crate) stale: Vec<Job>,
}

impl Cleared {
    /// Tells them.
    pub(crate) fn refuse(self) {
        self.stale.into_iter().for_each(|job| job.task.refuse(Refusal::Late));
        self.refused.into_iter().for_each(|job| job.task.refuse(Refusal::Full));
    }
}

impl Queue {
    /// A queue with so many places in each line; in that of sign-ups a fourth of them while logins wait.
    pub(crate) fn new(places: usize) -> Self {
        let line = || FairLine { places, ..FairLine::default() };
        Self { log_ins: line(), sign_ups: line(), turn: 0 }
    }

    /// Keeps a place for a job that is yet to come, as [`Self::push`] would give it one.
    pub(crate) fn keep(&mut self, line: Line, network: &Option<Network>) -> Outcome {
        let line = self.line(line);
        let room = line.make_room(network);
        if room.is_admitted {
            line.of(network).kept += 1;
            line.taken += 1;
        }
        room
    }

    /// Gives up a place that was kept for a job that will not come.
    pub(crate) fn give_up(&mut self, line: Line, network: &Option<Network>) {
        self.line(line).take_kept(network);
    }

    /// Gives a job the place that was kept for it, or another one. A full line is first cleared of what nobody waits
    /// for; then the network that has the most places loses its last one, unless it is the one that asks.
    pub(crate) fn push(&mut self, mut job: Job) -> Outcome {
        let line = self.line(job.turn.line);
        let room = match job.turn.kept.take() {
            Some(place) => {
                place.hand_in();
                Outcome { is_admitted: line.take_kept(&job.turn.network), cleared: Cleared::default() }
            }
            None => line.make_room(&job.turn.network),
        };
        if room.is_admitted {
            line.add(job);
            return room;
        }
        Outcome { is_admitted: false, cleared: Cleared { refused: Some(job), ..room.cleared } }
    }

    /// One of the lines. That of sign-ups is the shorter while logins wait as well, for they leave it a part of the
    /// turns only: whoever came to a longer one would wait until it is too late.
    fn line(&mut self, line: Line) -> &mut FairLine {
        match line {
            Line::LogIn => &mut self.log_ins,
            Line::SignUp => {
                let share = if self.log_ins.taken > 0 { SIGN_UP_EVERY as usize } else { 1 };
                self.sign_ups.places = self.log_ins.places.div_ceil(share);
                &mut self.sign_ups
            }
        }
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
        self.log_ins.taken + self.sign_ups.taken
    }
}

impl FairLine {
    /// Sees to it that this network can have one more place, if it can.
    fn make_room(&mut self, network: &Option<Network>) -> Outcome {
        let stale = if self.is_full() { self.take_stale() } else { Vec::new() };
        let loser = if self.is_full() { self.loser(network).cloned() } else { None };
        let is_admitted = !self.is_full() || loser.is_some();
        let refused = loser.and_then(|loser| self.take_last_of(&loser));
        Outcome { is_admitted, cleared: Cleared { refused, stale } }
    }

    /// The network that would lose a place in a full line to this one: the one with the most, if it had no fewer
    /// than this one afterwards.
    fn loser(&self, network: &Option<Network>) -> Option<&Option<Network>> {
        let own = self.by_network.get(network).map_or(0, Places::taken);
        let (loser, places) = self.by_network.iter().max_by_key(|(_, places)| places.taken())?;
        (places.taken() > own + 1).then_some(loser)
    }

    fn of(&mut self, network: &Option<Network>) -> &mut Places {
        self.by_network.entry(network.clone()).or_default()
    }

    /// Uses up a place that was kept for this network, and tells whether it is there still.
    fn take_kept(&mut self, network: &Option<Network>) -> bool {
        let Some(places) = self.by_network.get_mut(network) else { return false };
        let is_there = places.lost == 0;
        if is_there {
            places.kept -= 1;
            self.taken -= 1;
        } else {
            // Which of them was lost makes no difference: they are all of one network.
            places.lost -= 1;
        }
        self.forget_if_nothing(network);
        is_there
    }

    fn add(&mut self, job: Job) {
        let network = job.turn.network.clone();
        let jobs = &mut self.of(&network).jobs;
        let is_first = jobs.is_empty();
        jobs.push_back(job);
        self.taken += 1;
        if is_first {
            self.round.push_back(network);
        }
    }

    fn pop(&mut self) -> Option<Job> {
        let network = self.round.pop_front()?;
        let jobs = &mut self.by_network.get_mut(&network)?.jobs;
        let job = jobs.pop_front();
        self.taken -= usize::from(job.is_some());
        if jobs.is_empty() {
            self.forget_if_nothing(&network);
        } else if job.as_ref().is_some_and(Job::is_stale) {
            self.round.push_front(network);
        } else {
            self.round.push_back(network);
        }
        job
    }

    /// Takes the last place of a network: one that is kept, as its job has not come yet, or else that of a job.
    fn take_last_of(&mut self, network: &Option<Network>) -> Option<Job> {
        let places = self.by_network.get_mut(network)?;
        self.taken -= 1;
        if places.kept > 0 {
            places.kept -= 1;
            places.lost += 1;
            return None;
        }
        let job = places.jobs.pop_back();
        if places.jobs.is_empty() {
            self.round.retain(|other| other != network);
            self.forget_if_nothing(network);
        }
        job
    }

    /// Takes out what nobody waits for any more.
    fn take_stale(&mut self) -> Vec<Job> {
        let mut stale = Vec::new();
        for places in self.by_network.values_mut() {
            let jobs = std::mem::take(&mut places.jobs);
            let (gone, waiting) = jobs.into_iter().partition::<VecDeque<_>, _>(Job::is_stale);
            places.jobs = waiting;
            stale.extend(gone);
        }
        self.round.retain(|network| self.by_network.get(network).is_some_and(|places| !places.jobs.is_empty()));
        self.by_network.retain(|_, places| !places.is_nothing());
        self.taken -= stale.len();
        stale
    }

    fn forget_if_nothing(&mut self, network: &Option<Network>) {
        if self.by_network.get(network).is_some_and(Places::is_nothing) {
            self.by_network.remove(network);
        }
    }

    const fn is_full(&self) -> bool {
        self.taken >= self.places
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use argon2::Block;
    use domain::accounts::ports::{KeptPlace, Turn};

    use super::*;
    use crate::job::Task;

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

    fn turn(line: Line, network: &str) -> Turn {
        Turn { network: self::network(network), line, kept: None }
    }

    fn network(name: &str) -> Option<Network> {
        Some(Network::restore(name))
    }

    /// A job for which a place was kept.
    fn with_place(job: Job) -> Job {
        Job { turn: Turn { kept: Some(KeptPlace::new(|| panic!("it is used"))), ..job.turn }, ..job }
    }

    /// A job whose size is its name.
    fn job(name: u32, line: Line, network: &str) -> Job {
        let turn = turn(line, network);
        let task = Box::new(Idle { abandoned: false });
        Job { memory_kib: name, deadline: Instant::now() + Duration::from_secs(3600), turn, task }
    }

    fn log_in(name: u32, network: &str) -> Job {
        job(name, Line::LogIn, network)
    }

    /// Asks for a place, and gives the name of the job that has none.
    fn refused(queue: &mut Queue, job: Job) -> Option<u32> {
        queue.push(job).cleared.refused.map(|job| job.memory_kib)
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
    fn a_place_that_is_kept_is_taken_until_its_job_comes_or_it_is_given_up() {
        let mut queue = Queue::new(2);
        for _ in 0..2 {
            assert!(queue.keep(Line::LogIn, &network("a")).is_admitted);
        }
        assert!(!queue.keep(Line::LogIn, &network("a")).is_admitted, "all are taken");
        assert_eq!(refused(&mut queue, log_in(1, "a")), Some(1));
        assert_eq!(refused(&mut queue, with_place(log_in(2, "a"))), None);
        assert_eq!(refused(&mut queue, log_in(3, "a")), Some(3), "it had a place of its own");
        queue.give_up(Line::LogIn, &network("a"));
        assert_eq!(refused(&mut queue, log_in(4, "a")), None);
        assert_eq!(names(&mut queue), [2, 4]);
        assert!(queue.log_ins.by_network.is_empty());
    }

    #[test]
    fn who_keeps_most_places_loses_those_first_whose_jobs_have_not_come() {
        let mut queue = Queue::new(4);
        assert_eq!(refused(&mut queue, log_in(1, "loud")), None);
        for _ in 0..3 {
            assert!(queue.keep(Line::LogIn, &network("loud")).is_admitted);
        }
        assert_eq!(refused(&mut queue, log_in(2, "quiet")), None);
        assert!(queue.keep(Line::LogIn, &network("other")).is_admitted);
        assert!(!queue.keep(Line::LogIn, &network("loud")).is_admitted);
        let of_loud = |name| with_place(log_in(name, "loud"));
        assert_eq!(refused(&mut queue, of_loud(3)), Some(3));
        queue.give_up(Line::LogIn, &network("loud"));
        assert_eq!(refused(&mut queue, of_loud(4)), None, "one of the three is left");
        assert_eq!(refused(&mut queue, with_place(log_in(5, "other"))), None);
        assert_eq!(names(&mut queue), [1, 2, 5, 4]);
        assert!(queue.log_ins.by_network.is_empty() && queue.log_ins.round.is_empty());
        assert_eq!(queue.len(), 0);
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
                assert!(queue.push(job).cleared.refused.is_none());
            }
        };
        let names_of = |jobs: &[Job]| {
            let mut names = jobs.iter().map(|job| job.memory_kib).collect::<Vec<_>>();
            names.sort_unstable();
            names
        };
        fill(&mut queue);
        let pushed = queue.push(log_in(4, "c"));
        assert!(pushed.is_admitted && pushed.cleared.refused.is_none());
        assert_eq!(names_of(&pushed.cleared.stale), [1, 2]);
        assert_eq!((queue.len(), names(&mut queue)), (2, vec![3, 4]));
        fill(&mut queue);
        let kept = queue.keep(Line::LogIn, &network("b"));
        assert!(kept.is_admitted && kept.cleared.refused.is_none());
        assert_eq!(names_of(&kept.cleared.stale), [1, 2]);
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
