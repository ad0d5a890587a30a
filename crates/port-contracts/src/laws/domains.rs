//! The table of allowed and blocked domains.

use domain::changes::{DomainChange, UniqueKey};
use domain::domains::name::DomainName;
use domain::domains::policy::{BelongsTo, DomainRule, ListedDomain};
use domain::ids::DomainRuleId;

use crate::fixture::{Fixture, Ports};
use crate::outcome::{RACERS, expect_conflict, expect_stale};
use crate::samples::{at, domain, id, plan, plan_of, rule};

/// Names that collations sort in different ways: by bytes, `-` < `.` < digits < letters.
const NAMES: [&str; 12] = [
    "a-b.example",
    "a-b-c.example",
    "a.b.example",
    "a.example",
    "a0.example",
    "ab.example",
    "b.example",
    "xn--bcher-kva.example",
    "xn--p1ai.example",
    "xx.example",
    "z-0.example",
    "z0.example",
];

/// What a row says is what another process reads.
pub async fn a_row_reads_back_equal(fixture: Fixture) {
    for (name, belongs_to) in [
        ("gmail.com", BelongsTo::Allowed),
        ("hotmail.com", BelongsTo::Blocked),
        ("b\u{fc}cher.example", BelongsTo::Blocked),
    ] {
        let rule = DomainRule { created_at: at(-3), updated_at: at(4), ..rule(name, belongs_to) };
        fixture.here.write(plan_of(DomainChange::Put(rule.clone()))).await;
        assert_eq!(of(&fixture.there, name).await, Some(rule));
    }
}

/// Neither a subdomain nor the domain above nor a look-alike is the domain.
pub async fn absent_rows_are_none(fixture: Fixture) {
    assert_eq!(of(&fixture.here, "example.org").await, None);
    assert_eq!(list(&fixture.here, None, None, 10).await, Vec::<String>::new());
    fixture.here.write(plan_of(DomainChange::Put(rule("mail.example.org", BelongsTo::Blocked)))).await;
    for other in ["example.org", "a.mail.example.org", "mail-example.org", "mail.example.or", "\u{43c}ail.example.org"]
    {
        assert_eq!(of(&fixture.here, other).await, None, "{other}");
    }
}

/// A row that is there says the new thing; its id and its beginning stay.
pub async fn a_row_that_is_put_again_keeps_id_and_creation(fixture: Fixture) {
    let first = rule("gmail.com", BelongsTo::Allowed);
    fixture.here.write(plan_of(DomainChange::Put(first.clone()))).await;
    let second = DomainRule { created_at: at(9), updated_at: at(9), ..rule("gmail.com", BelongsTo::Blocked) };
    fixture.there.write(plan_of(DomainChange::Put(second))).await;
    let expected = DomainRule { belongs_to: BelongsTo::Blocked, updated_at: at(9), ..first.clone() };
    assert_eq!(of(&fixture.here, "gmail.com").await, Some(expected));
    let same_id = DomainRule { id: first.id, ..rule("gmx.net", BelongsTo::Allowed) };
    expect_conflict(fixture.here.apply(plan_of(DomainChange::Put(same_id))).await, UniqueKey::Random);
}

/// A row that is not there cannot be removed.
pub async fn a_row_is_removed_once(fixture: Fixture) {
    let remove = || plan_of(DomainChange::Remove(domain("gmail.com")));
    expect_stale(fixture.here.apply(remove()).await);
    let rows = ["gmail.com", "mail.gmail.com"].map(|name| DomainChange::Put(rule(name, BelongsTo::Allowed)));
    fixture.here.write(plan().with_all(rows)).await;
    fixture.there.write(remove()).await;
    assert_eq!(of(&fixture.here, "gmail.com").await, None);
    assert!(of(&fixture.here, "mail.gmail.com").await.is_some());
    expect_stale(fixture.here.apply(remove()).await);
}

