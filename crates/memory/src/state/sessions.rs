//! Sessions and grants.

use std::collections::BTreeMap;

use domain::accounts::password_hash::PasswordHash;
use domain::accounts::user::UserState;
use domain::changes::{SessionChange, UniqueKey};
use domain::ids::{GrantId, SessionId, UserId};
use domain::origin::Origin;
use domain::ports::clock::Timestamp;
use domain::ports::ledger::Rejected;
use domain::ports::secrets::SecretDigest;
use domain::sessions::arrival::Place;
use domain::sessions::grant::Grant;
use domain::sessions::session::{EndReason, MOST_SESSIONS, Session};

use super::accounts::AccountRows;
use super::{dangling, oldest};

/// How many sessions beyond the newest one more ends, as in the other engines.
const CROWDED_OUT_AT_A_TIME: usize = 500;

#[derive(Clone, Debug)]
struct SessionRow {
    session: Session,
    page_secret: Option<SecretDigest>,
    reason: Option<EndReason>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct SessionRows {
    sessions: BTreeMap<SessionId, SessionRow>,
    grants: BTreeMap<GrantId, Grant>,
}

impl SessionRows {
    pub(crate) fn write(&mut self, change: SessionChange, accounts: &AccountRows) -> Result<u64, Rejected> {
        match change {
            SessionChange::Open { session, page_secret, verified } => {
                self.open(session, page_secret, &verified, accounts)
            }
            SessionChange::AddGrant { grant, at: _ } => self.add_grant(grant),
            SessionChange::Rotate { grant, session, from, to, at } => {
                self.rotate(grant, session, (from, to), at, accounts)
            }
            SessionChange::EndAll { user, except, reason, at } => Ok(self.end_all(user, except, reason, at)),
            SessionChange::EndOwn { session, user, reason, at } => {
                let own = self.sessions.get(&session).is_some_and(|row| row.session.user == user);
                if own { self.end(session, reason, at) } else { Err(Rejected::Stale) }
            }
            SessionChange::End { session, reason, at } => self.end(session, reason, at),
        }
    }

    pub(crate) fn session(&self, id: SessionId) -> Option<Session> {
        self.sessions.get(&id).map(|row| row.session.clone())
    }

    /// The sessions of a user that have not ended and do not end by `now`, the one used last first.
    pub(crate) fn of_user(&self, user: UserId, now: Timestamp) -> Vec<Session> {
        let open = |session: &Session| session.user == user && session.ended_at.is_none() && now < session.expires_at;
        let mut sessions: Vec<_> =
            self.sessions.values().map(|row| &row.session).filter(|session| open(session)).cloned().collect();
        sessions.sort_by_key(|session| std::cmp::Reverse((session.last_seen_at, session.id)));
        sessions
    }

    /// How a user knows the place that a request comes from.
    pub(crate) fn place(&self, user: UserId, origin: &Origin) -> Place {
        let of_user = self.sessions.values().map(|row| &row.session).filter(|session| session.user == user);
        let place = |session: &Session| {
            let here = session.network.is_some() && session.network == origin.network();
            let device = session.device.is_some() && session.device == origin.device;
            match (here, device) {
                (false, _) => Place::New,
                (true, false) => Place::Network,
                (true, true) => Place::Device,
            }
        };
        of_user.map(place).max().unwrap_or(Place::First)
    }

    pub(crate) fn by_page_secret(&self, digest: &SecretDigest) -> Option<Session> {
        let row = self.sessions.values().find(|row| row.page_secret.as_ref() == Some(digest));
        row.map(|row| row.session.clone())
    }

    pub(crate) fn grant(&self, id: GrantId) -> Option<Grant> {
        self.grants.get(&id).cloned()
    }

    pub(crate) fn end_reason(&self, id: SessionId) -> Option<EndReason> {
        self.sessions.get(&id).and_then(|row| row.reason)
    }

    /// Whether the session is the user's and has not ended.
    pub(crate) fn runs(&self, id: SessionId, user: UserId) -> bool {
        self.sessions.get(&id).is_some_and(|row| row.session.user == user && row.session.ended_at.is_none())
    }

