"""The one gradient loop that methods share: optimiser, schedule, stopping, checkpoints."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import torch
from torch import nn
from torch.nn import functional

from bench.contracts.training import Inputs, Score, Task, Trace
from bench.data.batches import Index, fetch
from bench.data.transforms import mixup
from bench.errors import Diverged, InvalidData
from bench.learning.choosing import score, told
from bench.learning.features import forward_all
from bench.learning.recipe import (
    batches,
    epoch_sizes,
    learning_rate_factor,
    loss_of,
    make_optimizer,
    optimizer_kind,
    total_steps,
)
from bench.machine.devices import autocast
from bench.machine.timing import StepTimer
from bench.schema import Training

LONGEST_WARMUP = 5
"""The most steps at the beginning that count as warm-up, and not for throughput."""


class Checkpoints:
    """States of what learns, at points along the training; they lie on disk, so that no memory peak holds them."""

    def __init__(self) -> None:
        self._files: list[IO[bytes]] = []

    def add(self, state: dict[str, torch.Tensor]) -> int:
        """Keep a state and return its size in bytes."""
        # a file without a name: a killed process leaves nothing over
        file = tempfile.TemporaryFile()  # noqa: SIM115
        torch.save(state, file)
        self._files.append(file)
        return sum(tensor.numel() * tensor.element_size() for tensor in state.values())

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        file = self._files[index]
        file.seek(0)
        state: dict[str, torch.Tensor] = torch.load(file, weights_only=True)
        return state


@contextlib.contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Put a module into `eval()` for the block, then each of its parts back into the mode it was in."""
    # each part's own mode: a `train()` of the whole would set the normalisation of frozen parts adrift
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def compiled(module: nn.Module, settings: Training, device: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what to call in the module's place: itself, or its `torch.compile`d form, made at the first call.

    Raises `InvalidData` for CUDA graphs on another device.
    """
    if settings.compile == "none":
        return module
    if settings.compile == "default":
        fast: Callable[[torch.Tensor], torch.Tensor] = torch.compile(module)
        return fast
    if not device.startswith("cuda"):
        raise InvalidData(f"compile: cuda_graphs needs a CUDA device, not {device}; write default or none")
    graphed: Callable[[torch.Tensor], torch.Tensor] = torch.compile(module, mode="reduce-overhead")

    def forward(batch: torch.Tensor) -> torch.Tensor:
        torch.compiler.cudagraph_mark_step_begin()
        return graphed(batch)

    return forward


@dataclass(frozen=True)
class Trained:
    """What came of the loop."""

    states: Checkpoints
    steps: tuple[int, ...]
    """The step after which each checkpoint was kept, counted from 1; 0 is the start."""
    scores: tuple[Score, ...]
    """What validation says of each checkpoint; empty where there are no images to validate on."""
    checkpoint_bytes: int
    trace: Trace

    @property
    def chosen(self) -> int:
        """The checkpoint with the best validation accuracy, the latest of equals; without validation the last.

        A start that answers already is a candidate too, and of equals the one that is taken.
        """
        if not self.scores:
            return len(self.states) - 1
        accuracies = [each.accuracy for each in self.scores]
        best = max(accuracies)
        if self.steps[0] == 0 and accuracies[0] == best:
            return 0
        # the latest, since on a dozen validation images many tie, and a falling learning rate ends better
        return max(place for place, accuracy in enumerate(accuracies) if accuracy == best)

    @property
    def selection(self) -> str:
        """The rule by which it was chosen, in words."""
        return "best validation checkpoint" if self.scores else "last step (too few labels to validate)"

    @property
    def told(self) -> list[dict[str, float]]:
        """The checkpoints and their scores, for the record; nothing where there is no validation."""
        return [{"step": step, **told(each)} for step, each in zip(self.steps, self.scores, strict=bool(self.scores))]


@dataclass(frozen=True)
class Step:
    """One step as an objective sees it."""

    forward: Callable[[torch.Tensor], torch.Tensor]
    """The module, perhaps compiled: inputs to logits (B, C)."""
    batch: torch.Tensor
    """Inputs, augmented and mixed, on the device."""
    targets: torch.Tensor
    """(B, C), distributions over the classes."""
    index: Index
    """Which images these are, (B,)."""
    done: float
    """Share of the training that is done, 0 to 1."""
    generator: torch.Generator
    """Draws what is random in the objective."""


Objective = Callable[[Step], torch.Tensor]
"""Returns the loss of a step, a scalar with a graph; called within the autocast of the cell's precision."""


def classify(settings: Training) -> Objective:
    """Return the plain objective: the recipe's loss of the logits."""
    return lambda step: loss_of(settings, step.forward(step.batch), step.targets)


@dataclass
class Loop:
    """One training: a module, its inputs, and the parameters that learn."""

    task: Task
    module: nn.Module
    inputs: Inputs
    groups: Sequence[Mapping[str, Any]]
    """The optimiser's groups: `params`, and their `lr` at its peak."""
    keep: Callable[[str], bool]
    """Says which names of the module's state a checkpoint keeps."""
    objective: Objective | None = None
    """Null: the recipe's loss and nothing beside it."""
    before_step: Callable[[int, int], None] | None = None
    """Called with the step (0-based) and how many there will be; may let more parameters learn."""
    blank_start: bool = True
    """Whether the head starts at zero."""
    start_counts: bool = False
    """Whether the start is a candidate too, where there are images to validate on: training can be declined."""
    critic: nn.Module | None = None
    """What learns beside the module but is no part of the result, such as a discriminator."""

    def run(self) -> Trained:
        """Train, validating and keeping checkpoints on the way; raise `Diverged` where the loss is not finite."""
        optimizer = make_optimizer(self.task.training, self.groups)
        # asked now: a step may freeze some of the parameters for a while
        exact = optimizer_is_exact(optimizer, nn.ModuleList([self.module, *self._critics()]))
        course = self._train(optimizer)
        trace = self._trace(course, exact, optimizer_kind(optimizer))
        return Trained(course.states, tuple(course.kept), tuple(course.scores), course.checkpoint_bytes, trace)

    def _train(self, optimizer: torch.optim.Optimizer) -> "_Course":
        settings, task = self.task.training, self.task
        steps = total_steps(settings, len(task.fit_index))
        epoch_steps = len(epoch_sizes(len(task.fit_index), settings.batch_size))
        peaks = [group["lr"] for group in optimizer.param_groups]
        last = min(steps, task.watch.last_step or steps)
        stops = _stops(settings.checkpoints, steps)
        # looking at losses waits for the device: only where a checkpoint does so too, and once at the start
        looked_at, kept = stops | {1}, stops | {last}
        course = _Course(StepTimer(task.device))
        # a seed for each use: what one of them draws moves none of the others
        augmenting = torch.Generator().manual_seed(task.seed_of("augmentation"))
        order = batches(task.fit_index, settings.batch_size, task.seed_of("order"))
        inputs = task.watch.inputs(self.inputs)
        forward = compiled(self.module, settings, task.device)
        if self.start_counts and len(task.val_index):
            self._checkpoint(course, 0)
        torch.manual_seed(task.seed_of("noise"))  # dropout and stochastic depth
        for step in range(last):
            if self.before_step is not None:
                self.before_step(step, steps)
            factor = learning_rate_factor(settings, step, steps, epoch_steps)
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * factor
            index = next(order)
            course.timer.start()
            course.losses.append(self._step(forward, optimizer, inputs, index, step / steps, augmenting))
            course.timer.stop()
            course.images.append(len(index))
            if step + 1 in looked_at:
                check_finite(course.losses, step)
            if step + 1 in kept:
                task.progress("training", step + 1, steps)
                self._checkpoint(course, step + 1)
                if stalled([each.accuracy for each in course.scores], settings.patience):
                    break
        return course

    def _checkpoint(self, course: "_Course", step: int) -> None:
        """Keep a checkpoint and validate it."""
        state = {name: value for name, value in self.module.state_dict().items() if self.keep(name)}
        course.checkpoint_bytes = course.states.add(state)
        course.kept.append(step)
        if len(self.task.val_index):
            course.scores.append(validate(self.task, self.module, self.inputs))

    def _trace(self, course: "_Course", exact: bool, kind: str) -> Trace:
        settings, images = self.task.training, course.images
        return Trace(
            wall_s=course.timer.wall_s(),
            cpu_s=course.timer.cpu_s,
            images=images,
            losses=[float(loss) for loss in course.losses],
            warmup_steps=min(LONGEST_WARMUP, max(1, len(images) // 5)),
            # of one image more than a batch there is no batch of the size asked for: all are larger by one
            batch_effective=epoch_sizes(len(self.task.fit_index), settings.batch_size)[0],
            optimizer_exact=exact,
            optimizer_kind=kind,
            blank_start=self.blank_start and self.objective is None,
            # torch compiles anew for each size of a batch
            compiled_at=None if settings.compile == "none" else [images.index(size) for size in set(images)],
            growing=self.before_step is not None,
        )

    def _step(
        self,
        forward: Callable[[torch.Tensor], torch.Tensor],
        optimizer: torch.optim.Optimizer,
        inputs: Inputs,
        index: Index,
        done: float,
        augmenting: torch.Generator,
    ) -> torch.Tensor:
        task, watch = self.task, self.task.watch
        watch.mark("begin")
        batch = inputs.read(index, augmenting)
        watch.mark("data")
        batch = inputs.place(batch, augmenting)
        labels = torch.from_numpy(task.labels[index]).to(task.device, non_blocking=True)
        watch.mark("copy")
        optimizer.zero_grad(set_to_none=True)
        with watch.forward(self.module):
            targets = functional.one_hot(labels, task.n_classes).float()
            if task.training.mixup > 0:
                batch, targets = mixup(batch, targets, task.training.mixup, augmenting)
            objective = self.objective or classify(task.training)
            with autocast(task.device, task.precision):
                loss = objective(Step(forward, batch, targets, index, done, augmenting))
        watch.mark("forward")
        loss.backward()
        watch.mark("backward")
        optimizer.step()
        watch.mark("optimiser")
        watch.stepped(self.module, optimizer)
        return loss.detach()  # a tensor still: to read its number would wait for the device

    def _critics(self) -> list[nn.Module]:
        return [] if self.critic is None else [self.critic]


def _stops(checkpoints: int, steps: int) -> set[int]:
    """Return after which steps, counted from 1, checkpoints are due: evenly, the last step among them."""
    return {round((k + 1) * steps / checkpoints) for k in range(checkpoints)} - {0}


@dataclass
class _Course:
    """What the steps leave behind, one after another."""

    timer: StepTimer
    losses: list[torch.Tensor] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    """The size of each step's batch."""
    states: Checkpoints = field(default_factory=Checkpoints)
    kept: list[int] = field(default_factory=list)
    """The step after which each checkpoint was kept, counted from 1; 0 is the start."""
    scores: list[Score] = field(default_factory=list)
    """What validation says of each checkpoint."""
    checkpoint_bytes: int = 0
    """Size of the latest checkpoint."""


def validate(task: Task, module: nn.Module, inputs: Inputs) -> Score:
    """Return what the validation images say of a module."""
    with evaluating(module):
        logits = forward_all(
            module,
            lambda some: fetch(inputs, task.val_index[some]),
            len(task.val_index),
            task.device,
            task.precision,
        )
    return score(logits, task.labels[task.val_index])


def check_finite(losses: Sequence[torch.Tensor], step: int) -> None:
    """Raise `Diverged` where a loss is not finite."""
    finite = torch.isfinite(torch.stack(list(losses)))
    if not bool(finite.all()):
        first = int((~finite).nonzero()[0])
        raise Diverged(f"the loss is {float(losses[first])} at step {first + 1}; write a smaller learning_rate")


def stalled(accuracies: Sequence[float], patience: int | None) -> bool:
    """Say whether the last `patience` checkpoints brought nothing better on validation."""
    if patience is None or len(accuracies) <= patience:
        return False
    return max(accuracies[-patience:]) <= max(accuracies[:-patience])


def optimizer_is_exact(optimizer: torch.optim.Optimizer, module: nn.Module) -> bool:
    """Say whether the optimiser holds each trainable parameter once and no other."""
    held = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
    wanted = [id(parameter) for parameter in module.parameters() if parameter.requires_grad]
    return sorted(held) == sorted(wanted)
