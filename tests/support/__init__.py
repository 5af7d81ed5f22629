"""Parts that several test suites share: starting simulators, reading recordings."""