    pub(crate) fn note_last_seen(&mut self, id: SessionId, at: Timestamp) {
        if let Some(row) = self.sessions.get_mut(&id).filter(|row| row.session.ended_at.is_none()) {
            row.session.last_seen_at = row.session.last_seen_at.max(at);
        }
    }

    /// The grants of a session go with it.
    pub(crate) fn purge(&mut self, before: Timestamp, most: usize) -> usize {
        let over = |row: &SessionRow| row.session.ended_at.into_iter().chain([row.session.expires_at]).min();
        let old = oldest(self.sessions.iter().map(|(id, row)| (over(row), *id)), before, most);
        self.grants.retain(|_, grant| !old.contains(&grant.session));
        old.iter().filter(|id| self.sessions.remove(id).is_some()).count()
    }

    fn open(
        &mut self,
        session: Session,
        page_secret: Option<SecretDigest>,
        verified: &PasswordHash,
        accounts: &AccountRows,
    ) -> Result<u64, Rejected> {
        let account = accounts.account(session.user).ok_or(Rejected::Stale)?;
        if account.user.state != UserState::Active || account.password.as_ref() != Some(verified) {
            return Err(Rejected::Stale);
        }
        let known = page_secret.as_ref().is_some_and(|digest| self.by_page_secret(digest).is_some());
        if self.sessions.contains_key(&session.id) || known {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        let (opened, user, now) = (session.id, session.user, session.auth_time);
        self.sessions.insert(session.id, SessionRow { session, page_secret, reason: None });
        self.crowd_out(user, opened, now);
        Ok(1)
    }

    /// The ids are in the order of their times.
    fn crowd_out(&mut self, user: UserId, opened: SessionId, now: Timestamp) {
        let others = |row: &&mut SessionRow| {
            row.session.user == user && row.session.ended_at.is_none() && row.session.id != opened
        };
        for row in self.sessions.values_mut().rev().filter(others).skip(MOST_SESSIONS - 1).take(CROWDED_OUT_AT_A_TIME) {
            (row.session.ended_at, row.reason) = (Some(now), Some(EndReason::CrowdedOut));
        }
    }

    fn add_grant(&mut self, grant: Grant) -> Result<u64, Rejected> {
        if !self.sessions.contains_key(&grant.session) {
            return Err(dangling("sessions"));
        }
        if self.grants.contains_key(&grant.id) {
            return Err(Rejected::Conflict(UniqueKey::Random));
        }
        self.grants.insert(grant.id, grant);
        Ok(1)
    }

    fn rotate(
        &mut self,
        grant: GrantId,
        session: SessionId,
        (from, to): (u32, u32),
        at: Timestamp,
        accounts: &AccountRows,
    ) -> Result<u64, Rejected> {
        let held = |grant: &&mut Grant| grant.session == session && grant.generation == from;
        let grant = self.grants.get_mut(&grant).filter(held).ok_or(Rejected::Stale)?;
        let row = running(&mut self.sessions, session)?;
        let user = accounts.user(row.session.user).ok_or(Rejected::Stale)?;
        if user.state != UserState::Active {
            return Err(Rejected::Stale);
        }
        row.session.last_seen_at = at;
        (grant.generation, grant.rotated_at) = (to, at);
        Ok(1)
    }

    fn end_all(&mut self, user: UserId, except: Option<SessionId>, reason: EndReason, at: Timestamp) -> u64 {
        let open = |row: &&mut SessionRow| {
            row.session.user == user && row.session.ended_at.is_none() && Some(row.session.id) != except
        };
        let mut rows = 0;
        for row in self.sessions.values_mut().filter(open) {
            (row.session.ended_at, row.reason) = (Some(at), Some(reason));
            rows += 1;
        }
        rows
    }

    fn end(&mut self, session: SessionId, reason: EndReason, at: Timestamp) -> Result<u64, Rejected> {
        let row = running(&mut self.sessions, session)?;
        row.session.ended_at = Some(at);
        row.reason = Some(reason);
        Ok(1)
    }
}

fn running(rows: &mut BTreeMap<SessionId, SessionRow>, id: SessionId) -> Result<&mut SessionRow, Rejected> {
    rows.get_mut(&id).filter(|row| row.session.ended_at.is_none()).ok_or(Rejected::Stale)
}
