"""How long work says what it is doing: a function that takes a short text."""

from collections.abc import Callable

Tell = Callable[[str], None]


def quiet(_: str) -> None:
    """Say nothing."""
