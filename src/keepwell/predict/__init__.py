"""What customers will earn us, and how sure we are."""

from keepwell.predict.run import run

__all__ = ["run"]
