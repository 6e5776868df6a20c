"""A comparison for a terminal, as Markdown for a pull request, and as JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from tabulate import tabulate

from bench.errors import Exit
from bench.gate.changes import Change
from bench.gate.comparability import Mismatch
from bench.gate.compare import Comparison, Verdict, Word
from bench.gate.rules import Rule
from bench.gate.samples import Name, Side, label, shared_parts
from bench.reports.checks.figures import changed, figure, grown

JSON_VERSION = 1
ORDER: tuple[Word, ...] = ("worse", "not comparable", "unknown", "better", "same")
MOST = 60
"""Rows of one table of Markdown: GitHub takes 65,536 characters, and each rule may have two tables."""
FEW = 10
OUTCOME = {
    Exit.OK: "the same or better",
    Exit.GATE_FAILED: "regressed",
    Exit.NOTHING_COMPARED: "unknown: not a pass",
    Exit.NOT_COMPARABLE: "not comparable",
}
STORED_TIMES = (
    "Times of stored runs are weak evidence: the intervals hold the spread of cells, not what the machine did "
    "differently between the two runs. `bench duel` measures both sides in turns."
)


def render_console(comparison: Comparison) -> str:
    """Return the tables by rule, what stands in the way, and the outcome."""
    shared = _shared(comparison)
    parts = [_sides(comparison)]
    if shared:
        parts.append(f"all rows: {label(shared)}")
    parts += [f"{rule.text}{_way(rule)}\n{_table(comparison, rule, shared)}" for rule in comparison.rules]
    parts += ["\n".join(lines) for lines in _blocks(comparison) if lines]
    parts += [*_notes(comparison), _outcome(comparison)]
    return "\n\n".join(parts)


def _table(comparison: Comparison, rule: Rule, shared: Name) -> str:
    """Return the rows that a rule was judged on as a table; one line where all of them are equal."""
    verdicts = _sorted(comparison, rule)
    if not verdicts:
        return "no cell of either side has it"
    if all(map(_equal, verdicts)):
        return f"{_rows(_single(verdicts))}: equal to the last digit"
    rows = [_cells(verdict, shared) for verdict in verdicts]
    return tabulate(rows, _headers(comparison), tablefmt="simple", disable_numparse=True)


def _way(rule: Rule) -> str:
    """Return which way is worse where a name does not tell it, as those of counters don't."""
    if rule.quantity.kind != "count":
        return ""
    return " (less is worse)" if rule.quantity.higher_is_better else " (more is worse)"


def _equal(verdict: Verdict) -> bool:
    return verdict.word == "same" and verdict.change is not None and verdict.change.equal


def _single(verdicts: Iterable[Verdict]) -> int:
    """Return how many rows the verdicts are on; that on all rows together is not one more."""
    return sum(bool(verdict.row) for verdict in verdicts)


def render_github(comparison: Comparison) -> str:
    """Return Markdown for a pull request: what is not the same as tables, the rest folded away."""
    shared = _shared(comparison)
    parts = [f"### bench compare: {OUTCOME[comparison.exit_code]}", _outcome(comparison)]
    parts += [part for rule in comparison.rules for part in _of_rule(comparison, rule, shared)]
    parts += ["\n".join(f"- {_escaped(line)}" for line in lines) for lines in _blocks(comparison) if lines]
    shared_text = f"\n\nAll rows: {_escaped(label(shared))}" if shared else ""
    parts += [*_notes(comparison), f"<sub>{_escaped(_sides(comparison)).replace(chr(10), '<br>')}</sub>{shared_text}"]
    return "\n\n".join(parts)


def _of_rule(comparison: Comparison, rule: Rule, shared: Name) -> list[str]:
    """Return the Markdown of one rule."""
    verdicts = _sorted(comparison, rule)
    told = [verdict for verdict in verdicts if verdict.word != "same"]
    same = [verdict for verdict in verdicts if verdict.word == "same"]
    parts = [f"#### `{rule.text}`{_way(rule)}", *_markdown(comparison, told, shared)]
    if same:
        folded = _markdown(comparison, same, shared)
        parts += [f"<details><summary>{_rows(_single(same))} the same</summary>", *folded, "</details>"]
    return parts if verdicts else [*parts, "No cell of either side has it."]


