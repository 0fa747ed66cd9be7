"""Keepwell: what each customer is worth, how sure we are, whom to keep, and whether it paid."""

from keepwell.version import __version__

__all__ = ["__version__"]
