"""A rollout over several scale sets in words: its plan, its log, its sets."""
