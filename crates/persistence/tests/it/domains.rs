//! Domains and authority tokens on both engines.

use domain::authority::authority_token::StoredAuthorityToken;
use domain::authority::ports::AuthorityTokens;
use domain::changes::{AuthorityChange, DomainChange, Invariant, UniqueKey};
use domain::domains::policy::{BelongsTo, DomainRule, ListedDomain};
use domain::domains::ports::DomainRules;
use domain::ids::DomainRuleId;
use domain::ports::ledger::{Ledger as _, Rejected};
use domain::ports::secrets::SealedSecret;

use crate::fixture::{Place, adding, apply, at, digest, domain, id, on_both_engines, plan, race, user};

on_both_engines!(
    a_row_is_made_changed_and_removed,
    rows_are_listed_in_the_order_of_bytes,
    many_domains_are_asked_for_at_once,
    an_authority_token_is_issued_once,
    nobody_signs_up_past_a_block,
);

async fn a_row_is_made_changed_and_removed(place: &Place) {
    let database = place.open().await;
    let made = rule("example.org", BelongsTo::Allowed);
    apply(&database, DomainChange::Put(made.clone())).await.expect("made");
    let again = DomainRule { created_at: at(50), updated_at: at(60), ..rule("example.org", BelongsTo::Blocked) };
    apply(&database, DomainChange::Put(again)).await.expect("changed");
    let expected = DomainRule { belongs_to: BelongsTo::Blocked, updated_at: at(60), ..made.clone() };
    let found = |name| DomainRules::of(&database, name);
    assert_eq!(found(&made.domain).await.expect("read"), Some(expected));
    assert_eq!(found(&domain("sub.example.org")).await.expect("read"), None);
    let id_taken = DomainRule { id: made.id, ..rule("example.com", BelongsTo::Allowed) };
    let refused = apply(&database, DomainChange::Put(id_taken)).await;
    assert!(matches!(refused, Err(Rejected::Conflict(UniqueKey::Random))), "{refused:?}");
    apply(&database, DomainChange::Remove(made.domain.clone())).await.expect("removed");
    let again = apply(&database, DomainChange::Remove(made.domain)).await;
    assert!(matches!(again, Err(Rejected::Stale)), "{again:?}");
}

async fn rows_are_listed_in_the_order_of_bytes(place: &Place) {
    let database = place.open().await;
    // By the rules of a language the hyphen would not count and the digits would follow.
    let names = ["0a.example", "a-b.example", "a.example", "ab.example", "b-a.example", "xn--bcher-kva.example"];
    let rules =
        names.map(|name| rule(name, if name.starts_with('a') { BelongsTo::Blocked } else { BelongsTo::Allowed }));
    let puts = rules.iter().rev().cloned().map(DomainChange::Put);
    let issue = AuthorityChange::Issue(token("ab.example", "digest"));
    database.apply(plan().with_all(puts).with(issue)).await.expect("written");
    let listed = rules.map(|rule| ListedDomain { has_authority: rule.domain.as_str() == "ab.example", rule });
    let list = |belongs_to, after: Option<&str>, limit| database.list(belongs_to, after.map(domain), limit);
    assert_eq!(list(None, None, 4).await.expect("read"), listed[..4]);
    assert_eq!(list(None, Some("ab.example"), 9).await.expect("read"), listed[4..]);
    assert_eq!(list(Some(BelongsTo::Blocked), None, 9).await.expect("read"), listed[1..4]);
    assert_eq!(list(Some(BelongsTo::Blocked), Some("a.example"), 9).await.expect("read"), listed[3..4]);
    let among = database.among(&[domain("b-a.example"), domain("0a.example"), domain("no.example")]).await;
    assert_eq!(among.expect("read"), [listed[0].clone(), listed[4].clone()]);
    assert_eq!(database.among(&[]).await.expect("read"), []);
}

async fn many_domains_are_asked_for_at_once(place: &Place) {
    let database = place.open().await;
    let rules = (0..1_201).map(|n| rule(&format!("d{n:04}.example"), BelongsTo::Allowed)).collect::<Vec<_>>();
    let puts = rules.iter().cloned().map(DomainChange::Put);
    database.apply(plan().with_all(puts)).await.expect("written");
    let mut domains = rules.iter().map(|rule| rule.domain.clone()).collect::<Vec<_>>();
    domains.reverse();
    domains.extend(domains.clone());
    let found = database.among(&domains).await.expect("read");
    assert!(found.iter().map(|listed| &listed.rule).eq(&rules));
}

async fn an_authority_token_is_issued_once(place: &Place) {
    let database = place.open().await;
    let issue = |n| plan().with(AuthorityChange::Issue(token("example.org", &format!("digest {n}"))));
    let outcomes = race(&database, (0..32).map(issue).collect()).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(_) | Err(Rejected::Conflict(UniqueKey::Authority))), "{outcome:?}");
    }
    let next = StoredAuthorityToken { issued_at: at(70), ..token("example.org", "next") };
    apply(&database, AuthorityChange::Put(next.clone())).await.expect("replaced");
    assert_eq!(AuthorityTokens::of(&database, &next.domain).await.expect("read"), Some(next.clone()));
    let taken = apply(&database, AuthorityChange::Put(token("example.com", "next"))).await;
    assert!(matches!(taken, Err(Rejected::Conflict(UniqueKey::Random))), "{taken:?}");
    apply(&database, AuthorityChange::Revoke(next.domain.clone())).await.expect("revoked");
    assert_eq!(AuthorityTokens::of(&database, &next.domain).await.expect("read"), None);
    let again = apply(&database, AuthorityChange::Revoke(next.domain)).await;
    assert!(matches!(again, Err(Rejected::Stale)), "{again:?}");
}

async fn nobody_signs_up_past_a_block(place: &Place) {
    let database = place.open().await;
    let not_blocked = || Invariant::NotBlocked(domain("example.org"));
    database.apply(adding(&user("a@example.org")).with(not_blocked())).await.expect("an unlisted domain");
    let block = plan().with(DomainChange::Put(rule("example.org", BelongsTo::Blocked)));
    let mut plans =
        (0..32).map(|n| adding(&user(&format!("u{n}@example.org"))).with(not_blocked())).collect::<Vec<_>>();
    plans.insert(16, block);
    for (at, outcome) in race(&database, plans).await.into_iter().enumerate() {
        assert!(matches!(outcome, Ok(_) | Err(Rejected::Broken(Invariant::NotBlocked(_)))), "{at}: {outcome:?}");
    }
    let late = database.apply(adding(&user("late@example.org")).with(not_blocked())).await;
    assert!(matches!(late, Err(Rejected::Broken(_))), "{late:?}");
    apply(&database, DomainChange::Put(rule("example.org", BelongsTo::Allowed))).await.expect("allowed");
    database.apply(adding(&user("late@example.org")).with(not_blocked())).await.expect("an allowed domain");
}

fn rule(name: &str, belongs_to: BelongsTo) -> DomainRule {
    DomainRule {
        id: DomainRuleId::restore(id()),
        domain: domain(name),
        belongs_to,
        created_at: at(1),
        updated_at: at(2),
    }
}

fn token(name: &str, by: &str) -> StoredAuthorityToken {
    let sealed = SealedSecret::restore(format!("sealed {by}"));
    StoredAuthorityToken { domain: domain(name), sealed, digest: digest(by), issued_at: at(3) }
}
