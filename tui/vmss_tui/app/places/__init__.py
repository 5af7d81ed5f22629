"""Where a person is and was: the start, favorites, what the app is narrowed to, the last place."""
