//! Whoever has an account causes few letters to people who have none.

use std::net::IpAddr;

use chrono::TimeDelta;
use domain::access::Actor;
use domain::accounts::change_address::ChangeAddressError;
use domain::accounts::user::User;
use domain::mail::letter::Template;
use domain::origin::{ClientAddress, Origin};
use domain::ports::clock::Clock as _;
use domain::sessions::grant::GRACE;
use domain::sessions::log_in::{Command, IssuedCredential};
use domain::sessions::session::Channel;
use domain::throttles::limits::Limit;
use memory::passwords::CheapHashing;

use crate::throttles::{ADA, throttled};
use crate::world::{PASSWORD, World, email, typed};

impl World {
    /// How many letters of a kind there are to an address.
    fn letters_of(&self, template: Template, to: &str) -> u32 {
        let is_one = |told: &&(Template, String)| told.0 == template && told.1 == to;
        u32::try_from(self.told().iter().filter(is_one).count()).expect("a number")
    }

    /// Somebody whose address is verified or not.
    async fn somebody(&self, address: &str, is_verified: bool) {
        let now = self.clock.now();
        let change = |user: &mut User| user.email_verified_at = is_verified.then_some(now);
        self.add(address, CheapHashing::hash_of(&typed(PASSWORD)), change).await;
    }
}

#[tokio::test]
async fn a_user_wishes_for_few_addresses_in_an_hour() {
    let world = throttled();
    world.somebody(ADA, false).await;
    let actor = world.actor(&world.enter(ADA, Channel::Api).await);
    let wish = async |number: u32| {
        let to = format!("stranger{number}@example.org");
        (world.change_address().run(&actor, &email(&to), typed(PASSWORD)).await, to)
    };
    let most = Limit::ChangeUser.quota().most;
    for number in 0..most {
        let (asked, to) = wish(number).await;
        asked.expect("so many may be asked");
        assert_eq!(world.letters_of(Template::ConfirmNewAddress, &to), 1);
    }
    let (asked, to) = wish(most).await;
    assert!(matches!(&asked, Err(ChangeAddressError::TooMany(why)) if why.limit == "change-user"), "{asked:?}");
    assert_eq!(world.letters_of(Template::ConfirmNewAddress, &to), 0);
    world.clock.advance(TimeDelta::hours(1));
    wish(most).await.0.expect("an hour later there may be others");
}

#[tokio::test]
async fn news_of_an_account_go_to_an_address_that_nobody_has_verified_only_now_and_then() {
    let most = Limit::NewsMail.quota().most;
    for is_verified in [false, true] {
        let world = throttled();
        world.somebody(ADA, is_verified).await;
        for number in 0..most + 3 {
            let command = Command { email: email(ADA), password: typed(PASSWORD), channel: Channel::Api };
            world.log_in().run(&with_device(&world, number), command).await.expect("whoever it is is let in");
        }
        // The first login of all is news to nobody.
        let expected = if is_verified { most + 2 } else { most };
        assert_eq!(world.letters_of(Template::NewDevice, ADA), expected);
        let actor = world.actor(&world.enter(ADA, Channel::Api).await);
        world.change_password().run(&actor, typed(PASSWORD), "another canary").await.expect("it is changed");
        assert_eq!(world.letters_of(Template::PasswordChanged, ADA), u32::from(is_verified));
    }
}

#[tokio::test]
async fn a_session_that_ends_by_reuse_is_ended_also_where_nobody_is_told() {
    let world = throttled();
    world.somebody(ADA, false).await;
    let most = Limit::NewsMail.quota().most;
    for number in 1..=most + 1 {
        let signed_in = world.enter(ADA, Channel::Api).await;
        let IssuedCredential::Tokens(tokens) = &signed_in.credential else { panic!("an API session has tokens") };
        let first = tokens.refresh_token.reveal();
        let nobody = Actor::nobody(Origin::default());
        world.refresh().run(&nobody, first).await.expect("current");
        world.clock.advance(GRACE);
        assert!(world.refresh().run(&nobody, first).await.is_err());
        assert!(world.memory.end_reason(signed_in.session.id).is_some());
        assert_eq!(world.letters_of(Template::RefreshTokenReused, ADA), number.min(most));
    }
}

/// Somebody with a device of this number.
fn with_device(world: &World, number: u32) -> Actor {
    let ip = IpAddr::from([203, 0, 113, 7]);
    let origin = Origin { address: Some(ClientAddress::new(ip, &*world.keeper)), ..Origin::default() };
    Actor::nobody(origin.with_fields(Some(&format!("program{number}/1")), None))
}
