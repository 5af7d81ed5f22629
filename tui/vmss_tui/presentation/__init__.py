"""Domain data in words, glyphs and columns for people: shared by the app and the command line.

Pure functions over frozen data: no Rich, no Textual, no escape codes, no clock. Front ends only paint
what comes from here.
"""
