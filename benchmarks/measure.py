"""Time and memory of one step, inside the process that does it. Standard library only: the peer runs it too."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Measured = dict[str, Any]


def measured(step: Callable[[str], dict[str, Any]], path: str) -> Measured:
    """Run `step` on a file: its own answers, `s` (seconds) and `mb` (peak resident memory of the process meanwhile).

    It runs on the few customers beside the file first, so that what is imported late or loaded from a cache is there.
    """
    step(str(Path(path).with_name(f"few_{Path(path).name}")))
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew, at what is resident now
    began = time.monotonic()
    answer = step(path)
    return {**answer, "s": time.monotonic() - began, "mb": peak()}


def peak() -> float:
    """Return the peak resident memory of this process in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def child(python: Path, module: str, *arguments: str) -> Measured:
    """Run a module of the benchmarks in a process of its own and return the JSON of its last line."""
    done = subprocess.run(
        [python, "-m", f"benchmarks.{module}", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"benchmarks.{module} {' '.join(arguments)} failed:\n{done.stderr}")
    answer: Measured = json.loads(done.stdout.splitlines()[-1])
    return answer


def command(*words: str | Path, environment: dict[str, str] | None = None) -> Measured:
    """Run a command from the shell's point of view: its output, wall seconds and the peak of the whole process."""
    began = time.monotonic()
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, words))} ended with {process.returncode}")
    return {"output": output, "s": seconds, "mb": usage.ru_maxrss / 1024}


def median(rounds: Sequence[Measured]) -> Measured:
    """Return the median seconds and megabytes of several rounds, with the last one's answers."""
    names = [name for name in rounds[-1] if name in {"s", "mb"} or name.endswith("_s")]
    return {**rounds[-1], **{name: statistics.median(one[name] for one in rounds) for name in names}}


def result(name: str, n: int, ours: Measured, peer: Measured | None = None, who: str | None = None) -> dict[str, Any]:
    """Return one line of results.json; `ratio` is how many times faster than the peer."""
    return {
        "name": name,
        "n": n,
        "ours_s": round(ours["s"], 3),
        "ours_mb": round(ours["mb"]),
        "peer": who,
        "peer_s": round(peer["s"], 3) if peer else None,
        "peer_mb": round(peer["mb"]) if peer else None,
        "ratio": round(peer["s"] / ours["s"], 2) if peer else None,
    }
