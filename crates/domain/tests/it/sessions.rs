//! Where a user is signed in.

use chrono::TimeDelta;
use domain::access::Actor;
use domain::origin::Origin;
use domain::sessions::end_session::{EndSession, EndSessionError};
use domain::sessions::list_sessions::{ListSessions, ListSessionsError};
use domain::sessions::session::{Channel, EndReason, IDLE};

use crate::world::{World, by_user_token};

const ADA: &str = "ada@example.org";

impl World {
    fn list_sessions(&self) -> ListSessions {
        ListSessions { sessions: self.memory.clone(), clock: self.clock.clone() }
    }

    fn end_session(&self) -> EndSession {
        EndSession { ledger: self.memory.clone(), clock: self.clock.clone(), entropy: self.entropy.clone() }
    }
}

#[tokio::test]
async fn a_user_sees_the_sessions_that_hold_and_which_is_this_one() {
    let world = World::default();
    world.join(ADA).await;
    world.join("ben@example.org").await;
    world.enter(ADA, Channel::Pages).await;
    world.clock.advance(IDLE);
    let second = world.enter(ADA, Channel::Pages).await;
    world.enter("ben@example.org", Channel::Api).await;
    world.clock.advance(TimeDelta::minutes(1));
    let this = world.enter(ADA, Channel::Api).await;
    let sessions = world.list_sessions().run(&world.actor(&this)).await.expect("memory reads");
    let seen: Vec<_> = sessions.iter().map(|own| (own.session.id, own.is_this)).collect();
    assert_eq!(seen, [(this.session.id, true), (second.session.id, false)], "the idle one is over");
}

#[tokio::test]
async fn a_user_ends_one_session_or_all_and_nobody_elses() {
    let world = World::default();
    let (ada, _) = world.join(ADA).await;
    world.join("ben@example.org").await;
    let (first, this) = (world.enter(ADA, Channel::Api).await, world.enter(ADA, Channel::Api).await);
    let others = world.enter("ben@example.org", Channel::Api).await;
    let (end, actor) = (world.end_session(), world.actor(&this));
    end.run(&actor, first.session.id).await.expect("it is hers");
    for absent in [first.session.id, others.session.id] {
        assert!(matches!(end.run(&actor, absent).await, Err(EndSessionError::NotFound)));
    }
    end.run_for_all(&actor).await.expect("memory writes");
    assert_eq!(world.memory.end_reason(first.session.id), Some(EndReason::EndedByOwner));
    assert_eq!(world.memory.end_reason(this.session.id), Some(EndReason::LoggedOut));
    assert_eq!(world.memory.end_reason(others.session.id), None);
    for actor in [by_user_token(&world, &ada), Actor::nobody(Origin::default())] {
        assert!(matches!(end.run_for_all(&actor).await, Err(EndSessionError::Denied(_))));
        assert!(matches!(world.list_sessions().run(&actor).await, Err(ListSessionsError::Denied(_))));
    }
}
