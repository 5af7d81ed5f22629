"""What a person can do: one table of actions, and what is generated from it."""
