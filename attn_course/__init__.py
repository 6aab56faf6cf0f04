"""Reference code for the course: read `functional` first, then `grading`."""

__version__ = "0.1.0"
