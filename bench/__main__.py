"""`python -m bench` is the `bench` command."""

import os
import sys

# `python -m` imports from the working folder first: a random.py there would stand for Python's own from here on
if __name__ == "__main__" and sys.path[:1] == [os.getcwd()] and not sys.flags.safe_path:
    del sys.path[0]

from bench.cli import main  # what it imports is what the lines above are about

if __name__ == "__main__":  # the fork server imports this module again
    main()
