"""All scale sets in words: rows, filter fields, order."""
