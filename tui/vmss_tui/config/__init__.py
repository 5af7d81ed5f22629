"""The user's settings: one table of keys, their values with where each comes from, and what is wrong with the file."""