def render_json(comparison: Comparison) -> str:
    """Return all of it as one JSON document."""
    document = {
        "comparison_version": JSON_VERSION,
        "base": _side(comparison.base),
        "new": _side(comparison.new),
        "rules": [rule.text for rule in comparison.rules],
        "allowed": list(comparison.allowed),
        "outcome": OUTCOME[comparison.exit_code],
        "exit_code": int(comparison.exit_code),
        "counts": {word: comparison.count(word) for word in ORDER},
        "verdicts": [_verdict(verdict) for verdict in comparison.verdicts],
        "differs_without_harm": [_difference(each) for each in comparison.harmless],
        "only_in_base": [sample.label for sample in comparison.only_in_base],
        "only_in_new": [sample.label for sample in comparison.only_in_new],
        "lost": [{"cell": s.label, "status": s.status, "reason": s.reason} for s in comparison.lost],
        "without_a_number_on_both": comparison.neither,
        "rules_without_a_figure": [rule.text for rule in comparison.without],
        "kept_and_not_judged": [
            {"row": dict(each.row), "name": each.name, "base": each.base, "new": each.new} for each in comparison.kept
        ],
    }
    return json.dumps(document, indent=1, allow_nan=False)


def _side(side: Side) -> dict[str, Any]:
    return {"title": side.title, "commit": side.commit, "made_at": side.made_at, "machine": side.machine}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    rule, change = verdict.rule, verdict.change
    return {
        "row": dict(verdict.row),
        "rule": rule.text,
        "metric": rule.quantity.name,
        "unit": rule.quantity.unit,
        "word": verdict.word,
        "base": verdict.base,
        "new": verdict.new,
        "change": _json_change(rule, change) if change else None,
        "p": verdict.p,
        "differs": [_difference(each) for each in verdict.mismatches],
        "reason": why(verdict),
    }


def _difference(each: Mismatch) -> dict[str, str]:
    return {"condition": each.name, "base": each.base, "new": each.new}


def _json_change(rule: Rule, change: Change) -> dict[str, Any]:
    """Return a change: shares where the rule is relative, else differences; null in place of what is not finite."""
    ends = {"value": change.value, "low": change.low, "high": change.high}
    told = {key: None if end is None else grown(rule, end) for key, end in ends.items()}
    finite = {key: end if end is not None and math.isfinite(end) else None for key, end in told.items()}
    return {**finite, "relative": rule.relative, "pairs": change.pairs}


def _shared(comparison: Comparison) -> Name:
    return shared_parts(verdict.row for verdict in comparison.verdicts if verdict.row)


def _sorted(comparison: Comparison, rule: Rule) -> list[Verdict]:
    mine = [verdict for verdict in comparison.verdicts if verdict.rule == rule]
    return sorted(mine, key=lambda verdict: (bool(verdict.row), ORDER.index(verdict.word)))


def _headers(comparison: Comparison) -> list[str]:
    return ["row", f"{comparison.new.repeats}s", "base", "new", "change (95 %)", "is"]


def _cells(verdict: Verdict, shared: Name) -> list[str]:
    of, change = verdict.rule.quantity, verdict.change
    reason = why(verdict)
    return [
        label(verdict.row, shared) if verdict.row else "all rows together",
        str(change.pairs) if change else "-",
        figure(verdict.base, of),
        figure(verdict.new, of),
        changed(verdict.rule, change) if change else "-",
        f"{_word(verdict)}: {reason}" if reason else _word(verdict),
    ]


def _word(verdict: Verdict) -> str:
    """Return the word; *same or better* where the interval is open towards better."""
    return "same or better" if verdict.word == "same" and verdict.maybe_better else verdict.word


def why(verdict: Verdict) -> str | None:
    """Return what stands in the way of a better answer; null where the answer says it all."""
    if verdict.mismatches:
        return ", ".join(each.name for each in verdict.mismatches)
    if verdict.same_measurement:
        return "measured once for both sides"
    return _noise(verdict.change) if verdict.word == "unknown" and verdict.change else verdict.reason


def _noise(change: Change) -> str:
    """Return why nothing can be told of a change."""
    if change.value is None or math.isinf(change.value):
        return "figures of 0 or below have no ratio"
    if change.low is None:
        return f"one {'measurement for all cells' if change.shared else 'pair'}, whose noise is unknown"
    return f"can't be told with {change.pairs} pairs"


def _sides(comparison: Comparison) -> str:
    lines = []
    for name, side in (("BASE", comparison.base), ("NEW ", comparison.new)):
        commit = f"commit {side.commit[:12]}{' dirty' if 'dirty' in side.commit else ''}" if side.commit else None
        known = [each for each in (commit, side.made_at, side.machine) if each]
        lines.append(f"{name} {side.title}: {'; '.join(known)}")
    return "\n".join(lines)


