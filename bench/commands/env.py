"""`bench env`: what is recorded of this machine."""

import json

import click

from bench.machine import devices, environment


@click.command()
@click.option("--device", default="auto", show_default=True)
def env(device: str) -> None:
    """Print what is recorded of this machine, as JSON."""
    devices.check_name(device)
    device = devices.resolve(device)
    devices.configure(device, devices.cores(), True)  # as a cell does: it raises where the device is not there
    click.echo(json.dumps(environment.describe(device), indent=1))
