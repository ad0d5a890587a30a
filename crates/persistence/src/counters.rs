//! What counts for the throttles: each decision is one statement.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::ports::clock::Timestamp;
use domain::ports::failure::PortFailure;
use domain::throttles::account_delay::{self, FORGOTTEN_AFTER, FREE, LONGEST, MOST_FAILURES};
use domain::throttles::limits::{CLOCKS_APART, Quota};
use domain::throttles::ports::{CounterKey, Guessed, Reserved, Throttles};
use sea_orm::{DbErr, QueryResult, Value};
use tokio::sync::Mutex;

use crate::database::Database;
use crate::failure::port_failure;
use crate::pool::Pool;
use crate::sql::{all, column, corrupt, execute, one, statements, written};

// A moment is a number of microseconds since 1970. `recent` holds the last ones that were admitted, the
// newest first, as texts of one length: so one statement of both engines sees whether the oldest of a full
// quota is out of the window, or of a time before the clock was put back, and puts a new one in front. `over_at` is when
// a row says nothing any more.

/// Admits one more to a quota: `$1` to `$6`.
macro_rules! reserve {
    () => {
        "INSERT INTO throttles (key, recent, failures, next_at, over_at) \
         VALUES ($1, CAST($2 AS text), 0, 0, $3) \
         ON CONFLICT (key) DO UPDATE SET recent = substr(excluded.recent || throttles.recent, 1, $4), \
         over_at = excluded.over_at \
         WHERE length(throttles.recent) < $4 OR substr(throttles.recent, $4 - 15, 16) <= CAST($5 AS text) \
         OR substr(throttles.recent, $4 - 15, 16) > CAST($6 AS text)"
    };
}

/// Admits one more guess from a source of at most one row.
macro_rules! guess {
    ($key:literal, $now:literal, $delays:literal, $over_at:literal, $most:literal, $last:literal, $far:literal,
     $free:literal, $source:literal) => {
        concat!(
            "INSERT INTO throttles (key, recent, failures, next_at, over_at) SELECT ",
            $key,
            ", '', 1, ",
            $now,
            " + CAST(substr(CAST(",
            $delays,
            " AS text), 1, 16) AS bigint), ",
            $over_at,
            $source,
            " ON CONFLICT (key) DO UPDATE SET failures = CASE WHEN throttles.over_at <= ",
            $now,
            " THEN 1 WHEN throttles.failures < ",
            $most,
            " THEN throttles.failures + 1 ELSE throttles.failures END, \
             next_at = ",
            $now,
            " + CAST(substr(CAST(",
            $delays,
            " AS text), CASE WHEN throttles.over_at <= ",
            $now,
            " THEN 1 WHEN throttles.failures < ",
            $last,
            " THEN throttles.failures * 16 + 1 ELSE ",
            $last,
            " * 16 + 1 END, 16) AS bigint), over_at = excluded.over_at \
             WHERE throttles.next_at <= ",
            $now,
            " OR throttles.next_at > ",
            $far,
            " OR throttles.failures < ",
            $free
        )
    };
}

/// The guess that follows what is reserved, if that is admitted: `$7` to `$14`.
macro_rules! guess_after {
    ($source:literal) => {
        guess!("$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", $source)
    };
}

