//! Whoever has an account causes few letters to people who have none.

use std::net::IpAddr;

use chrono::TimeDelta;
use domain::access::Actor;
use domain::accounts::change_address::ChangeAddressError;
use domain::accounts::user::User;
use domain::mail::letter::Template;
use domain::origin::{ClientAddress, Origin};
use domain::ports::clock::Clock as _;
use domain::sessions::log_in::Command;
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
    let compared = world.hashing.verified();
    wish(most).await.0.expect_err("it is one too many");
    let (asked, to) = wish(most).await;
    assert_eq!(world.hashing.verified(), compared + 1, "what is known to be refused compares nothing");
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
        let passwords = (0..=most).map(|number| format!("another canary {number}")).collect::<Vec<_>>();
        let mut actor = world.actor(&world.enter(ADA, Channel::Api).await);
        for (current, new) in std::iter::once(PASSWORD).chain(passwords.iter().map(|it| &**it)).zip(&passwords) {
            world.change_password().run(&actor, typed(current), new).await.expect("it is changed");
            actor = world.actor(&world.try_to_enter(ADA, new, Channel::Api).await.expect("it is the password"));
        }
        let expected = if is_verified { most + 1 } else { most };
        assert_eq!(world.letters_of(Template::PasswordChanged, ADA), expected, "each kind counts apart");
    }
}

/// Somebody with a device of this number.
fn with_device(world: &World, number: u32) -> Actor {
    let ip = IpAddr::from([203, 0, 113, 7]);
    let origin = Origin { address: Some(ClientAddress::new(ip, &*world.keeper)), ..Origin::default() };
    Actor::nobody(origin.with_fields(Some(&format!("program{number}/1")), None))
}
