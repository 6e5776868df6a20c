"""Records -> a summary: all that reports show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.answers.crossings import CrossingMap, crossings_of
from bench.answers.label_needs import TARGETS, Need, Worth, needs_of, worths_of
from bench.answers.later import Later
from bench.answers.pareto import Front, fronts_of
from bench.answers.recommend import Answer, best_by_budget
from bench.answers.rows.noise import Noise, Varied, noise_of, varied_of
from bench.answers.rows.overlap_notes import overlap_notes
from bench.answers.rows.rows import Row, rows_of
from bench.answers.rows.scores import Ranked, ranks_of
from bench.answers.verdicts import Overtaking, Right, Verdict, against_the_best, compare, corrected, overtaking
from bench.catalog import METHODS
from bench.records.curves import CurvesOf, no_curves
from bench.records.record import Record
from bench.statistics.ranking import Ranking, Task, rank

FROZEN, TUNED = "linear_probe", "finetune"
SAME = (
    *("dataset", "backbone", "weights", "weights_sha256", "budget", "n_labels", "device", "precision"),
    *("image_selection", "machine"),
)
"""What a frozen and a fine-tuned row have in common that are held against one another."""


@dataclass(frozen=True)
class Block:
    """One table: a row per method and initial weights, a column per label budget."""

    title: str
    settings: tuple[str, ...]
    budgets: tuple[tuple[str, int], ...]
    """Label and count of labels, smallest first."""
    rows: Mapping[tuple[str, tuple[str, int]], Row]

    @property
    def ordered(self) -> list[Row]:
        """The rows by setting, then by budget."""
        keys = [(setting, budget) for setting in self.settings for budget in self.budgets]
        return [self.rows[key] for key in keys if key in self.rows]

    @property
    def by_setting(self) -> Mapping[str, list[Row]]:
        """The rows of each setting, smallest budget first."""
        return {
            setting: [self.rows[setting, budget] for budget in self.budgets if (setting, budget) in self.rows]
            for setting in self.settings
        }


@dataclass(frozen=True)
class Summary:
    """All that reports show; none of them computes anything."""

    suite: str
    description: str
    command: str
    suite_text: str
    rows: tuple[Row, ...]
    blocks: tuple[Block, ...]
    ranks: tuple[Ranked, ...]
    against_best: Sequence[tuple[Verdict, ...]]
    """For each block, its rows against the best of their label budget."""
    against_frozen: Sequence[Verdict]
    """Full fine-tuning against the linear probe, from the same start."""
    overtakings: tuple[Overtaking, ...]
    """Where full fine-tuning overtakes the linear probe."""
    crossings: Sequence[CrossingMap]
    """For each block with two label budgets or more, where any setting overtakes any other."""
    needs: Sequence[Need]
    """Labels that target accuracies take."""
    worths: Sequence[Worth]
    """What full fine-tuning is worth in labels of the linear probe."""
    ranking: Sequence[Ranking]
    """Settings over all tables and label budgets that they share, once; empty with a single one."""
    varied: Varied
    """Which seeds varied."""
    noise: Sequence[Noise]
    """Where the noise of each row comes from that tells."""
    unfinished: tuple[Record, ...]
    missing: int
    """Cells of the plan without a record."""
    audit: Mapping[str, tuple[int, int, int]]
    """Passes, failures and not applicable, by check."""
    audit_failures: tuple[str, ...]
    environments: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]
    fronts: Sequence[Front]
    """For each data set the Pareto front over all axes that were measured, then over each pair of them."""
    best: Sequence[Answer]
    """For each data set and number of labels the best row of all, and what the data can't tell from it."""
    records: tuple[Record, ...]
    """Of all cells of the plan that have one."""
    curves: CurvesOf
    """What is kept of a cell, step by step, given its id."""


def nothing_kept(cell_id: str) -> None:
    """Stands for predictions that were not kept."""


