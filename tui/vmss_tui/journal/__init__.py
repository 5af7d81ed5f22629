"""The rollout log: one SQLite file, append only, and what is made of it (exports, replay).

Imports domain and errors only. It never holds a secret: literal protected values are stripped before they are stored.
"""
