//! Authority tokens.

use domain::authority::authority_token::StoredAuthorityToken;
use domain::changes::{AuthorityChange, Changes, DomainChange, Invariant, UniqueKey};
use domain::domains::policy::BelongsTo;
use domain::ports::secrets::SealedSecret;

use crate::fixture::{Fixture, Ports};
use crate::laws::domains::among;
use crate::outcome::{RACERS, expect_broken, expect_conflict, expect_stale};
use crate::samples::{at, authority_token, domain, plan, plan_of, rule};

/// How many pairs of plans race to block each other's domain.
const PAIRS: usize = 16;

/// What is stored of a token is what another process reads.
pub async fn a_token_reads_back_equal(fixture: Fixture) {
    assert_eq!(of(&fixture.here, "example.org").await, None);
    let token = StoredAuthorityToken {
        sealed: SealedSecret::restore("key.bm9uY2U.\u{e4}/+="),
        issued_at: at(-5),
        ..authority_token("b\u{fc}cher.example", "one")
    };
    fixture.here.write(plan_of(AuthorityChange::Issue(token.clone()))).await;
    assert_eq!(of(&fixture.there, "xn--bcher-kva.example").await, Some(token));
    assert_eq!(of(&fixture.there, "mail.xn--bcher-kva.example").await, None);
}

/// A second token is not issued; it may replace the first.
pub async fn a_domain_has_one_token_until_it_is_replaced(fixture: Fixture) {
    let (first, second) = (authority_token("example.org", "one"), authority_token("example.org", "two"));
    fixture.here.write(plan_of(AuthorityChange::Issue(first.clone()))).await;
    let issue = AuthorityChange::Issue(second.clone());
    expect_conflict(fixture.there.apply(plan_of(issue)).await, UniqueKey::Authority);
    assert_eq!(of(&fixture.here, "example.org").await, Some(first));
    let second = StoredAuthorityToken { issued_at: at(9), ..second };
    fixture.there.write(plan_of(AuthorityChange::Put(second.clone()))).await;
    assert_eq!(of(&fixture.here, "example.org").await, Some(second));
    let other = authority_token("example.com", "three");
    fixture.here.write(plan_of(AuthorityChange::Put(other.clone()))).await;
    assert_eq!(of(&fixture.there, "example.com").await, Some(other));
}

/// However many issue a domain's token at once, it has one, and that is the winner's.
pub async fn one_of_many_issues_wins(fixture: Fixture) {
    let issue = |number| authority_token("example.org", &format!("racer {number}"));
    let plans = (0..RACERS).map(|number| {
        plan_of(Invariant::NotBlocked(domain("example.org"))).with(AuthorityChange::Issue(issue(number)))
    });
    for loser in fixture.race_for_one(plans.collect()).await {
        expect_conflict(Err(loser), UniqueKey::Authority);
    }
    let token = of(&fixture.there, "example.org").await.expect("there is a token");
    assert!((0..RACERS).any(|number| issue(number) == token));
    assert_eq!(fixture.event_count().await, 1);
}

/// A token that is not there cannot be revoked; after a revocation another may be issued.
pub async fn a_token_is_revoked_once(fixture: Fixture) {
    let revoke = || plan_of(AuthorityChange::Revoke(domain("example.org")));
    expect_stale(fixture.here.apply(revoke()).await);
    let issue = |digest| plan_of(AuthorityChange::Issue(authority_token("example.org", digest)));
    fixture.here.write(issue("one")).await;
    fixture.there.write(revoke()).await;
    assert_eq!(of(&fixture.here, "example.org").await, None);
    expect_stale(fixture.here.apply(revoke()).await);
    fixture.here.write(issue("two")).await;
}

/// A domain keeps its token when its row goes or comes, and the row tells whether there is one.
pub async fn a_token_is_independent_of_the_row_and_shown_with_it(fixture: Fixture) {
    let (name, other) = ("example.org", "mail.example.org");
    let token = authority_token(name, "one");
    fixture.here.write(plan_of(AuthorityChange::Issue(token.clone()))).await;
    let rows = [name, other].map(|name| DomainChange::Put(rule(name, BelongsTo::Allowed)));
    fixture.here.write(plan().with_all(rows)).await;
    let shown = among(&fixture.there, &[domain(name), domain(other)]).await;
    let listed = fixture.there.domain_rules.list(None, None, 10).await.expect("the rows are read");
    for rows in [shown, listed] {
        let rows: Vec<_> = rows.into_iter().map(|row| (row.rule.domain, row.has_authority)).collect();
        assert_eq!(rows, [(domain(name), true), (domain(other), false)]);
    }
    fixture.here.write(plan_of(DomainChange::Remove(domain(name)))).await;
    assert_eq!(of(&fixture.there, name).await, Some(token));
}

