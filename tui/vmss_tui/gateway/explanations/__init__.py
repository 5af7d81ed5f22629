"""What Azure's error codes mean for an operator, as data: one module a subject, each a table of rules."""
