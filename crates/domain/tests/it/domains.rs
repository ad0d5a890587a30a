//! The table of allowed and blocked domains.

use domain::access::{Actor, Denied};
use domain::domains::list_domains::{ListDomains, ListDomainsError};
use domain::domains::policy::BelongsTo;
use domain::domains::put_domains::{Command, PutDomainsError};
use domain::domains::remove_domain::{RemoveDomain, RemoveDomainError};
use domain::origin::Origin;
use domain::page::{Cursor, PageError, PageLimit};

use crate::world::{World, by_user_token, domain_name};

fn command(belongs_to: i64, domains: &[&str]) -> Command {
    let domains = domains.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    Command::check(belongs_to, &domains).expect("good domains")
}

#[tokio::test]
async fn a_domain_that_is_put_again_keeps_its_row() {
    let world = World::default();
    let put = world.put_domains();
    let first = put.run(&Actor::system(), command(0, &["b.org", "A.org", "a.ORG"])).await.expect("the operator may");
    let names = first.iter().map(|row| row.rule.domain.as_str()).collect::<Vec<_>>();
    assert_eq!(names, ["a.org", "b.org"]);
    world.clock.advance(chrono::TimeDelta::minutes(1));
    let second = put.run(&Actor::system(), command(1, &["a.org"])).await.expect("the operator may");
    let (before, after) = (&first[0].rule, &second[0].rule);
    assert_eq!((before.id, before.created_at), (after.id, after.created_at));
    assert!(after.updated_at > before.updated_at && after.belongs_to == BelongsTo::Blocked);
}

#[tokio::test]
async fn the_table_is_listed_by_pages_and_by_kind() {
    let world = World::default();
    world.put_domains().run(&Actor::system(), command(0, &["a.org", "c.org", "e.org"])).await.expect("allowed");
    world.put_domains().run(&Actor::system(), command(1, &["b.org", "d.org"])).await.expect("blocked");
    let list = ListDomains { domains: world.memory.clone() };
    let two = PageLimit::parse(2).expect("a limit");
    for (kind, expected) in [
        (None, &["a.org", "b.org", "c.org", "d.org", "e.org"][..]),
        (Some(BelongsTo::Allowed), &["a.org", "c.org", "e.org"]),
        (Some(BelongsTo::Blocked), &["b.org", "d.org"]),
    ] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = list.run(&Actor::system(), kind, after, two).await.expect("the operator may");
            seen.extend(page.items.into_iter().map(|row| row.rule.domain.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected);
    }
    let foreign = list.run(&Actor::system(), None, Some(Cursor::after("no domain")), two).await;
    assert!(matches!(foreign, Err(ListDomainsError::Page(PageError::Cursor))), "{foreign:?}");
}

#[tokio::test]
async fn a_domain_is_removed_once() {
    let world = World::default();
    world.put_domain("a.org", BelongsTo::Blocked).await;
    let remove =
        RemoveDomain { ledger: world.memory.clone(), clock: world.clock.clone(), entropy: world.entropy.clone() };
    remove.run(&Actor::system(), domain_name("A.org")).await.expect("it is listed");
    let again = remove.run(&Actor::system(), domain_name("a.org")).await;
    assert!(matches!(again, Err(RemoveDomainError::NotListed)), "{again:?}");
    world.join("ada@a.org").await;
}

#[tokio::test]
async fn only_administrators_change_the_table() {
    let world = World::default();
    let (user, _) = world.join("ada@example.org").await;
    let signed_in = world.enter("ada@example.org", domain::sessions::session::Channel::Api).await;
    for (actor, why) in [
        (Actor::nobody(Origin::default()), Denied::Nobody),
        (by_user_token(&world, &user), Denied::SessionNeeded),
        (world.actor(&signed_in), Denied::AdministratorNeeded),
    ] {
        let put = world.put_domains().run(&actor, command(1, &["a.org"])).await;
        assert!(matches!(put, Err(PutDomainsError::Denied(denied)) if denied == why), "{put:?}");
        let remove =
            RemoveDomain { ledger: world.memory.clone(), clock: world.clock.clone(), entropy: world.entropy.clone() };
        let removed = remove.run(&actor, domain_name("a.org")).await;
        assert!(matches!(removed, Err(RemoveDomainError::Denied(denied)) if denied == why), "{removed:?}");
        let list = ListDomains { domains: world.memory.clone() };
        let listed = list.run(&actor, None, None, PageLimit::USUAL).await;
        assert!(matches!(listed, Err(ListDomainsError::Denied(denied)) if denied == why), "{listed:?}");
    }
}

#[test]
fn a_list_is_checked_as_a_whole() {
    let paths = |belongs_to, domains: &[String]| {
        let errors = Command::check(belongs_to, domains).expect_err("something is wrong");
        errors.into_iter().map(|error| (error.field, error.code)).collect::<Vec<_>>()
    };
    assert_eq!(
        paths(2, &["a.org".into(), "a".into(), "-.org".into()]),
        [
            ("belongs_to".into(), "not-0-or-1"),
            ("domains[1]".into(), "not-a-domain"),
            ("domains[2]".into(), "not-a-domain")
        ]
    );
    assert_eq!(paths(0, &["a".into()]), [("domains[0]".into(), "not-a-domain")]);
    assert_eq!(paths(0, &[]), [("domains".into(), "list-length")]);
    let many = (0..1_001).map(|at| format!("d{at}.org")).collect::<Vec<_>>();
    assert_eq!(paths(0, &many), [("domains".into(), "list-length")]);
    assert!(Command::check(1, &many[..1_000]).is_ok());
}
