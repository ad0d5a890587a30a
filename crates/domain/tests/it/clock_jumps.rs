//! What holds when the clock is put forward or back by hours.

use chrono::TimeDelta;
use domain::access::{Actor, Operation};
use domain::keys::rotate::{Outcome, RotateKeysError, Which};
use domain::keys::rows::KeyState::{Active, Next, Retired};
use domain::keys::seen_retired::SeenRetired;
use domain::origin::Origin;
use domain::ports::clock::Clock as _;
use domain::sessions::log_in::IssuedTokens;
use domain::sessions::session::Channel;

use crate::keys::Installation;
use crate::world::{World, tokens};

const ADA: &str = "ada@example.org";
const HOURS: TimeDelta = TimeDelta::hours(5);
/// More than the longest-lived token has, and what is added to that.
const LONG: TimeDelta = TimeDelta::minutes(66);
/// For how long a key signs.
const LIFETIME: TimeDelta = TimeDelta::days(30);

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

#[tokio::test]
async fn a_retired_key_stays_as_long_as_its_tokens_wherever_the_clock_is_put_and_when_it_is_mended() {
    for jump in [HOURS, -HOURS, LIFETIME, -LIFETIME] {
        for is_rotated_before in [true, false] {
            let installation = Installation::new().await;
            let clock = &installation.world.clock;
            let (mut seen, mut uptime) = (SeenRetired::default(), TimeDelta::zero());
            let mut is_kept = async |passes: TimeDelta| {
                clock.advance(passes);
                uptime += passes;
                installation.forgotten(&mut seen, uptime).await.is_empty()
            };
            if is_rotated_before {
                installation.rotated(Which::AllAtOnce).await.expect("they are there");
            }
            assert!(is_kept(TimeDelta::minutes(1)).await);
            clock.advance(jump);
            if !is_rotated_before {
                installation.rotated(Which::AllAtOnce).await.expect("they are there");
            }
            assert!(is_kept(TimeDelta::minutes(1)).await, "{jump}, {is_rotated_before}");
            clock.advance(-jump);
            assert!(is_kept(TimeDelta::minutes(62)).await, "{jump}, {is_rotated_before}");
            let retired = installation.listed().await.iter().filter(|(_, state)| *state == Retired).count();
            assert_eq!(retired, 2, "{jump}, {is_rotated_before}");
            // What retired by a clock that was ahead stays until it has caught up.
            let ahead = if is_rotated_before { TimeDelta::zero() } else { jump.max(TimeDelta::zero()) };
            assert!(!is_kept(LONG + ahead).await, "{jump}, {is_rotated_before}");
        }
    }
}

#[tokio::test]
async fn a_process_that_starts_while_the_clock_is_ahead_forgets_no_key_whose_tokens_live() {
    let installation = Installation::new().await;
    installation.rotated(Which::AllAtOnce).await.expect("they are there");
    installation.world.clock.advance(HOURS);
    for _ in 0..2 {
        // Each start has seen nothing yet.
        let mut seen = SeenRetired::default();
        for minute in 0..65 {
            let forgotten = installation.forgotten(&mut seen, TimeDelta::minutes(minute)).await;
            assert!(forgotten.is_empty(), "after {minute} minutes");
        }
    }
}

#[tokio::test]
async fn keys_that_were_made_by_a_clock_that_was_ahead_sign_on_and_rotate_when_the_operator_says_so() {
    for ahead in [HOURS, LIFETIME * 800] {
        let installation = Installation::new().await;
        let clock = &installation.world.clock;
        let start = clock.now();
        clock.advance(ahead + LIFETIME);
        let rotated = installation.rotated(Which::ActiveFor(LIFETIME)).await.expect("they are due");
        assert!(matches!(rotated, Outcome::Rotated(keys) if keys.len() == 2));
        clock.set(start + TimeDelta::minutes(1));
        let keys = installation.listed().await;
        let of = |state| keys.iter().filter(|(_, its)| *its == state).count();
        assert_eq!((of(Active), of(Next), of(Retired)), (2, 2, 2), "of each algorithm one of each");
        let by_itself = installation.rotated(Which::ActiveFor(LIFETIME)).await.expect("none is due");
        assert_eq!(by_itself, Outcome::Rotated(Vec::new()));
        let asked = installation.rotated(Which::All).await;
        assert!(matches!(asked, Err(RotateKeysError::TooYoung { .. })), "{asked:?}");
        installation.rotated(Which::AllAtOnce).await.expect("they are there");
        clock.advance(LIFETIME);
        let by_itself = installation.rotated(Which::ActiveFor(LIFETIME)).await;
        let Ok(Outcome::Rotated(keys)) = by_itself else { panic!("{by_itself:?}") };
        assert_eq!(keys.len(), 2, "from then on they rotate by themselves again");
    }
}
