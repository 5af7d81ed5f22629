"""Screens and their controllers in front of a person: what their tests share."""
