"""Widgets that paint what `presentation` describes."""