def _blocks(comparison: Comparison) -> tuple[list[str], ...]:
    return _blocking(comparison), _harmless(comparison), _kept(comparison), _left_over(comparison)


def _blocking(comparison: Comparison) -> list[str]:
    """Return a line for each condition that differs: both values, how many rows, and what allows it."""
    found: dict[str, list[tuple[str, Name]]] = {}
    for verdict in comparison.verdicts:
        for each in verdict.mismatches:
            found.setdefault(each.name, []).append((each.text, verdict.row))
    return [
        f"not comparable: {_first([text for text, _ in differing])} ({_rows(len({row for _, row in differing}))}); "
        f"if that is meant: --allow {name}"
        for name, differing in found.items()
    ]


def _first(texts: Iterable[str]) -> str:
    """Return the first of some differences and how many others there are."""
    first, *others = dict.fromkeys(texts)
    return first + (f", and {len(others)} other differences" if others else "")


def _harmless(comparison: Comparison) -> list[str]:
    """Return a line for each condition that differs without standing in the way."""
    texts: dict[str, list[str]] = {}
    for each in comparison.harmless:
        texts.setdefault(each.name, []).append(each.text)
    return [
        f"differs, but {'is allowed' if name in comparison.allowed else 'no limit here needs it'}: {_first(found)}"
        for name, found in texts.items()
    ]


def _kept(comparison: Comparison) -> list[str]:
    """Return a line for each thing that benchmarks keep beside their times, and that no limit names."""
    changed_first = sorted(comparison.kept, key=lambda each: each.base == each.new)
    lines = [
        f"kept, not judged: {label(each.row)} {each.name or repr('')}: "
        + (
            f"{_value(each.base)} on both sides"
            if each.base == each.new
            else f"{_value(each.base)}, {_value(each.new)}"
        )
        for each in changed_first[:FEW]
    ]
    judged = ["a number is judged where a limit names it: --fail-on NAME:5%, or NAME:-5% where less is worse"]
    return [*lines, *_more(comparison.kept), *(judged if lines else [])]


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _left_over(comparison: Comparison) -> list[str]:
    lines = [
        f"no longer a number: {sample.label}: {sample.status}: {sample.reason}" for sample in comparison.lost[:FEW]
    ]
    lines += _more(comparison.lost)
    for where, samples, hint in (
        ("BASE", comparison.only_in_base, "; if that is meant: --allow missing"),
        ("NEW", comparison.only_in_new, ""),
    ):
        if samples:
            more = [f"and {len(samples) - FEW} more"] if len(samples) > FEW else []
            named = "; ".join([*(sample.label for sample in samples[:FEW]), *more])
            lines.append(f"only in {where}, {len(samples)}: {named}{hint}")
    if comparison.neither:
        lines.append(f"without a number on both sides: {comparison.neither}")
    return lines


def _more(samples: Sequence[Any]) -> list[str]:
    return [f"... and {len(samples) - FEW} more"] if len(samples) > FEW else []


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _notes(comparison: Comparison) -> list[str]:
    times = any(rule.quantity.kind == "time" for rule in comparison.rules)
    return [STORED_TIMES] if times else []


def _outcome(comparison: Comparison) -> str:
    counts = [f"{comparison.count(word)} {word}" for word in ORDER if comparison.count(word)]
    together = [verdict for verdict in comparison.verdicts if not verdict.row and verdict.word in ("worse", "better")]
    counts += [f"all rows together {verdict.word} by {verdict.rule.text}" for verdict in together]
    counts += [f"{len(comparison.lost)} lost"] if comparison.lost else []
    code = comparison.exit_code
    return f"{', '.join(counts) or 'nothing was compared'}: {OUTCOME[code]} (exit {int(code)})"


def _markdown(comparison: Comparison, verdicts: Sequence[Verdict], shared: Name) -> Iterable[str]:
    if not verdicts:
        return []
    rows = [[_escaped(cell) for cell in _cells(verdict, shared)] for verdict in verdicts[:MOST]]
    more = [f"... and {len(verdicts) - MOST} more rows; `--format json` has them all"] if len(verdicts) > MOST else []
    return [tabulate(rows, _headers(comparison), tablefmt="pipe", disable_numparse=True), *more]


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
