"""What a record says of a cell that no probe measures, and the arrays that are kept beside it."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.cell.job import CellRun
from bench.contracts.networks import InputSpec
from bench.data.splits import BudgetSplit
from bench.data.transforms import Geometry
from bench.schema import content_hash


def provenance(run: CellRun, split: BudgetSplit) -> dict[str, Any]:
    """Return what was learnt from, with which weights, and by what rule the model was chosen."""
    job, labels, source = run.job, run.task.labels, run.task.source
    per_class = np.bincount(labels[split.all], minlength=run.n_classes)
    return {
        "dataset_fingerprint": job.data_fingerprint,
        "weights_fingerprint": job.weights.fingerprint,
        "weights_sha256": job.weights.sha256,
        "weights_source": job.weights.source,
        "weights_license": job.weights.license,
        "fraction": len(split.all) / (len(labels) - job.own_validation),
        "labels_per_class": int(per_class[0]) if len(set(per_class.tolist())) == 1 else None,
        "n_labels": len(split.all),
        "n_train": len(split.fit),
        "n_val": len(split.val),
        "n_test": len(run.evaluation.labels),
        "n_classes": run.n_classes,
        "subset_sha256": split.sha256,
        "test_sha256": content_hash(list(run.test_ids)),
        "frozen_part": run.fitted.part.name if run.fitted.part else None,
        "frozen_part_reason": run.fitted.part_reason,
        "selection": run.fitted.selection,
        "chosen": run.fitted.choice | _tuned(run),
        "trials": run.tuned.trials,
        "source_fingerprint": job.source_fingerprint,
        "n_source": len(source.labels) if source else None,
        "transform": preprocessing(Geometry.of(run.backbone.input, run.cell.image_size), run.backbone.input),
        "memory_format": "channels_last",
    }


def _tuned(run: CellRun) -> dict[str, Any]:
    """Return what tuning chose, or what stands for it with few labels; nothing where a cell has neither."""
    keys = run.cell.few_labels if run.tuned.trials is None else run.cell.trials[0]
    if not keys:
        return {}
    settings = {**dataclasses.asdict(run.tuned.cell.training), **run.tuned.cell.method.params}
    return {"tuned": {key: settings[key] for key in keys}, "tuned_edges": list(run.tuned.edges)}


def preprocessing(geometry: Geometry, spec: InputSpec) -> str:
    """Return the whole preprocessing in words."""
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (spec.mean, spec.std))
    return f"{geometry}, normalise mean ({mean}) std ({std})"


def side_arrays(run: CellRun, split: BudgetSplit) -> dict[str, npt.NDArray[Any]]:
    """Return what is too large for a record: predictions, the indices of the budget, step times and losses."""
    evaluation, trace = run.evaluation, run.fitted.trace
    arrays: dict[str, npt.NDArray[Any]] = {
        "labels": evaluation.labels.astype(np.int32),
        "predictions": evaluation.logits.argmax(1).numpy().astype(np.int32),
        "probabilities": evaluation.logits.softmax(1).numpy().astype(np.float16),
        "candidate_accuracies": np.asarray(evaluation.candidate_accuracies),
        "fit_index": split.fit,
        "val_index": split.val,
    }
    if trace is not None:
        arrays |= {
            "step_s": np.asarray(trace.wall_s),
            "step_cpu_s": np.asarray(trace.cpu_s),
            "losses": np.asarray(trace.losses),
            "step_images": np.asarray(trace.images),
        }
    return arrays
