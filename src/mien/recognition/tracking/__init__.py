"""Tracks: faces that keep a number through a video, with detection every few frames and following in between.

The video pipeline and the webcam feed a ``Tracker`` with one frame after the other.
"""

from mien.recognition.tracking.tracker import Track, Tracker

__all__ = ["Track", "Tracker"]
