"""The simulated estate as immutable data and pure functions of time: no I/O, no real clock, no HTTP."""
