"""The `bench` command, as a program and as `python -m bench`."""

# no more than Python has imported by itself: until the first call below the working folder may stand first on the path
from bench.working_folder import leave_working_folder


def main() -> None:
    """Run the command, with nothing of the working folder."""
    leave_working_folder()
    from bench.cli import main as run_command  # what it imports is what the line above is about

    run_command()


if __name__ == "__main__":  # the fork server imports this module again
    main()