statements! {
    RESERVE = concat!(reserve!(), " RETURNING recent");
    GUESS = concat!(
        guess!("$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", " WHERE true"), " RETURNING failures, next_at"
    );
    /// On `SQLite` one after the other, and the second looks whether the first has changed a row.
    RESERVE_AND_GUESS = concat!(
        reserve!(), " RETURNING recent, NULL AS failures, NULL AS next_at; ",
        guess_after!(" WHERE changes() > 0"), " RETURNING NULL AS recent, failures, next_at"
    ), postgres: concat!(
        "WITH reserved AS (", reserve!(), " RETURNING recent), guessed AS (",
        guess_after!(" FROM reserved"), " RETURNING failures, next_at) \
         SELECT recent, failures, next_at FROM reserved LEFT JOIN guessed ON true"
    );
    READ = "SELECT recent, failures, next_at FROM throttles WHERE key = $1";
    TAKE_BACK = "UPDATE throttles SET failures = failures - 1, next_at = $2 WHERE key = $1 AND failures > 0";
    FORGET = "DELETE FROM throttles WHERE key >= $1 AND key < $2";
    VOUCH = "INSERT INTO throttles (key, recent, failures, next_at, over_at) VALUES ($1, '', 0, 0, $2) \
        ON CONFLICT (key) DO UPDATE SET over_at = excluded.over_at";
    IS_VOUCHED = "SELECT 1 FROM throttles WHERE key = $1 AND over_at > $2";
    /// The last key of the next part of the table. Nearly every count changes when its row is over, so an index of that
    /// would have to be written, only to be read now and then: rather all is looked through, part by part.
    END_OF_PART = "SELECT key FROM throttles WHERE key > $1 ORDER BY key LIMIT 1 OFFSET 199";
    DROP_OVER = "DELETE FROM throttles WHERE key > $1 AND key <= $2 AND over_at <= $3",
        // Who counts holds one row while waiting for another: who drops those of everybody must not wait as well.
        postgres: "DELETE FROM throttles WHERE key = ANY (ARRAY(SELECT key FROM throttles \
            WHERE key > $1 AND key <= $2 AND over_at <= $3 FOR UPDATE SKIP LOCKED)) AND over_at <= $3";
}

/// How many characters a moment has in `recent`, and a delay in the schedule.
const WIDTH: usize = 16;
/// How often rows that say nothing any more are looked for.
const DROP_EVERY: TimeDelta = TimeDelta::minutes(10);

/// What follows every key: none has a character from this one on.
const AFTER_ALL: &str = "~";
/// No moment at which anybody counts.
const NEVER: i64 = i64::MIN;

/// The delays after one failure, two failures and so on.
static SCHEDULE: LazyLock<(String, i32)> = LazyLock::new(|| {
    let delays = account_delay::schedule();
    let text = delays.iter().map(|delay| format!("{:016}", micros(*delay))).collect();
    (text, i32::try_from(delays.len() - 1).unwrap_or(i32::MAX))
});

/// The connections that count, apart from all others.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    connection: Pool,
    /// When rows were last looked for that say nothing any more, or when this process first counted.
    dropped_at: Arc<AtomicI64>,
    /// Held by whoever looks for them.
    dropping: Arc<Mutex<()>>,
}

impl Counters {
    pub(crate) fn new(connection: Pool) -> Self {
        Self { connection, dropped_at: Arc::new(AtomicI64::new(NEVER)), dropping: Arc::default() }
    }

