"""A plan in words, and the words of the form that makes it."""
