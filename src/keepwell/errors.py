"""Every error that Keepwell raises on purpose: what is wrong, where, and the mend."""


class KeepwellError(Exception):
    """What is wrong, where it is, and what mends it."""

    def __init__(self, problem: str, where: str = "", mend: str = "") -> None:
        super().__init__(problem, where, mend)  # args survive the pickling Spark does
        self.problem, self.where, self.mend = problem, where, mend

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"{self.problem}{place}. {self.mend}".rstrip()


class DataError(KeepwellError, ValueError):
    """The data cannot be used as they are."""


class ConfigError(KeepwellError, ValueError):
    """A setting, an option or keepwell.toml is wrong."""


class FitError(KeepwellError, ValueError):
    """A model cannot be fitted to these data, and no number would be honest."""


class WorkspaceError(KeepwellError):
    """The workspace cannot be used: missing, from a newer version, locked or damaged."""


class ConservationError(KeepwellError):
    """Rows or money were lost on the way: a fault of Keepwell, not of the user."""
