//! What every port promises.
