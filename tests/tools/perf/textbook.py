"""The usual way, as tutorials and other tools write it; each call is a process of its own and knows nothing of `bench`.

`python -m tests.tools.perf.textbook COMMAND '{"key": value}'` prints one JSON object.
"""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from timm.data import create_transform, resolve_data_config
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WORKERS = 2
Sample = tuple[str, int]
Transform = Callable[[Image.Image], torch.Tensor]


class Pictures(Dataset[tuple[torch.Tensor, int]]):
    """Image files, opened and transformed when they are indexed."""

    def __init__(self, samples: list[Sample], transform: Transform) -> None:
        self.samples = samples
        self.transform = transform

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        path, label = self.samples[index]
        with Image.open(path) as image:
            return self.transform(image.convert("RGB")), label


def make_network(name: str, weights: str | None, n_classes: int) -> nn.Module:
    """Return a timm network; weights of the classifier are left out."""
    network: nn.Module = timm.create_model(name, pretrained=False, num_classes=n_classes)
    if weights is not None:
        own = network.state_dict()
        given = {key: value for key, value in load_file(weights).items() if key in own}
        fitting = {key: value for key, value in given.items() if value.shape == own[key].shape}
        network.load_state_dict(fitting, strict=False)
    return network


def read_listing(path: str) -> dict[str, list[Sample]]:
    """Return the samples of both splits."""
    return {name: [(file, label) for file, label in rows] for name, rows in json.loads(Path(path).read_text()).items()}


def plain(size: int) -> Transform:
    """Return the transform without augmentation."""
    return transforms.Compose([transforms.Resize((size, size)), transforms.ToTensor(), transforms.Normalize(MEAN, STD)])


def augmented(size: int) -> Transform:
    """Return the transform of fine-tuning tutorials."""
    return transforms.Compose(
        [
            transforms.RandomResizedCrop(size),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )


def score(network: nn.Module, samples: list[Sample], transform: Transform) -> float:
    """Return the accuracy on some samples."""
    network.eval()
    correct = 0
    with torch.no_grad():
        for images, labels in DataLoader(Pictures(samples, transform), batch_size=64, num_workers=WORKERS):
            correct += int((network(images).argmax(1) == labels).sum())
    return correct / len(samples)


def frozen_head(
    listing: str,
    index: list[int],
    backbone: str,
    weights: str | None,
    method: str,
    size: int,
    n_classes: int,
    epochs: int,
    seed: int,
) -> dict[str, Any]:
    """Train a head with the frozen network in the loop, then test it once."""
    torch.manual_seed(seed)
    trunk = make_network(backbone, weights, 0).eval()
    for parameter in trunk.parameters():
        parameter.requires_grad = False
    width = trunk(torch.zeros(1, 3, size, size)).shape[1]
    wide = (nn.Linear(width, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, n_classes))
    head = nn.Linear(width, n_classes) if method == "linear_probe" else nn.Sequential(*wide)
    splits = read_listing(listing)
    data = Pictures([splits["train"][place] for place in index], plain(size))
    loader = DataLoader(data, batch_size=64, shuffle=True, num_workers=WORKERS)
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    epoch_s = []
    for _ in range(epochs):
        began = time.perf_counter()
        for images, labels in loader:
            optimizer.zero_grad()
            loss = criterion(head(trunk(images)), labels)
            loss.backward()
            optimizer.step()
        epoch_s.append(time.perf_counter() - began)
    began = time.perf_counter()
    accuracy = score(nn.Sequential(trunk, head), splits["test"], plain(size))
    return {"epoch_s": epoch_s, "test_s": time.perf_counter() - began, "accuracy": accuracy}


def features_then_head(listing: str, backbone: str, size: int, n_classes: int, epochs: int) -> dict[str, Any]:
    """Extract features in batches of 64 in one process, then train a linear layer on them, as VisBench 0.27 does."""
    torch.manual_seed(0)
    network = make_network(backbone, None, 0).eval()
    config = resolve_data_config({}, model=network) | {"input_size": (3, size, size)}
    transform = create_transform(**config)
    splits = read_listing(listing)
    began = time.perf_counter()
    features = {name: extract(network, Pictures(samples, transform)) for name, samples in splits.items()}
    labels = {name: torch.tensor([label for _, label in samples]) for name, samples in splits.items()}
    extraction_s = time.perf_counter() - began
    began = time.perf_counter()
    head = nn.Linear(features["train"].shape[1], n_classes)
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2, weight_decay=1e-4)
    criterion = nn.CrossEntropyLoss()
    for _ in range(epochs):
        for batch in torch.randperm(len(labels["train"])).split(256):
            optimizer.zero_grad()
            criterion(head(features["train"][batch]), labels["train"][batch]).backward()
            optimizer.step()
    accuracy = float((head(features["test"]).argmax(1) == labels["test"]).float().mean())
    return {"extraction_s": extraction_s, "head_s": time.perf_counter() - began, "accuracy": accuracy}


