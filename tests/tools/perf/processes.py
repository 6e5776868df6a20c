"""Runs a command as a process of its own and takes the time from its start to its end."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ALWAYS = {"GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0", "HF_HUB_OFFLINE": "1"}
"""For both sides: threads that spin at barriers would make a busy machine the judge."""


class Failed(Exception):
    """A process that did not end well; the message holds its last line."""


@dataclass(frozen=True)
class Finished:
    """A process that ended well."""

    seconds: float
    stdout: str
    peak_mib: float | None
    """The highest resident memory of the process itself, children aside; null where nobody watched."""


def run_process(command: Sequence[str], variables: Mapping[str, str], watch: bool = False) -> Finished:
    """Run a command at the repository's root; raise `Failed` where its exit code is not 0."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as said:
        began = time.perf_counter()
        theirs = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}  # each its own
        environment = {**theirs, **ALWAYS, **variables}
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=said) as process:
            try:
                peak = _watch(process) if watch else None
                code = process.wait()
            except BaseException:
                process.terminate()
                raise
        seconds = time.perf_counter() - began
        out.seek(0)
        said.seek(0)
        if code != 0:
            text = said.read().strip()
            print(text, file=sys.stderr)
            last = text.splitlines()[-1] if text else "no word"
            raise Failed(f"{' '.join(command[1:4])} ended with code {code}: {last}")
        return Finished(seconds, out.read(), peak)


def _watch(process: "subprocess.Popen[bytes]") -> float | None:
    """Return the process's high-water mark as it last stood, in MiB; null on systems without /proc."""
    status, peak = Path(f"/proc/{process.pid}/status"), None
    while process.poll() is None:
        try:
            marks = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        except OSError:
            marks = []
        peak = int(marks[0]) / 1024 if marks else peak
        time.sleep(0.02)
    return peak