/// Two domains never have one token.
pub async fn digests_of_tokens_are_unique(fixture: Fixture) {
    fixture.here.write(plan_of(AuthorityChange::Issue(authority_token("example.org", "one")))).await;
    let second = authority_token("example.com", "one");
    for change in [AuthorityChange::Issue(second.clone()), AuthorityChange::Put(second)] {
        expect_conflict(fixture.here.apply(plan_of(change)).await, UniqueKey::Random);
    }
    assert_eq!(of(&fixture.there, "example.com").await, None);
    // To put a domain's own token again is no conflict.
    fixture.here.write(plan_of(AuthorityChange::Put(authority_token("example.org", "one")))).await;
}

/// A blocked domain breaks the rule; an allowed and an unlisted one keep it.
pub async fn a_blocked_domain_gets_nothing_that_requires_it_is_not(fixture: Fixture) {
    let rows = [("blocked.example", BelongsTo::Blocked), ("allowed.example", BelongsTo::Allowed)];
    fixture.here.write(plan().with_all(rows.map(|(name, says)| DomainChange::Put(rule(name, says))))).await;
    let issue = |name: &str| {
        plan_of(Invariant::NotBlocked(domain(name))).with(AuthorityChange::Issue(authority_token(name, name)))
    };
    let invariant = Invariant::NotBlocked(domain("blocked.example"));
    expect_broken(fixture.there.apply(issue("blocked.example")).await, &invariant);
    assert_eq!(of(&fixture.here, "blocked.example").await, None);
    for name in ["allowed.example", "unlisted.example", "mail.blocked.example"] {
        fixture.there.write(issue(name)).await;
    }
    // It holds when the writes before it are done, also those of its own plan.
    let block = DomainChange::Put(rule("unlisted.example", BelongsTo::Blocked));
    let invariant = Invariant::NotBlocked(domain("unlisted.example"));
    expect_broken(fixture.there.apply(plan_of(block).with(invariant.clone())).await, &invariant);
    let unblock = DomainChange::Put(rule("blocked.example", BelongsTo::Allowed));
    fixture.there.write(plan_of(unblock).with(Invariant::NotBlocked(domain("blocked.example")))).await;
}

/// Two plans that each require the other's domain not to be blocked, and block their own: whatever
/// comes first, they never both go through, be the domains listed or not.
pub async fn no_domain_is_blocked_while_a_plan_requires_that_it_is_not(fixture: Fixture) {
    let names = |pair: usize| [format!("one{pair}.example"), format!("other{pair}.example")];
    for pair in 0..PAIRS / 2 {
        let rows = names(pair).map(|name| DomainChange::Put(rule(&name, BelongsTo::Allowed)));
        fixture.here.write(plan().with_all(rows)).await;
    }
    let plans = (0..PAIRS).flat_map(|pair| {
        let [one, other] = names(pair);
        [blocking(&one, &other), blocking(&other, &one)]
    });
    let answers = fixture.race(plans.collect()).await;
    for loser in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(format!("{loser:?}").starts_with("Broken"), "{loser:?}");
    }
    for pair in 0..PAIRS {
        let rows = among(&fixture.there, &names(pair).map(|name| domain(&name))).await;
        let blocked = rows.iter().filter(|row| row.rule.belongs_to == BelongsTo::Blocked).count();
        assert_eq!(blocked, 1, "pair {pair}");
    }
}

fn blocking(own: &str, other: &str) -> Changes {
    plan_of(Invariant::NotBlocked(domain(other))).with(DomainChange::Put(rule(own, BelongsTo::Blocked)))
}

async fn of(ports: &Ports, name: &str) -> Option<StoredAuthorityToken> {
    ports.authority_tokens.of(&domain(name)).await.expect("the token is read")
}
