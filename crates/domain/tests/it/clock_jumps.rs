//! What holds when the clock is put forward or back by hours.

use chrono::TimeDelta;
use domain::access::{Actor, Operation};
use domain::origin::Origin;
use domain::sessions::log_in::IssuedTokens;
use domain::sessions::session::Channel;

use crate::world::{World, tokens};

const ADA: &str = "ada@example.org";
const HOURS: TimeDelta = TimeDelta::hours(5);

async fn exchange(world: &World, token: &IssuedTokens) -> IssuedTokens {
    let exchanged = world.refresh().run(&Actor::nobody(Origin::default()), token.refresh_token.reveal()).await;
    exchanged.expect("the session goes on")
}

async fn is_accepted(world: &World, token: &IssuedTokens) -> bool {
    world.bearer(token.access_token.reveal(), Operation::ShowMe).await.is_ok()
}

#[tokio::test]
async fn a_session_goes_on_by_its_refresh_token_wherever_the_clock_is_put_and_when_it_is_mended() {
    for jump in [HOURS, -HOURS] {
        let world = World::default();
        world.join(ADA).await;
        let first = world.enter(ADA, Channel::Api).await;
        world.clock.advance(jump);
        assert!(!is_accepted(&world, tokens(&first)).await, "it is over, or of the future: {jump}");
        let next = exchange(&world, tokens(&first)).await;
        assert!(is_accepted(&world, &next).await, "{jump}");
        let again = exchange(&world, tokens(&first)).await;
        assert_eq!(again.refresh_token, next.refresh_token, "an answer that was lost is given again: {jump}");
        world.clock.advance(-jump);
        let mended = exchange(&world, &next).await;
        assert!(is_accepted(&world, &mended).await, "{jump}");
        assert!(is_accepted(&world, tokens(&world.enter(ADA, Channel::Api).await)).await, "{jump}");
    }
}