    pub(crate) async fn close(&self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "what counts for the throttles was not closed in order");
        }
    }

    async fn reserve(self, key: CounterKey, quota: Quota, now: Timestamp) -> Result<Reserved, PortFailure> {
        self.drop_what_is_over(now);
        let values = place(&key, quota, now)?;
        match written(&self.connection, RESERVE, values).await.map_err(port_failure)? {
            Some(row) => Ok(Reserved { admitted: true, recent: recent(&row, &key)? }),
            None => self.not_reserved(&key).await,
        }
    }

    async fn guess(self, key: CounterKey, now: Timestamp) -> Result<Guessed, PortFailure> {
        self.drop_what_is_over(now);
        match written(&self.connection, GUESS, another_guess(&key, now)).await.map_err(port_failure)? {
            Some(row) => guessed(true, &row, &key),
            None => self.not_guessed(&key, now).await,
        }
    }

    async fn reserve_and_guess(
        self,
        key: CounterKey,
        quota: Quota,
        guess: CounterKey,
        now: Timestamp,
    ) -> Result<(Reserved, Option<Guessed>), PortFailure> {
        self.drop_what_is_over(now);
        let values = place(&key, quota, now)?.into_iter().chain(another_guess(&guess, now));
        let rows = all(&self.connection, RESERVE_AND_GUESS, values).await.map_err(port_failure)?;
        // One engine gives both in one row, the other a row for each.
        let (mut reserved, mut admitted) = (None, None);
        for row in &rows {
            if column::<Option<String>>(row, "recent")?.is_some() {
                reserved = Some(recent(row, &key)?);
            }
            if column::<Option<i32>>(row, "failures")?.is_some() {
                admitted = Some(guessed(true, row, &guess)?);
            }
        }
        let Some(recent) = reserved else { return Ok((self.not_reserved(&key).await?, None)) };
        let guessed = match admitted {
            Some(guessed) => guessed,
            None => self.not_guessed(&guess, now).await?,
        };
        Ok((Reserved { admitted: true, recent }, Some(guessed)))
    }

    async fn not_reserved(&self, key: &CounterKey) -> Result<Reserved, PortFailure> {
        let row = self.read(key).await?;
        Ok(Reserved { admitted: false, recent: row.map_or(Ok(Vec::new()), |row| recent(&row, key))? })
    }

    async fn not_guessed(&self, key: &CounterKey, now: Timestamp) -> Result<Guessed, PortFailure> {
        match self.read(key).await? {
            Some(row) => guessed(false, &row, key),
            // It was forgotten between the two statements: the next guess is admitted.
            None => Ok(Guessed { admitted: false, failures: 0, next_at: now }),
        }
    }

    async fn read(&self, key: &CounterKey) -> Result<Option<QueryResult>, PortFailure> {
        one(&self.connection, READ, [key.as_str().into()]).await.map_err(port_failure)
    }

    async fn take_back(self, key: CounterKey, now: Timestamp) -> Result<(), PortFailure> {
        let values = [key.as_str().into(), now.timestamp_micros().into()];
        execute(&self.connection, TAKE_BACK, values).await.map(|_| ()).map_err(port_failure)
    }

    async fn forget(self, beginning: CounterKey) -> Result<(), PortFailure> {
        let end = format!("{beginning}{AFTER_ALL}");
        let values = [beginning.as_str().into(), end.into()];
        execute(&self.connection, FORGET, values).await.map(|_| ()).map_err(port_failure)
    }

    async fn vouch(self, key: CounterKey, now: Timestamp, until: Timestamp) -> Result<(), PortFailure> {
        self.drop_what_is_over(now);
        let values = [key.as_str().into(), until.timestamp_micros().into()];
        execute(&self.connection, VOUCH, values).await.map(|_| ()).map_err(port_failure)
    }

    async fn vouched(self, key: CounterKey, now: Timestamp) -> Result<bool, PortFailure> {
        let values = [key.as_str().into(), now.timestamp_micros().into()];
        Ok(one(&self.connection, IS_VOUCHED, values).await.map_err(port_failure)?.is_some())
    }

    /// Now and then drops the rows that say nothing any more, beside what is asked: first when the process has counted
    /// for a while, so that nobody who comes at its start needs another connection for that.
    fn drop_what_is_over(&self, now: Timestamp) {
        let (now, last) = (now.timestamp_micros(), self.dropped_at.load(Ordering::Relaxed));
        if last == NEVER {
            // Another may have counted meanwhile, at much the same time.
            let _ = self.dropped_at.compare_exchange(NEVER, now, Ordering::Relaxed, Ordering::Relaxed);
            return;
        }
        // Also when the clock was put back.
        let due = now.abs_diff(last) >= micros(DROP_EVERY).unsigned_abs();
        let claimed = || self.dropped_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if due
            && let Ok(alone) = Arc::clone(&self.dropping).try_lock_owned()
            && claimed()
        {
            let connection = self.connection.clone();
            tokio::spawn(async move {
                if let Err(error) = drop_over(&connection, now).await {
                    tracing::warn!(%error, "old counts were not dropped; it is tried again later");
                }
                drop(alone);
            });
        }
    }
}

#[async_trait]
impl Throttles for Database {
    async fn reserve(&self, key: &CounterKey, quota: Quota, now: Timestamp) -> Result<Reserved, PortFailure> {
        finished(self.counters().clone().reserve(key.clone(), quota, now)).await
    }

    async fn guess(&self, key: &CounterKey, now: Timestamp) -> Result<Guessed, PortFailure> {
        finished(self.counters().clone().guess(key.clone(), now)).await
    }

    async fn reserve_and_guess(
        &self,
        key: &CounterKey,
        quota: Quota,
        guess: &CounterKey,
        now: Timestamp,
    ) -> Result<(Reserved, Option<Guessed>), PortFailure> {
        let counters = self.counters().clone();
        finished(counters.reserve_and_guess(key.clone(), quota, guess.clone(), now)).await
    }

