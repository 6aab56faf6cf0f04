"""`python -m attn_course.cli` does what `attn-course` does."""

from attn_course.cli import app

app()
