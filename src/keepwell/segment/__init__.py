"""Values and histories in; scores, tiers, kinds in plain words and a profile of each segment out."""

from keepwell.segment.stage import run

__all__ = ["run"]