def summarise(
    records: Sequence[Record],
    manifest: Mapping[str, Any],
    right: Right = nothing_kept,
    targets: Sequence[float] = TARGETS,
) -> Summary:
    """Group the records of the manifest's plan; where there is no plan, of all. Rows are compared by `right`.

    `targets` are accuracies in 0 to 1 whose labels are asked for.
    """
    planned = None if manifest.get("cells") is None else set(manifest["cells"])
    mine = [record for record in records if planned is None or record.cell_id in planned]
    finished = [record for record in mine if record.status == "ok"]
    rows = rows_of(finished, manifest.get("environments", {}))
    blocks = _blocks(rows)
    pairs = _frozen_and_tuned(rows)
    starts = _by_start(pairs)
    return Summary(
        suite=str(manifest.get("suite", mine[0].suite if mine else "")),
        description=str(manifest.get("description", "")),
        command=str(manifest.get("command", "")),
        suite_text=str(manifest.get("suite_text", "")),
        rows=rows,
        blocks=blocks,
        against_best=Later(lambda: (against_the_best(block.ordered, right) for block in blocks)),
        against_frozen=Later(lambda: corrected(compare(tuned, frozen, right) for frozen, tuned in pairs)),
        overtakings=_overtakings(starts, right),
        crossings=Later(lambda: _crossings(blocks, right)),
        needs=Later(lambda: (need for block in blocks for need in needs_of(block.title, block.by_setting, targets))),
        worths=Later(lambda: (worth for start in starts for worth in worths_of(start))),
        ranking=Later(lambda: filter(None, [rank(_by_task(blocks))])),
        varied=varied_of(finished),
        noise=Later(lambda: noise_of(rows, finished)),
        ranks=ranks_of(rows),
        unfinished=tuple(record for record in mine if record.status != "ok"),
        missing=len(planned - {record.cell_id for record in mine}) if planned is not None else 0,
        audit=_audit(finished),
        audit_failures=tuple(
            f"{name}: {record.label} ({record.cell_id})"
            for record in finished
            for name, passed in (record.audit or {}).items()
            if passed is False
        ),
        environments={
            key: env
            for key, env in manifest.get("environments", {}).items()
            if key in {record.env for record in finished}
        },
        notes=_notes(records, mine, finished),
        fronts=Later(lambda: fronts_of(rows)),
        best=Later(lambda: best_by_budget(rows, right)),
        records=tuple(mine),
        curves=no_curves,
    )


