"""The tables that the console and the Markdown report share, as headers and cells of text."""

import collections
from collections.abc import Callable, Iterator, Sequence

from bench.answers.rows.rows import Row
from bench.answers.rows.scores import Ranked, scores_of
from bench.answers.summary import Block, Summary
from bench.statistics.intervals import Estimate

Table = tuple[list[str], list[list[str]]]


def percent(estimate: Estimate | None, dash: str = "-") -> str:
    """`94.2 ± 1.3 (5)` in per cent: mean, half of the 95 % interval, and n."""
    if estimate is None:
        return dash
    mean = f"{estimate.mean * 100:.1f}"
    if estimate.half_width is None:
        return f"{mean} (1)"
    return f"{mean} ± {estimate.half_width * 100:.1f} ({estimate.n})"


def number(estimate: Estimate | None, digits: int = 0) -> str:
    """The mean alone, or a dash."""
    return "-" if estimate is None else f"{estimate.mean:,.{digits}f}"


def accuracy_table(block: Block) -> Table:
    """A row per method and initial weights, a column per label budget."""
    headers = ["method (initial weights)", *(heading(budget) for budget in block.budgets)]
    cells = [
        [setting, *(percent(_accuracy(block, setting, budget)) for budget in block.budgets)]
        for setting in block.settings
    ]
    return headers, cells


def _accuracy(block: Block, setting: str, budget: tuple[str, int]) -> Estimate | None:
    row = block.rows.get((setting, budget))
    return row.accuracy if row else None


def heading(budget: tuple[str, int]) -> str:
    """The budget with its count of labels."""
    label, count = budget
    return label if label == f"{count} labels" else f"{label} ({count:,} labels)"


def cost_table(summary: Summary) -> Table:
    """Throughput, step time, memory and time of each method at its largest budget."""
    headers = [
        "backbone",
        "method (initial weights)",
        "labels",
        "images/s",
        "of",
        "step p50, ms",
        "CPU s per 1,000 images",
        "peak RSS, MiB",
        "peak CUDA, MiB",
        "cell, s",
        "cell without caches, s",
        "trained parameters",
        "kept, kB",
    ]
    return headers, [_cost(row, setting) for setting, row in _largest(summary, lambda row: True)]


def _largest(summary: Summary, fits: Callable[[Row], bool]) -> Iterator[tuple[str, Row]]:
    """Yield each setting of each block with its row at the largest budget, among those that fit."""
    for block in summary.blocks:
        for setting in block.settings:
            rows = [block.rows[setting, budget] for budget in block.budgets if (setting, budget) in block.rows]
            fitting = [row for row in rows if fits(row)]
            if fitting:
                yield setting, max(fitting, key=lambda row: row.n_labels)


def _cost(row: Row, setting: str) -> list[str]:
    return [
        row.backbone,
        setting,
        f"{row.n_labels:,}",
        number(row.throughput),
        row.throughput_of
        + (f" ({row.frozen_part} cached)" if row.throughput_of == "training" and row.frozen_part else ""),
        number(row.step_ms_p50, 1),
        number(row.cpu_s_per_1000_images, 1),
        number(row.peak_rss_mib),
        number(row.peak_cuda_allocated_mib),
        number(row.total_s, 1),
        number(row.cold_s, 1),
        f"{row.trainable_params:,}",
        f"{row.checkpoint_bytes / 1000:,.0f}",
    ]


def anatomy_table(summary: Summary) -> Table:
    """What a step is made of, what it holds in memory, and what the adapted network costs to use."""
    headers = [
        "backbone",
        "method (initial weights)",
        *(f"{part}, ms" for part in PARTS),
        "bound by",
        *(f"{kind}, MiB" for kind in KINDS),
        "GFLOP, forward",
        "MFU, %",
        "latency of 1, ms",
        "of 64, ms",
        "accuracy above chance per s, points",
    ]
    profiled = _largest(summary, lambda row: row.latency_1_ms is not None)
    return headers, [_anatomy(row, setting) for setting, row in profiled]


PARTS = ("data", "copy", "forward", "backward", "optimiser")
KINDS = ("weights", "gradients", "optimiser", "activations")


def _anatomy(row: Row, setting: str) -> list[str]:
    parts, kinds = row.anatomy_ms or {}, row.memory_mib_by_kind or {}
    return [
        row.backbone,
        setting,
        *(plain(parts.get(part), 1) for part in PARTS),
        row.bound_by or "-",
        *(plain(kinds.get(kind), 1) for kind in KINDS),
        plain(row.forward_gflop, 3),
        plain(None if row.mfu is None else row.mfu * 100, 1),
        plain(row.latency_1_ms, 1),
        plain(row.latency_64_ms, 1),
        _per_second(row),
    ]


def plain(value: float | None, digits: int) -> str:
    """A number, or a dash where nothing was measured."""
    return "-" if value is None else f"{value:,.{digits}f}"


