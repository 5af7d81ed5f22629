"""The file format of a profile: its keys, reading, writing, schema."""
