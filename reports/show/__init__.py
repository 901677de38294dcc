"""Frames -> what a person reads: `text.py` the failure text, `terminal.py` tables, the rest the report's files."""
