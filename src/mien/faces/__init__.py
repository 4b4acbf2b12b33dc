"""Faces in pictures: finding them, cutting them out, and saying how far to trust them."""
