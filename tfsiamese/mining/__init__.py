"""Encoder + pairs -> harder pairs."""
