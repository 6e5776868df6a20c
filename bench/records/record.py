"""What is kept of a cell, as one line of JSON."""

import dataclasses
import marshal
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.schema import Seeds

SCHEMA_VERSION = 2

Status = Literal["ok", "failed", "oom", "timeout", "diverged", "skipped"]


@dataclass(frozen=True, slots=True)
class Record:
    """What came of one cell. Every key stands in every record, null where it doesn't apply."""

    cell_id: str
    status: Status
    reason: str | None
    """Why the status is not `ok`: one line."""
    suite: str
    dataset: str
    backbone: str
    weights: str
    method: str
    seed: int
    device: str
    precision: str
    threads: int
    image_size: int
    batch_size: int
    """Asked for; `batch_effective` is what fitted the budget."""
    schema_version: int = SCHEMA_VERSION
    protocol: int = 1
    """Version of the protocol that the figures were measured by."""
    traceback: str | None = None
    """The end of the traceback of a failed cell."""
    dataset_params: dict[str, Any] = field(default_factory=dict)
    dataset_fingerprint: str | None = None
    dataset_license: str | None = None
    dataset_notes: list[str] = field(default_factory=list)
    """What was said when the data were read: how parts were taken, what was left out."""
    weights_fingerprint: str | None = None
    """SHA-256 of the weights' file, or of the recipe where the project trained them itself."""
    weights_sha256: str | None = None
    """SHA-256 of the file that was loaded; null for random weights."""
    weights_source: str | None = None
    weights_license: str | None = None
    method_params: dict[str, Any] = field(default_factory=dict)
    """What the suite gave the method."""
    method_settings: dict[str, Any] = field(default_factory=dict)
    """All its parameters, defaults included."""
    fraction: float | None = None
    """Share of the training set that the budget is."""
    labels_per_class: int | None = None
    """Null where classes differ."""
    budget: str | None = None
    """The budget as the suite put it."""
    image_selection: str | None = None
    """By which rule the images of the budget were chosen: `stratified`, or a name of the catalogue."""
    source: str | None = None
    """The labelled source domain of a method that adapts from one."""
    source_params: dict[str, Any] = field(default_factory=dict)
    source_fingerprint: str | None = None
    n_source: int | None = None
    """Its images that are of the target's classes."""
    n_labels: int | None = None
    n_train: int | None = None
    n_val: int | None = None
    validation: str | None = None
    """What selected: `budget`, a part of the label budget, or `own`, the user's `val/`, which is in no budget."""
    n_test: int | None = None
    n_classes: int | None = None
    subset_sha256: str | None = None
    """SHA-256 of the indices of the budget."""
    test_sha256: str | None = None
    """SHA-256 of the names of the test images."""
    training: dict[str, Any] | None = None
    batch_effective: int | None = None
    steps_done: int | None = None
    selection: str | None = None
    """By what rule the reported model was chosen."""
    chosen: dict[str, Any] | None = None
    """What was chosen on validation: a step, or a regularisation."""
    search: str | None = None
    """How settings were searched for on validation; null: the method ran with its own, once."""
    trials: list[dict[str, Any]] | None = None
    """What was tried, and what came of it."""
    transferability: dict[str, float | None] | None = None
    """Scores of the frozen features on the labels of the budget, before anything is trained."""
    transform: str | None = None
    memory_format: str | None = None
    deterministic: bool | None = None
    """Asked for; `determinism` is what came of it."""
    determinism: dict[str, Any] | None = None
    precision_reason: str | None = None
    """`asked for`, or what `auto` measured."""
    frozen_part: str | None = None
    """The part of the backbone whose outputs were computed once and shared: `features`, or where it ends."""
    frozen_part_reason: str | None = None
    """Why a part that could be shared was not."""
    optimizer_kind: str | None = None
    """How torch steps over the parameters: `fused` or `foreach`."""
    pinned_to: list[int] | None = None
    """Processor cores that the cell's process was held to; null: all."""
    limit: int | None = None
    accuracy: float | None = None
    top5_accuracy: float | None = None
    val_accuracy: float | None = None
    val_loss: float | None = None
    """Brier score on what was held out, 0 to 2 (of softmax; of shares of votes; of least squares at the best scale)."""
    n_held_out: int | None = None
    """Images that both are of: those that validate or, where folds chose, all that were held out once."""
    oracle_accuracy: float | None = None
    per_class_accuracy: list[float | None] | None = None
    """Null for a class without test images."""
    initial_loss: float | None = None
    final_loss: float | None = None
    throughput_images_per_s: float | None = None
    throughput_of: str | None = None
    """`training` steps, or the `extraction` of frozen features from a cold cache; where `frozen_part` ends in between,
    training steps behind it."""
    step_ms: dict[str, float] | None = None
    """Percentiles of the measured steps on a full batch, and their number `n`."""
    cpu_s_per_1000_images: float | None = None
    compile_s: float | None = None
    """The steps in which torch compiled, the first of each batch size, where `compile` was asked for."""
    anatomy_ms: dict[str, float] | None = None
    """Parts of a step on a full batch, each waited for, in a pass of its own: medians."""
    synthetic_ratio: float | None = None
    """Time of a step on real data over that of a step on a batch that is there already."""
    bound_by: str | None = None
    """`loader` where real data cost more than a tenth, else `compute`."""
    bound_by_reason: str | None = None
    """Why a training has neither ratio nor verdict."""
    memory_mib_by_kind: dict[str, float] | None = None
    """Weights, gradients, optimiser state, and what the forward pass keeps for the backward pass."""
    forward_gflop: float | None = None
    """Of the adapted network, for one image; a multiplication with its addition is two."""
    step_gflop: float | None = None
    """Of a training step on a full batch: forward, and the gradients that autograd computes."""
    flop_reason: str | None = None
    """Why a network's arithmetic is not counted."""
    peak_gflop_per_s: float | None = None
    """Of large matrix products in the same precision on the same threads, measured; the best of them."""
    mfu: float | None = None
    """Model FLOP utilisation: the step's FLOP per second over the peak."""
    mfu_reason: str | None = None
    """Why a training has none."""
    latency_ms: dict[str, float] | None = None
    """Of a forward pass of the adapted network, by batch, `1` and `64`: the median of the best of five bursts."""
    accuracy_per_s: float | None = None
    """Accuracy above chance over the seconds from a cold cache to the fitted model."""
    gpu_state: dict[str, Any] | None = None
    """Clocks, temperature, power, throttling and other processes, before and after; null without NVML."""
    profiled_in: str | None = None
    """The cell in which the anatomy, work, memory by kind and latency were measured, once for all cells alike."""
    profile_reason: str | None = None
    """Why they were not."""
    warmup_s: float | None = None
    warmup_steps: int | None = None
    data_s: float | None = None
    build_s: float | None = None
    select_s: float | None = None
    """Choosing the images of the budget."""
    features_s: float | None = None
    """What this cell paid for frozen features."""
    features_cold_s: float | None = None
    """What it would have paid alone, from a cold cache."""
    tune_s: float | None = None
    train_s: float | None = None
    eval_s: float | None = None
    oracle_s: float | None = None
    total_s: float | None = None
    cpu_s: float | None = None
    cpu_s_by_phase: dict[str, float] | None = None
    peak_rss_mib: float | None = None
    peak_rss_mib_by_phase: dict[str, float] | None = None
    baseline_rss_mib: float | None = None
    """Resident memory of the process before the cell's first operation."""
    rss_method: str | None = None
    peak_cuda_allocated_mib: float | None = None
    peak_cuda_reserved_mib: float | None = None
    cuda_device_used_mib: float | None = None
    """The whole device after training, other processes included."""
    peak_cuda_mib_by_phase: dict[str, list[float]] | None = None
    """Allocated and reserved."""
    trainable_params: int | None = None
    total_params: int | None = None
    checkpoint_bytes: int | None = None
    """Bytes to keep beside the shared backbone: what training changed."""
    expected_calibration_error: float | None = None
    """Over 15 bins of equal width, 0 to 1."""
    negative_log_likelihood: float | None = None
    """In nats."""
    macro_f1: float | None = None
    worst_class: str | None = None
    worst_class_accuracy: float | None = None
    probes: list[str] = field(default_factory=list)
    """Optional probes that were asked for."""
    corruption_accuracy: dict[str, list[float]] | None = None
    """By corruption, one value for each of five strengths, the weakest first."""
    corruption_clean_accuracy: float | None = None
    """On the same images as they are."""
    n_corrupted: int | None = None
    """Test images that were corrupted."""
    corruptions_s: float | None = None
    """What that took; no part of `total_s`."""
    corruptions_reason: str | None = None
    """Why it was asked for and not measured."""
    source_accuracy_before: float | None = None
    """Of the initial weights' own classifier, on held-out images of what they were trained on."""
    source_accuracy_after: float | None = None
    """Of the same classifier on the features after the transfer."""
    forgetting: float | None = None
    """How much of that accuracy the transfer cost."""
    n_source_test: int | None = None
    forgetting_s: float | None = None
    """What measuring it took; no part of `total_s`."""
    forgetting_reason: str | None = None
    """Why it was not measured."""
    overlap: str | None = None
    """What of the target the pre-training has seen: its `images`, its `classes`, or `unknown`; null: nothing known."""
    overlap_reason: str | None = None
    n_test_pretrained: int | None = None
    """Test images that stand, pixel by pixel, among those that the project's own weights were trained on."""
    duplicates: dict[str, Any] | None = None
    """Test images that stand in the training set, `exact` and `near`, with some of their names."""
    audit: dict[str, bool | None] | None = None
    executor: str | None = None
    workers: int | None = None
    """Cells that ran side by side; above one, no throughput is published."""
    side_file: str | None = None
    """Raw step times, losses and predictions, relative to the run's folder."""
    right_offset: int | None = None
    """Where `right.bin` says which test images the cell got right, in bytes."""
    env: str | None = None
    """Key of the environment in the manifest."""
    finished_at: str | None = None
    subset_seed: int | None = None
    """What drew the labelled images; null: `seed` did, as with the two that follow."""
    init_seed: int | None = None
    """What drew untrained weights."""
    order_seed: int | None = None
    """What drew the order of training, augmentation and noise."""
    repeat: int = 0
    """Tells runs of the very same cell apart."""

    @property
    def seeds(self) -> Seeds:
        """What chance hung on."""
        return Seeds.of(self.seed, self.subset_seed, self.init_seed, self.order_seed, self.repeat)

    @property
    def label(self) -> str:
        """One line that names the cell."""
        return f"{self.backbone} {self.weights} {self.method} {self.budget} seed {self.seeds}"

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object with every key."""
        return dataclasses.asdict(self)


REPEATED = ("dataset_params", "method_params", "method_settings", "source_params", "training", "determinism", "audit")
"""Fields whose value is a mapping that many records of a run have in common."""
DIGESTS = (
    *("dataset_fingerprint", "weights_fingerprint", "weights_sha256", "source_fingerprint"),
    *("subset_sha256", "test_sha256", "transform", "weights_source"),
)
"""Fields whose value is a long text that many records of a run have in common."""


def record_of(contents: dict[str, Any], shared: dict[Any, Any]) -> Record:
    """Return the record of a JSON object, whose unknown keys are left out; keys that it lacks get their defaults.

    Of values that many records repeat one object is kept, in `shared`.
    """
    _share(contents, shared)
    if not contents.keys() >= _DEFAULTS.keys():
        contents |= {name: _DEFAULTS[name]() for name in _DEFAULTS.keys() - contents.keys()}
    # slot by slot: a constructor of a hundred arguments takes most of the time in which a large run is read
    record = object.__new__(Record)
    for put, value in zip(_PUTS, _values(contents), strict=True):
        put(record, value)
    return record


def _share(contents: dict[str, Any], shared: dict[Any, Any]) -> None:
    for name in REPEATED:
        if (value := contents.get(name)) is not None:
            # the format of version 2 has no references: equal values give equal bytes
            contents[name] = shared.setdefault(marshal.dumps(value, 2), value)
    for name in DIGESTS:
        if value := contents.get(name):
            contents[name] = shared.setdefault(value, value)


_NAMES = [each.name for each in dataclasses.fields(Record)]
_PUTS = [getattr(Record, name).__set__ for name in _NAMES]
_values = operator.itemgetter(*_NAMES)


def _default(each: "dataclasses.Field[Any]") -> Callable[[], Any]:
    if each.default_factory is not dataclasses.MISSING:
        return each.default_factory
    return lambda: each.default


_DEFAULTS = {each.name: _default(each) for each in dataclasses.fields(Record)}