def tuning_table(summary: Summary) -> Table:
    """What tuning tried, brought and cost, and how much hangs on it."""
    headers = [
        "backbone",
        "method (initial weights)",
        "labels",
        "trials",
        "tuning, s",
        "best on validation",
        "middle",
        "worst",
        "test",
        "optimism, points",
        "accuracy above chance per s, points",
        "at the edge",
    ]
    cells = [
        [
            row.backbone,
            row.setting,
            f"{row.n_labels:,}",
            f"{row.tried.trials} ({row.tried.search})",
            number(row.tried.tune_s, 1),
            percent(row.tried.best),
            percent(row.tried.median),
            percent(row.tried.worst),
            percent(row.accuracy),
            f"{row.tried.optimism.mean * 100:+.1f}",
            _per_second(row),
            ", ".join(f"{key} {count} of {len(row.seeds)}" for key, count in row.tried.edges.items()) or "-",
        ]
        for block in summary.blocks
        for row in block.ordered
        if row.tried
    ]
    return headers, cells


def score_table(summary: Summary) -> Table:
    """Transferability scores of each start, by budget."""
    found = scores_of(summary.rows)
    names = list(dict.fromkeys(name for scores in found.values() for name in scores))
    cells = [
        [dataset, backbone, weights, budget, *(plain(scores.get(name), 3) for name in names)]
        for (dataset, budget, (backbone, weights)), scores in found.items()
    ]
    return ["data set", "backbone", "weights", "budget", *names], cells


def rank_table(summary: Summary) -> Table:
    """How well the scores ordered what was then measured."""
    names = list(dict.fromkeys(rank.score for rank in summary.ranks))
    taus = {(rank.dataset, rank.budget, rank.method, rank.score): rank for rank in summary.ranks}
    groups = {key[:3]: rank.starts for key, rank in taus.items()}
    cells = [[*key, str(starts), *(_tau(taus.get((*key, name))) for name in names)] for key, starts in groups.items()]
    return ["data set", "budget", "method", "starts", *names], cells


def _tau(rank: Ranked | None) -> str:
    return "-" if rank is None else f"{rank.tau:+.2f}"


def _per_second(row: Row) -> str:
    return "-" if row.accuracy_per_s is None else f"{row.accuracy_per_s.mean * 100:.3g}"


def oracle_table(summary: Summary) -> Table:
    """What was reported against what choosing on the test set would have claimed."""
    headers = ["backbone", "method (initial weights)", "labels", "reported", "best on test", "optimism, points"]
    cells = [
        [
            row.backbone,
            row.setting,
            f"{row.n_labels:,}",
            percent(row.accuracy),
            percent(row.oracle_accuracy),
            f"{(row.oracle_accuracy.mean - row.accuracy.mean) * 100:+.1f}",
        ]
        for block in summary.blocks
        for row in block.ordered
    ]
    return headers, cells


def audit_table(summary: Summary) -> Table:
    """Each check with how many cells passed."""
    names = {
        "frozen_unchanged": "what is frozen is bit for bit unchanged",
        "optimizer_exact": "the optimiser holds exactly the trainable parameters",
        "splits_disjoint": "training, validation and test images are disjoint",
        "test_opened_once": "the test set was opened once",
        "initial_loss_ln_classes": "the first loss is near ln(classes)",
    }
    cells = [
        [names.get(check, check), "FAIL" if failed else "pass", str(passed), str(failed), str(rest)]
        for check, (passed, failed, rest) in summary.audit.items()
    ]
    return ["check", "verdict", "passed", "failed", "does not apply"], cells


def unfinished_table(summary: Summary) -> Table:
    """Cells without a number, with the reason; seeds of one row that share theirs stand together."""
    seeds: dict[tuple[str, str, str], list[str]] = {}
    for record in summary.unfinished:
        name = f"{record.backbone} {record.weights} {record.method} {record.budget}"
        seeds.setdefault((record.status, name, record.reason or ""), []).append(str(record.seeds))
    cells = [
        [status, f"{name} seed{'s' if len(mine) > 1 else ''} {'; '.join(mine)}", reason]
        for (status, name, reason), mine in seeds.items()
    ]
    return ["status", "cells", "reason"], cells


def environment_rows(summary: Summary) -> Sequence[str]:
    """One line per fact of each environment."""
    lines = []
    for key, kept in summary.environments.items():
        env = collections.defaultdict(lambda: "unknown", kept)  # another version of the harness may have kept less
        gpu = env.get("gpu")
        packages = ", ".join(f"{name} {version}" for name, version in env.get("packages", {}).items() if version)
        lines += [
            f"`{key}`: {env['processor']}, {env['cores']} cores, {env['memory_gib']} GiB, {env['system']}",
            f"device {env['device']}"
            + (f": {gpu['name']}, {gpu['memory_gib']} GiB, CUDA {gpu['cuda']}, driver {gpu['driver']}" if gpu else ""),
            f"Python {env['python']}, {packages}",
            f"commit {env['commit'] or 'unknown'}",
        ]
    return lines


def listed(words: Sequence[str]) -> str:
    """`this, that and another`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
