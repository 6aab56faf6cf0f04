"""Data without downloads: what ships inside the dependencies, and generators."""

from .sunspots import sunspots as sunspots
