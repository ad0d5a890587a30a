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