def _frozen_and_tuned(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Pair the linear probe with full fine-tuning from the same start and at the same budget."""
    tuned: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if row.method.partition("(")[0] == TUNED:
            tuned.setdefault(_start(row), []).append(row)
    frozen = [row for row in rows if row.method.partition("(")[0] == FROZEN]
    return [(row, other) for row in frozen for other in tuned.get(_start(row), [])]


def _start(row: Row) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in SAME)


def _by_start(pairs: Sequence[tuple[Row, Row]]) -> list[list[tuple[Row, Row]]]:
    """Return the pairs of each start, at all its budgets."""
    starts: dict[tuple[Any, ...], list[tuple[Row, Row]]] = {}
    for frozen, tuned in pairs:
        start = tuple(getattr(frozen, name) for name in SAME if name not in ("budget", "n_labels"))
        starts.setdefault((start, frozen.variant, tuned.variant), []).append((frozen, tuned))
    return list(starts.values())


def _overtakings(starts: Sequence[Sequence[tuple[Row, Row]]], right: Right) -> tuple[Overtaking, ...]:
    found = [overtaking([tuned for _, tuned in mine], [frozen for frozen, _ in mine], right) for mine in starts]
    return tuple(each for each in found if each is not None)


def _crossings(blocks: Sequence[Block], right: Right) -> list[CrossingMap]:
    found = [crossings_of(block.title, block.by_setting, right) for block in blocks]
    return [each for each in found if each is not None]


def _by_task(blocks: Sequence[Block]) -> dict[Task, dict[str, float]]:
    """Return the accuracy of each setting in each column of each table."""
    found: dict[Task, dict[str, float]] = {}
    for block in blocks:
        for (setting, (budget, _)), row in block.rows.items():
            task = (row.dataset, block.title.removeprefix(f"{row.dataset} "), budget)
            found.setdefault(task, {})[setting] = row.accuracy.mean
    return found


def _blocks(rows: Sequence[Row]) -> tuple[Block, ...]:
    titles: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        titles.setdefault((row.dataset, row.backbone, row.device, row.precision, row.machine), []).append(row)
    several = [len({key[position] for key in titles}) > 1 for position in range(5)]
    return tuple(_block(key, several, mine) for key, mine in titles.items())


def _block(key: tuple[str, ...], several: Sequence[bool], rows: Sequence[Row]) -> Block:
    shown = [part for position, part in enumerate(key) if several[position] or position == 1]
    known = {(row.setting, row.variant) for row in rows}
    weights = {(row.setting, row.weights_sha256) for row in rows}
    twice = {setting for setting, _ in known if sum(other == setting for other, _ in known) > 1}

    def name(row: Row) -> str:
        if row.setting not in twice:
            return row.setting
        hashes = {digest for setting, digest in weights if setting == row.setting}
        variants = {variant for setting, variant in known if setting == row.setting}
        told = (row.weights_sha256 or "none")[:8] if len(hashes) == len(variants) else row.variant
        return f"{row.setting} #{told}"

    ordered = sorted(rows, key=lambda row: (_rank(row.method), row.weights))
    budgets = sorted({(row.budget, row.n_labels) for row in rows}, key=lambda budget: budget[1])
    return Block(
        " ".join(shown),
        tuple(dict.fromkeys(name(row) for row in ordered)),
        tuple(budgets),
        {(name(row), (row.budget, row.n_labels)): row for row in rows},
    )


def _rank(method: str) -> tuple[int, str]:
    return METHODS.position(method.partition("(")[0]), method


def _audit(records: Sequence[Record]) -> dict[str, tuple[int, int, int]]:
    names = list(dict.fromkeys(name for record in records for name in record.audit or {}))
    found = {name: [(record.audit or {}).get(name) for record in records] for name in names}
    return {name: (values.count(True), values.count(False), values.count(None)) for name, values in found.items()}


def _notes(everything: Sequence[Record], mine: Sequence[Record], finished: Sequence[Record]) -> tuple[str, ...]:
    notes = []
    limits = {record.limit for record in mine if record.limit is not None}
    if limits:
        notes.append(f"Limited to {max(limits)} images of each split: a rehearsal, not a result.")
    if len(everything) > len(mine):
        notes.append(f"{len(everything) - len(mine)} records of other settings of this suite are left out.")
    if any((record.workers or 1) > 1 for record in finished):
        notes.append("Some cells ran side by side; their throughput is not published.")
    settled = {(record.backbone, record.precision, record.precision_reason) for record in finished}
    notes += [
        f"precision auto of {backbone} is {precision} here: {reason}."
        for backbone, precision, reason in sorted(settled, key=str)
        if reason not in (None, "asked for")
    ]
    disturbed = sum(bool((record.gpu_state or {}).get("others")) for record in finished)
    if disturbed:
        cells = "1 cell" if disturbed == 1 else f"{disturbed} cells"
        notes.append(f"Another process was on the GPU during {cells}: the times there are not the cells' own.")
    edges = sum(bool((record.chosen or {}).get("edge")) for record in finished)
    if edges:
        probes = "1 probe" if edges == 1 else f"{edges} probes"
        notes.append(f"{probes}: the best l2 lay at the edge of its range; a wider one may do better.")
    tuned = sum(bool((record.chosen or {}).get("tuned_edges")) for record in finished)
    if tuned:
        cells = "1 cell" if tuned == 1 else f"{tuned} cells"
        notes.append(f"{cells}: tuning chose a value at the edge of what was tried; a wider space may do better.")
    if len({record.search for record in finished if record.steps_done is not None}) > 1:
        notes.append("Some methods were tuned and others not: they are not on equal terms.")
    stopped = sum((record.chosen or {}).get("converged") is False for record in finished)
    if stopped:
        probes = "1 probe" if stopped == 1 else f"{stopped} probes"
        notes.append(f"{probes}: the solver had to stop before it came to its tolerance; a larger l2 is solved faster.")
    return (*notes, *overlap_notes(finished))
