"""Speeds and sizes that mien promises, measured beside the machine that gave them."""
