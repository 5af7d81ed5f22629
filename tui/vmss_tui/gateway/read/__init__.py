"""Reads of Azure: shapes on the wire, and their meaning in the domain."""
