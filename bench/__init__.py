"""The figures that the README claims, each with a baseline from the same run. `python -m bench --help`."""
