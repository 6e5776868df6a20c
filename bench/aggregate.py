"""Records -> a summary: one row per group of cells that differ in nothing but their seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.record import Record
from bench.schema import Choice, content_hash
from bench.stats import Estimate, mean_interval

METHOD_ORDER = (
    *("scratch", "linear_probe", "ridge_probe", "mlp_probe", "partial_finetune", "finetune"),
    *("source_only", "subspace_alignment", "coral", "mmd", "dann", "cdan", "mcc", "bn_adapt", "tent", "memo"),
)


@dataclass(frozen=True)
class Row:
    """Cells that differ in their seed only."""

    dataset: str
    backbone: str
    weights: str
    weights_sha256: str | None
    method: str
    """With its parameters where the suite gives several of one name."""
    budget: str
    n_labels: int
    source: str | None
    """The labelled source domain, where the method adapts from one."""
    device: str
    precision: str
    variant: str
    """Hash of all that cells of the row have in common, method and budget aside."""
    seeds: tuple[int, ...]
    accuracy: Estimate
    val_accuracy: Estimate | None
    oracle_accuracy: Estimate
    throughput: Estimate | None
    throughput_of: str
    step_ms_p50: Estimate | None
    cpu_s_per_1000_images: Estimate | None
    peak_rss_mib: Estimate
    peak_cuda_allocated_mib: Estimate | None
    total_s: Estimate
    cold_s: Estimate
    """Seconds of a cell that finds no cache."""
    trainable_params: int
    total_params: int
    checkpoint_bytes: int
    frozen_part: str | None
    accuracy_per_s: Estimate | None
    latency_1_ms: float | None
    latency_64_ms: float | None
    forward_gflop: float | None
    mfu: float | None
    bound_by: str | None
    synthetic_ratio: float | None
    anatomy_ms: Mapping[str, float] | None
    memory_mib_by_kind: Mapping[str, float] | None

    @property
    def setting(self) -> str:
        """The method with its initial weights, and its source where it has one."""
        source = f", from {self.source}" if self.source else ""
        return self.method if self.method.startswith("scratch") else f"{self.method} ({self.weights}{source})"


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


@dataclass(frozen=True)
class Summary:
    """All that reports show; none of them computes anything."""

    suite: str
    description: str
    command: str
    suite_text: str
    rows: tuple[Row, ...]
    blocks: tuple[Block, ...]
    unfinished: tuple[Record, ...]
    missing: int
    """Cells of the plan without a record."""
    audit: Mapping[str, tuple[int, int, int]]
    """Passes, failures and not applicable, by check."""
    audit_failures: tuple[str, ...]
    environments: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...]


def summarise(records: Sequence[Record], manifest: Mapping[str, Any]) -> Summary:
    """Group the records of the manifest's plan; where there is no plan, of all."""
    planned = manifest.get("cells")
    mine = [record for record in records if planned is None or record.cell_id in set(planned)]
    finished = [record for record in mine if record.status == "ok"]
    rows = _rows(finished, manifest.get("environments", {}))
    return Summary(
        suite=str(manifest.get("suite", mine[0].suite if mine else "")),
        description=str(manifest.get("description", "")),
        command=str(manifest.get("command", "")),
        suite_text=str(manifest.get("suite_text", "")),
        rows=rows,
        blocks=_blocks(rows),
        unfinished=tuple(record for record in mine if record.status != "ok"),
        missing=len(set(planned) - {record.cell_id for record in mine}) if planned is not None else 0,
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
    )


def _rows(records: Sequence[Record], environments: Mapping[str, Mapping[str, Any]]) -> tuple[Row, ...]:
    machines = {key: _machine(environment) for key, environment in environments.items()}
    ambiguous = _ambiguous_methods(records)
    groups: dict[tuple[Any, ...], list[Record]] = {}
    for record in records:
        machine = machines.get(record.env or "", "")
        groups.setdefault((*_group_key(record), machine), []).append(record)
    return tuple(_row(group, ambiguous, key[-1]) for key, group in groups.items())


def _machine(environment: Mapping[str, Any]) -> str:
    """What decides how fast a machine is: the seeds of a row ran on one kind of machine."""
    gpu = environment.get("gpu") or {}
    return f"{environment.get('processor')} {environment.get('cores')} {gpu.get('name')}"


