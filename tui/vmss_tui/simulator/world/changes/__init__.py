"""What changes the estate: writes, actions, events of a scenario, and time."""
