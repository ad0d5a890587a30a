//! The place of the benchmarks: the server measured beside the bare limits of the machine. There are none yet.