def _ambiguous_methods(records: Sequence[Record]) -> set[str]:
    shapes: dict[str, set[str]] = {}
    for record in records:
        shapes.setdefault(record.method, set()).add(str(sorted(record.method_params.items())))
    return {name for name, found in shapes.items() if len(found) > 1}


def _group_key(record: Record) -> tuple[Any, ...]:
    return (*_variant_key(record), record.budget, record.n_labels)


def _variant_key(record: Record) -> tuple[Any, ...]:
    return (
        record.dataset,
        record.dataset_fingerprint,
        str(record.dataset_params),
        record.backbone,
        record.weights,
        record.weights_fingerprint,
        record.weights_sha256,
        record.method,
        str(record.method_settings),
        str(record.training),
        record.device,
        record.precision,
        record.threads,
        record.image_size,
        record.image_selection,
        record.source,
        str(record.source_params),
        record.source_fingerprint,
        record.search,
        record.deterministic,
        str(record.determinism),
        record.limit,
    )


def _row(group: Sequence[Record], ambiguous: set[str], machine: str) -> Row:
    first = group[0]
    inside = ", ".join(f"{key}={value}" for key, value in first.method_params.items())
    named = first.method in ambiguous and inside
    profiled = next((record for record in group if record.profiled_in), first)
    return Row(
        dataset=Choice(first.dataset, first.dataset_params).label,
        backbone=first.backbone,
        weights=first.weights,
        weights_sha256=first.weights_sha256,
        method=f"{first.method}({inside})" if named else first.method,
        budget=first.budget or "",
        n_labels=first.n_labels or 0,
        source=first.source,
        device=first.device,
        precision=first.precision,
        variant=content_hash([*(str(part) for part in _variant_key(first)), machine])[:8],
        seeds=tuple(sorted(record.seed for record in group)),
        accuracy=_sure(group, "accuracy"),
        val_accuracy=_estimate(group, "val_accuracy"),
        oracle_accuracy=_sure(group, "oracle_accuracy"),
        throughput=_estimate(group, "throughput_images_per_s"),
        throughput_of=first.throughput_of or "",
        step_ms_p50=_mean([record.step_ms["p50"] for record in group if record.step_ms]),
        cpu_s_per_1000_images=_estimate(group, "cpu_s_per_1000_images"),
        peak_rss_mib=_sure(group, "peak_rss_mib"),
        peak_cuda_allocated_mib=_estimate(group, "peak_cuda_allocated_mib"),
        total_s=_sure(group, "total_s"),
        cold_s=mean_interval([_cold(record) for record in group]),
        trainable_params=first.trainable_params or 0,
        total_params=first.total_params or 0,
        checkpoint_bytes=first.checkpoint_bytes or 0,
        frozen_part=first.frozen_part,
        accuracy_per_s=_estimate(group, "accuracy_per_s"),
        latency_1_ms=(profiled.latency_ms or {}).get("1"),
        latency_64_ms=(profiled.latency_ms or {}).get("64"),
        forward_gflop=profiled.forward_gflop,
        mfu=profiled.mfu,
        bound_by=profiled.bound_by,
        synthetic_ratio=profiled.synthetic_ratio,
        anatomy_ms=profiled.anatomy_ms,
        memory_mib_by_kind=profiled.memory_mib_by_kind,
    )


def _cold(record: Record) -> float:
    return (record.total_s or 0.0) - (record.features_s or 0.0) + (record.features_cold_s or 0.0)


def _mean(values: Sequence[float]) -> Estimate | None:
    return mean_interval(values) if values else None


def _estimate(group: Sequence[Record], name: str) -> Estimate | None:
    return _mean([value for record in group if (value := getattr(record, name)) is not None])


def _sure(group: Sequence[Record], name: str) -> Estimate:
    found = _estimate(group, name)
    assert found is not None, f"finished records without {name}"
    return found


def _blocks(rows: Sequence[Row]) -> tuple[Block, ...]:
    titles: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        titles.setdefault((row.dataset, row.backbone, row.device, row.precision), []).append(row)
    several = [len({key[position] for key in titles}) > 1 for position in range(4)]
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
    name = method.partition("(")[0]
    return (METHOD_ORDER.index(name) if name in METHOD_ORDER else len(METHOD_ORDER), method)


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
    stopped = sum((record.chosen or {}).get("converged") is False for record in finished)
    if stopped:
        probes = "1 probe" if stopped == 1 else f"{stopped} probes"
        notes.append(f"{probes}: the solver had to stop before it came to its tolerance; a larger l2 is solved faster.")
    return tuple(notes)