    async fn take_back(&self, key: &CounterKey, now: Timestamp) -> Result<(), PortFailure> {
        finished(self.counters().clone().take_back(key.clone(), now)).await
    }

    async fn forget(&self, beginning: &CounterKey) -> Result<(), PortFailure> {
        finished(self.counters().clone().forget(beginning.clone())).await
    }

    async fn vouch(&self, key: &CounterKey, now: Timestamp, until: Timestamp) -> Result<(), PortFailure> {
        finished(self.counters().clone().vouch(key.clone(), now, until)).await
    }

    async fn is_vouched(&self, key: &CounterKey, now: Timestamp) -> Result<bool, PortFailure> {
        finished(self.counters().clone().vouched(key.clone(), now)).await
    }
}

/// The values of [`RESERVE`].
fn place(key: &CounterKey, quota: Quota, now: Timestamp) -> Result<[Value; 6], PortFailure> {
    let most = i32::try_from(quota.most.max(1) as usize * WIDTH).map_err(PortFailure::lasting)?;
    Ok([
        key.as_str().into(),
        moment(now).into(),
        (now + quota.window).timestamp_micros().into(),
        most.into(),
        moment(now - quota.window).into(),
        moment(now + CLOCKS_APART).into(),
    ])
}

/// The values of [`GUESS`].
fn another_guess(key: &CounterKey, now: Timestamp) -> [Value; 8] {
    let (schedule, last) = &*SCHEDULE;
    [
        key.as_str().into(),
        now.timestamp_micros().into(),
        schedule.as_str().into(),
        (now + FORGOTTEN_AFTER).timestamp_micros().into(),
        i32::try_from(MOST_FAILURES).unwrap_or(i32::MAX).into(),
        (*last).into(),
        (now + LONGEST + CLOCKS_APART).timestamp_micros().into(),
        i32::try_from(FREE).unwrap_or(i32::MAX).into(),
    ]
}

/// Part by part, so that nobody who counts waits for long.
async fn drop_over(connection: &Pool, now: i64) -> Result<(), DbErr> {
    let (mut from, mut outcome) = (String::new(), Ok(()));
    loop {
        let end = one(connection, END_OF_PART, [from.as_str().into()]).await?;
        let end = end.map(|row| row.try_get::<String>("", "key")).transpose()?;
        let to = end.as_deref().unwrap_or(AFTER_ALL);
        let dropped = execute(connection, DROP_OVER, [from.as_str().into(), to.into(), now.into()]).await;
        // A part whose rows cannot be dropped keeps none of those behind it.
        outcome = outcome.and(dropped.map(|_| ()));
        let Some(end) = end else { return outcome };
        from = end;
    }
}

/// In a task of its own, so that who stops waiting breaks off no statement.
async fn finished<T: Send + 'static>(
    counting: impl Future<Output = Result<T, PortFailure>> + Send + 'static,
) -> Result<T, PortFailure> {
    tokio::spawn(counting).await.unwrap_or_else(|error| Err(PortFailure::lasting(error)))
}

fn micros(time: TimeDelta) -> i64 {
    time.num_microseconds().unwrap_or(i64::MAX)
}

fn moment(at: Timestamp) -> String {
    format!("{:016}", at.timestamp_micros())
}

fn recent(row: &QueryResult, key: &CounterKey) -> Result<Vec<Timestamp>, PortFailure> {
    let text = column::<String>(row, "recent")?;
    let wrong = || corrupt("throttles", "recent", key);
    let moments = (0..text.len()).step_by(WIDTH).map(|at| {
        let micros = text.get(at..at + WIDTH).and_then(|moment| moment.parse().ok());
        micros.and_then(Timestamp::from_timestamp_micros).ok_or_else(wrong)
    });
    moments.collect()
}

fn guessed(admitted: bool, row: &QueryResult, key: &CounterKey) -> Result<Guessed, PortFailure> {
    let failures = u32::try_from(column::<i32>(row, "failures")?).map_err(|_| corrupt("throttles", "failures", key))?;
    let next_at = Timestamp::from_timestamp_micros(column(row, "next_at")?);
    Ok(Guessed { admitted, failures, next_at: next_at.ok_or_else(|| corrupt("throttles", "next_at", key))? })
}
