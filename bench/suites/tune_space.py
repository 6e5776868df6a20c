"""Mistakes in `tune.space`: a line for each, with its place."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from bench.catalog import METHODS
from bench.errors import BenchError
from bench.registry import unknown
from bench.schema import Choice
from bench.suites.choices import TRAINING_KEYS
from bench.suites.grammar import MOST_TRIALS
from bench.suites.named import check_settings, mapping
from bench.suites.wording import shortened
from bench.suites.yaml_marks import Marks


def tune_problems(contents: Mapping[str, Any], marks: Marks) -> Iterator[str]:
    """Yield a line for each method, key and value of the tuning space that can't be."""
    tune = mapping(contents.get("tune"))
    trials = tune.get("trials")
    if trials == 1 and ("tune", "trials") not in marks.refused:
        yield f"{marks.at(('tune', 'trials'))}: tune.trials: one is no choice; write 2 or more, or 0 to try nothing"
    if isinstance(trials, int) and trials > 1 and not tune.get("space") and ("tune", "space") not in marks.refused:
        yield f"{marks.at(('tune',))}: tune.space is missing; write what to try, or trials: 0 to try nothing"
    for method, space in mapping(tune.get("space")).items():
        for key, values in mapping(space).items():
            path = ("tune", "space", method, key)
            if path not in marks.refused and (fault := _fault(method, key, values)) is not None:
                yield shortened(shortened(f"{marks.at(path)}: tune.space.{method}: {fault}", key), method)


def _fault(method: str, key: str, written: Any) -> str | None:
    try:
        for value in _tried(written):
            _check(method, key, value)
        if isinstance(written, dict):
            _check_between(method, key, written)
    except BenchError as error:
        return str(error)
    return None


def _tried(written: Any) -> list[Any]:
    """Return the values that are listed for a key, or the two ends of its range."""
    if isinstance(written, dict):
        return [written.get("low"), written.get("high")]
    return written[:MOST_TRIALS] if isinstance(written, list) else [written]


def _check(method: str, key: str, value: Any) -> None:
    if method == "all" and key not in TRAINING_KEYS:
        raise BenchError(unknown("training key", key, TRAINING_KEYS))
    # what all methods may be given is checked with one of them: training keys are the same for each
    check_settings(METHODS, Choice("finetune" if method == "all" else method, {key: value}))


def _check_between(method: str, key: str, span: Mapping[str, Any]) -> None:
    """Refuse a range of a parameter that takes whole numbers alone: what is drawn has decimals."""
    ends = [end for end in (span.get("low"), span.get("high")) if isinstance(end, int | float)]
    if len(ends) < 2 or not math.isfinite(ends[1] - ends[0]) or ends[0] >= ends[1]:
        return  # told by the grammar
    try:
        _check(method, key, ends[0] + (ends[1] - ends[0]) / math.e)
    except BenchError as error:
        raise BenchError(f"{error}; of a range numbers with decimals are drawn: list the values to try") from error
