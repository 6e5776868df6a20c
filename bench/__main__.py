"""`python -m bench` is the `bench` command."""

from bench.cli import main

if __name__ == "__main__":  # the fork server imports this module again
    main()
