"""Video: frames read as a stream, recognised in batches along tracks, and written again."""

import os

# FFmpeg's lines name no file, and a fault gets a line of its own; OpenCV asks for this when it opens its first video.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
