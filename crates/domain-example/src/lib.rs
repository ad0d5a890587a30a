//! An example for those who build on the domain: a unit test of one use case, with mocks of its ports.
//!
//! The crate `domain` has a feature `mocks`, meant for tests only: with it, every port brings a mock
//! of itself, made by `mockall` and named `Mock` and the port. A test tells each mock which calls it
//! expects and what it answers; a call that nobody expects fails the test. That suits a question
//! about one call, such as "is nothing written when the password is wrong?", and failures that a
//! storage does not produce at will. To carry out whole stories, take the storage of the crate
//! `memory` instead, as the domain's own tests do.

#[cfg(test)]
mod log_in;
