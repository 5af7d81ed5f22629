"""Where a journal is kept: an SQLite file or a PostgreSQL database, its tables, and what both offer."""
