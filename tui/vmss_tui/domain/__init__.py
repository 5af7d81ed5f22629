"""The rollout in our own words: frozen dataclasses and arithmetic, standard library only.

Nothing here does I/O, reads a clock or knows Azure's JSON, Textual or SQLite.
"""
