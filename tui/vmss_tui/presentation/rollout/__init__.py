"""A rollout in words: headline, rows, map, log, questions."""
