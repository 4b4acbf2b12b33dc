"""The live view: what is shown, recorded and printed while frames come."""
