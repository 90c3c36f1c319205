"""`python -m publisher`: the command line, where the console script is not on PATH."""

from publisher.cli import main

main()
