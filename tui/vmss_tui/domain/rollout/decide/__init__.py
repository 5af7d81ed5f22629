"""What to do next, a pure function of plan, state and snapshot."""
