"""Edit a script and how it goes out; see what it changes; start it."""
