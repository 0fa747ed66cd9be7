"""`python -m keepwell` is the command line."""

from keepwell.cli.main import main

main()
