"""What people decided, as plain values: what the record book holds and a run replays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Verdict = Literal["same", "refused", "never"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A word on two records: one person; not by this evidence; or never, through whatever chain.

    A record that is corrected is another record. The word then holds for those with the id that the record had alone;
    '' where it had none of its own, because the other record or another customer had the same.
    """

    verdict: Verdict
    left_record: str
    right_record: str
    at: datetime  # UTC
    left_own: str = ""
    right_own: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A yes or no that was told to us directly, not through a file."""

    record: str  # or the id it would have alone
    channel: str  # 'email', 'sms', 'phone', 'post' or 'all'
    given: bool
    at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class Decided:
    """All that counts today: of several words on one pair the latest.

    `forgotten` holds salted digests of the keys (customer number, e-mail, phone) of people who were erased, so that
    a file given again does not bring them back; `salt` is the workspace's own.
    """

    decisions: tuple[Decision, ...] = ()
    consents: tuple[Consent, ...] = ()
    forgotten: frozenset[str] = frozenset()
    salt: str = ""


NOTHING = Decided()