@torch.no_grad()
def extract(network: nn.Module, data: Pictures) -> torch.Tensor:
    """Return the network's outputs (N, D), batches of 64, images read in this process."""
    starts = range(0, len(data), 64)
    batches = ([data[place][0] for place in range(start, min(start + 64, len(data)))] for start in starts)
    return torch.cat([network(torch.stack(batch)) for batch in batches])


def finetune(
    listing: str, backbone: str, weights: str | None, size: int, n_classes: int, batch: int, steps: int
) -> dict[str, Any]:
    """Fine-tune on image files; a step's seconds go from its predecessor's end to its own, waiting included."""
    torch.manual_seed(0)
    network = make_network(backbone, weights, n_classes).train()
    data = Pictures(read_listing(listing)["train"], augmented(size))
    loader = DataLoader(data, batch_size=batch, shuffle=True, num_workers=WORKERS, drop_last=True)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-2, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    step_s: list[float] = []
    ended = time.perf_counter()
    for images, labels in without_end(loader):
        optimizer.zero_grad()
        loss = criterion(network(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        step_s.append(time.perf_counter() - ended)
        ended += step_s[-1]
        if len(step_s) == steps:
            break
    return {"step_s": step_s, "batch": batch}


def without_end(loader: DataLoader[Any]) -> Iterator[Any]:
    """Yield the batches of one epoch after another."""
    while True:
        yield from loader


def synthetic_steps(
    backbone: str, size: int, n_classes: int, batch: int, steps: int, device: str, precision: str, optimizer: str
) -> dict[str, Any]:
    """Train on one random batch that stays where it is, as timm's benchmark script does.

    On CUDA in channels_last with cuDNN's search for the fastest kernels, else as networks come.
    """
    torch.manual_seed(0)
    cuda = device.startswith("cuda")
    layout = torch.channels_last if cuda else torch.contiguous_format
    torch.backends.cudnn.benchmark = cuda
    network = make_network(backbone, None, n_classes).train().to(device).to(memory_format=layout)
    images = torch.randn(batch, 3, size, size, device=device).contiguous(memory_format=layout)
    labels = torch.randint(n_classes, (batch,), device=device)
    sgd = torch.optim.SGD(network.parameters(), lr=1e-2, momentum=0.9)
    learner = torch.optim.AdamW(network.parameters(), lr=5e-4, fused=cuda) if optimizer == "adamw" else sgd
    criterion = nn.CrossEntropyLoss()

    def step() -> None:
        learner.zero_grad()
        with torch.autocast(device.partition(":")[0], torch.bfloat16, enabled=precision == "bf16"):
            loss = criterion(network(images), labels)
        loss.backward()
        learner.step()

    if cuda:
        seconds = cuda_seconds(step, steps)
        return {"step_s": seconds, "step_cpu_s": None, "batch": batch, "flops_per_step": count_flops(step)}
    seconds, processor = cpu_seconds(step, steps)
    return {"step_s": seconds, "step_cpu_s": processor, "batch": batch, "flops_per_step": None}


def cpu_seconds(step: Callable[[], object], steps: int) -> tuple[list[float], list[float]]:
    """Return the seconds of each step: by the clock, and of the processor."""
    seconds, processor = [], []
    for _ in range(steps):
        began = time.perf_counter(), time.process_time()
        step()
        seconds.append(time.perf_counter() - began[0])
        processor.append(time.process_time() - began[1])
    return seconds, processor


def cuda_seconds(step: Callable[[], None], steps: int) -> list[float]:
    """Return the seconds of each step between events on the device, which runs ahead of nobody."""
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(steps + 1)]
    marks[0].record()
    for mark in marks[1:]:
        step()
        mark.record()
    torch.cuda.synchronize()
    return [before.elapsed_time(after) / 1000 for before, after in itertools.pairwise(marks)]


def count_flops(step: Callable[[], None]) -> int:
    """Return the floating-point operations of one step, a multiplication and an addition being two."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        step()
    return int(counter.get_total_flops())


def forward_only(backbone: str, weights: str | None, size: int, batch: int, batches: int) -> dict[str, Any]:
    """Pass a random batch that stays where it is through the frozen network, channels_last, after one warm-up."""
    network = make_network(backbone, weights, 0).eval().to(memory_format=torch.channels_last)
    images = torch.randn(batch, 3, size, size).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        network(images)
        seconds, _ = cpu_seconds(lambda: network(images), batches)
    return {"step_s": seconds, "batch": batch}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "frozen_head": frozen_head,
    "features_then_head": features_then_head,
    "finetune": finetune,
    "synthetic_steps": synthetic_steps,
    "forward_only": forward_only,
}

if __name__ == "__main__":
    print(json.dumps(COMMANDS[sys.argv[1]](**json.loads(sys.argv[2]))))
