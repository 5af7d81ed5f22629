"""Screens: compose, bind keys, translate messages; no arithmetic and no formatting."""
