"""Blocks that several networks combine; each lives here once."""
