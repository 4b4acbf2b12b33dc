"""Pictures as arrays: reading, resizing, writing, and the one place of every preparation step."""
