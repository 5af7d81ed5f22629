"""The pane beside a list on a wide terminal: the subject of the cursor, and the log."""