/// Every engine sorts by bytes, whatever language it speaks.
pub async fn rows_list_in_the_order_of_their_bytes(fixture: Fixture) {
    put_names(&fixture, NAMES.len()).await;
    let mut names = NAMES.map(String::from);
    names.sort();
    assert_eq!(list(&fixture.there, None, None, 100).await, names);
    let mut walked = Vec::new();
    loop {
        let page = list(&fixture.there, None, walked.last().map(|name: &String| domain(name)), 5).await;
        if page.is_empty() {
            break;
        }
        walked.extend(page);
    }
    assert_eq!(walked, names);
    let page = list(&fixture.there, None, Some(domain("a1.example")), 2).await;
    assert_eq!(page, ["ab.example", "b.example"]);
}

/// A filter holds on every page.
pub async fn rows_list_by_what_they_say_page_by_page(fixture: Fixture) {
    put_names(&fixture, 6).await;
    let blocked = Some(BelongsTo::Blocked);
    let allowed = Some(BelongsTo::Allowed);
    assert_eq!(list(&fixture.there, blocked, None, 10).await, ["a-b-c.example", "a.example", "ab.example"]);
    assert_eq!(list(&fixture.there, blocked, Some(domain("a-b-c.example")), 1).await, ["a.example"]);
    assert_eq!(list(&fixture.there, allowed, None, 2).await, ["a-b.example", "a.b.example"]);
    assert_eq!(list(&fixture.there, allowed, Some(domain("a.b.example")), 2).await, ["a0.example"]);
    assert_eq!(list(&fixture.there, allowed, Some(domain("a0.example")), 2).await, Vec::<String>::new());
}

/// The rows of some domains: in order, each once, and only those that are there.
pub async fn rows_are_found_among_domains(fixture: Fixture) {
    put_names(&fixture, 6).await;
    let wanted = ["b.example", "a.example", "a-b.example", "a.example", "nowhere.example"].map(domain);
    assert_eq!(names(among(&fixture.there, &wanted).await), ["a-b.example", "a.example"]);
    assert_eq!(names(among(&fixture.there, &[]).await), Vec::<String>::new());
    let many: Vec<_> = (0..1_000).map(|number| domain(&format!("many{number}.example"))).collect();
    let rows = many.iter().map(|name| DomainChange::Put(rule(name.as_str(), BelongsTo::Allowed)));
    fixture.here.write(plan().with_all(rows)).await;
    assert_eq!(among(&fixture.there, &many).await.len(), 1_000);
}

/// However many put a domain at once, it has one row, and each of them is content.
pub async fn many_puts_of_one_domain_make_one_row(fixture: Fixture) {
    let put = |_| plan_of(DomainChange::Put(rule("gmail.com", BelongsTo::Blocked)));
    let answers = fixture.race((0..RACERS).map(put).collect()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(list(&fixture.there, None, None, 10).await, ["gmail.com"]);
}

/// Puts the first so many names, from the last to the first; every other one is blocked.
async fn put_names(fixture: &Fixture, count: usize) {
    for (number, name) in NAMES.iter().enumerate().take(count).rev() {
        let belongs_to = if number % 2 == 0 { BelongsTo::Allowed } else { BelongsTo::Blocked };
        let row = DomainRule { id: DomainRuleId::restore(id()), ..rule(name, belongs_to) };
        fixture.here.write(plan_of(DomainChange::Put(row))).await;
    }
}

async fn of(ports: &Ports, name: &str) -> Option<DomainRule> {
    ports.domain_rules.of(&domain(name)).await.expect("the row is read")
}

pub(crate) async fn among(ports: &Ports, domains: &[DomainName]) -> Vec<ListedDomain> {
    ports.domain_rules.among(domains).await.expect("the rows are read")
}

async fn list(ports: &Ports, belongs_to: Option<BelongsTo>, after: Option<DomainName>, limit: usize) -> Vec<String> {
    names(ports.domain_rules.list(belongs_to, after, limit).await.expect("the rows are read"))
}

fn names(rows: Vec<ListedDomain>) -> Vec<String> {
    rows.into_iter().map(|row| row.rule.domain.to_string()).collect()
}
