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
mod tests;
