"""`bench env`: what is recorded of this machine."""

from tests.material.command_line import Command


def test_env_prints_what_is_recorded_of_this_machine(bench: Command) -> None:
    """One JSON document."""
    said = bench("env", "--device", "cpu").json
    assert said["device"] == "cpu"
    assert said["packages"]["torch"]
    assert said["variables"]["GOMP_SPINCOUNT"] == "0"
