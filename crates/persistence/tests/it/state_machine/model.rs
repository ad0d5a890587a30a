//! What a registry must answer, in the fewest words.

use domain::mail::mailed_token::MailedTokenPurpose;
use domain::ports::clock::Timestamp;
use domain::sessions::grant::GRACE;
use domain::sessions::session::{ABSOLUTE, IDLE};

use super::steps::{Answer, LIFETIME, PEOPLE, Step};

#[derive(Clone, Copy, Debug)]
struct Account {
    password: usize,
    verified: bool,
    enabled: bool,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    who: usize,
    generation: u32,
    rotated_at: Timestamp,
    began_at: Timestamp,
    last_seen_at: Timestamp,
    access_token_at: Timestamp,
    ended: bool,
}

#[derive(Clone, Copy, Debug)]
struct MailedToken {
    who: usize,
    purpose: MailedTokenPurpose,
    expires_at: Timestamp,
    dead: bool,
}

/// A registry as it should be.
#[derive(Debug)]
pub(super) struct Model {
    now: Timestamp,
    accounts: [Option<Account>; PEOPLE],
    sessions: Vec<Session>,
    tokens: Vec<MailedToken>,
}

impl Model {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { now, accounts: [None; PEOPLE], sessions: Vec::new(), tokens: Vec::new() }
    }

    /// How many sessions have been begun, and how many tokens mailed.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.sessions.len(), self.tokens.len())
    }

    pub(super) fn step(&mut self, step: Step) -> Answer {
        match step {
            Step::SignUp { who, password } => self.sign_up(who, password),
            Step::LogIn { who, password } => self.log_in(who, password),
            Step::Refresh { session, ago } => self.pick(session).map_or(Answer::Nothing, |at| self.refresh(at, ago)),
            Step::LogOut { session } => self.with_access(session, |model, at| {
                model.sessions[at].ended = true;
                Answer::Done
            }),
            Step::ShowMe { session } => self.with_access(session, |model, at| {
                let verified = model.account(model.sessions[at].who).is_some_and(|account| account.verified);
                Answer::Me { verified }
            }),
            Step::AskForVerification { who } => {
                if self.account(who).is_some_and(|account| account.enabled && !account.verified) {
                    self.mail(who, MailedTokenPurpose::VerifyAddress);
                }
                Answer::Done
            }
            Step::Verify { token } => self.redeem(token, MailedTokenPurpose::VerifyAddress, |account| {
                account.verified = true;
            }),
            Step::AskForPassword { who } => {
                if self.account(who).is_some_and(|account| account.enabled) {
                    self.mail(who, MailedTokenPurpose::ResetPassword);
                }
                Answer::Done
            }
            Step::Reset { token, password } => self.reset(token, password),
            Step::Change { session, current, new } => {
                self.with_access(session, |model, at| model.change(at, current, new))
            }
            Step::Disable { who } => self.set_enabled(who, false),
            Step::Enable { who } => self.set_enabled(who, true),
            Step::Wait(pause) => {
                self.now += pause;
                Answer::Done
            }
        }
    }

    fn account(&self, who: usize) -> Option<Account> {
        self.accounts[who]
    }

    fn pick(&self, session: usize) -> Option<usize> {
        session.checked_rem(self.sessions.len())
    }

    fn sign_up(&mut self, who: usize, password: usize) -> Answer {
        if self.accounts[who].is_some() {
            return Answer::AlreadyExists;
        }
        self.accounts[who] = Some(Account { password, verified: false, enabled: true });
        self.mail(who, MailedTokenPurpose::VerifyAddress);
        Answer::SignedUp
    }

    fn log_in(&mut self, who: usize, password: usize) -> Answer {
        let Some(account) = self.account(who) else { return Answer::UnknownUser };
        if account.password != password {
            return Answer::WrongPassword;
        }
        if !account.enabled {
            return Answer::Disabled;
        }
        let now = self.now;
        self.sessions.push(Session {
            who,
            generation: 0,
            rotated_at: now,
            began_at: now,
            last_seen_at: now,
            access_token_at: now,
            ended: false,
        });
        Answer::SignedIn
    }

    fn refresh(&mut self, at: usize, ago: u32) -> Answer {
        let (now, holds) = (self.now, self.holds(at));
        let session = &mut self.sessions[at];
        let presented = session.generation.saturating_sub(ago);
        if !holds {
            return Answer::NotValid;
        }
        if presented == session.generation {
            session.generation += 1;
            (session.rotated_at, session.last_seen_at, session.access_token_at) = (now, now, now);
            return Answer::Tokens { again: false };
        }
        if presented + 1 == session.generation && now - session.rotated_at < GRACE {
            session.access_token_at = now;
            return Answer::Tokens { again: true };
        }
        session.ended = true;
        Answer::NotValid
    }

    fn holds(&self, at: usize) -> bool {
        let session = &self.sessions[at];
        let fresh = self.now - session.last_seen_at < IDLE && self.now - session.began_at < ABSOLUTE;
        !session.ended && fresh && self.account(session.who).is_some_and(|account| account.enabled)
    }

    fn with_access(&mut self, session: usize, then: impl FnOnce(&mut Self, usize) -> Answer) -> Answer {
        let Some(at) = self.pick(session) else { return Answer::Nothing };
        let alive = self.now - self.sessions[at].access_token_at < LIFETIME;
        if alive && self.holds(at) { then(self, at) } else { Answer::NotValid }
    }

    /// A newer token ends the older ones of its purpose.
    fn mail(&mut self, who: usize, purpose: MailedTokenPurpose) {
        self.end_tokens(who, purpose);
        let expires_at = self.now + purpose.lifetime();
        self.tokens.push(MailedToken { who, purpose, expires_at, dead: false });
    }

    fn end_tokens(&mut self, who: usize, purpose: MailedTokenPurpose) {
        let same = self.tokens.iter_mut().filter(|token| token.who == who && token.purpose == purpose);
        same.for_each(|token| token.dead = true);
    }

    fn redeem(&mut self, token: usize, purpose: MailedTokenPurpose, then: impl FnOnce(&mut Account)) -> Answer {
        let Some(at) = token.checked_rem(self.tokens.len()) else { return Answer::Nothing };
        let token = self.tokens[at];
        let usable = token.purpose == purpose && !token.dead && self.now < token.expires_at;
        match &mut self.accounts[token.who] {
            Some(account) if usable && account.enabled => {
                self.tokens[at].dead = true;
                then(account);
                Answer::Done
            }
            _ => Answer::NotValid,
        }
    }

    fn reset(&mut self, token: usize, password: usize) -> Answer {
        let answer = self.redeem(token, MailedTokenPurpose::ResetPassword, |account| {
            account.password = password;
            account.verified = true;
        });
        if answer == Answer::Done {
            let who = self.tokens[token % self.tokens.len()].who;
            self.end_tokens(who, MailedTokenPurpose::ResetPassword);
            self.end_sessions(who, None);
        }
        answer
    }

    fn change(&mut self, at: usize, current: usize, new: usize) -> Answer {
        let who = self.sessions[at].who;
        match &mut self.accounts[who] {
            Some(account) if account.password == current => account.password = new,
            _ => return Answer::WrongPassword,
        }
        self.end_tokens(who, MailedTokenPurpose::ResetPassword);
        self.end_sessions(who, Some(at));
        Answer::Done
    }

    fn set_enabled(&mut self, who: usize, enabled: bool) -> Answer {
        let Some(account) = &mut self.accounts[who] else { return Answer::NoSuchUser };
        let was = std::mem::replace(&mut account.enabled, enabled);
        if was && !enabled {
            self.end_sessions(who, None);
            // Whoever reads its mail does not come back in by what was sent before.
            self.end_tokens(who, MailedTokenPurpose::ResetPassword);
        }
        Answer::Done
    }

    fn end_sessions(&mut self, who: usize, except: Option<usize>) {
        for (at, session) in self.sessions.iter_mut().enumerate() {
            session.ended |= session.who == who && Some(at) != except;
        }
    }
}
