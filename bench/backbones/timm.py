"""Networks from timm: any name with its tag, `mobilenetv2_100` or `vit_base_patch16_224.augreg_in21k`."""

import contextlib
import importlib
import inspect
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlparse

import timm
import torch
from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError
from timm.models import group_parameters
from timm.models._hub import download_cached_file

from bench.backbones.building import first_file, input_width, load_strictly, merge_weightless, source_head
from bench.contracts.data import Places
from bench.contracts.networks import Backbone, InputSpec, WeightsFile
from bench.errors import BenchError, Unavailable
from bench.machine.digests import file_sha256
from bench.registry import unknown


class TimmSource:
    """Architectures and hub weights of timm (R. Wightman, PyTorch Image Models, 2019)."""

    def names(self, pattern: str) -> list[str]:
        """Return the names, tags included, that match a glob."""
        return sorted({*timm.list_models(pattern), *timm.list_pretrained(pattern)})

    def tag(self, name: str) -> str:
        """Return how the published weights of a name were made, in timm's words: `a1_in1k`."""
        return str(_config(name).tag or "")

    def find(self, name: str, places: Places, download: bool) -> WeightsFile:
        """Take `WEIGHTS_DIR/<name>.safetensors` (or `.pth`), else the hub's file, downloaded where it isn't cached."""
        config = _config(name)
        local = local_file(name, config.tag, places)
        if local is not None:
            digest = file_sha256(local)
            return WeightsFile(local, digest, digest, f"file {local.name}")
        path = _from_hub(name, config, download)
        digest = file_sha256(path)
        return WeightsFile(path, digest, digest, f"hub {config.hf_hub_id or config.url}", config.license)

    def build(self, name: str, checkpoint: Path | None, image_size: int) -> Backbone:
        """Make the network without classifier; a plain ViT is made for the image size, its positions interpolated."""
        config = _config(name)
        sized: dict[str, Any] = {"img_size": image_size} if config.fixed_input_size else {}
        network: Any = timm.create_model(name, pretrained=False, num_classes=0, **sized)
        surplus = load_strictly(network, checkpoint, _converter(network)) if checkpoint is not None else {}
        groups = group_parameters(network, network.group_matcher(coarse=True))
        stages = merge_weightless(network, [tuple(groups[depth]) for depth in sorted(groups)])
        spec = InputSpec(config.mean, config.std, config.interpolation, config.crop_pct, config.input_size[-1])
        width = input_width(network, image_size)
        names = (config.classifier,) if isinstance(config.classifier, str) else tuple(config.classifier or ())
        return Backbone(network, width, stages, spec, *source_head(surplus, width, names))


def _converter(network: Any) -> Callable[[dict[str, Any], Any], dict[str, Any]] | None:
    """Return what timm itself applies to published files of a family; null where it applies nothing."""
    module = importlib.import_module(type(network).__module__)
    names = ("checkpoint_filter_fn", "_filter_fn", "_filter_torchvision_pretrained")  # it has no single name in timm
    convert: Any = next((getattr(module, name) for name in names if hasattr(module, name)), None)
    if convert is None or len(inspect.signature(convert).parameters) > 1:
        return cast("Callable[[dict[str, Any], Any], dict[str, Any]] | None", convert)
    return lambda state, _: cast("dict[str, Any]", convert(state))


def local_file(name: str, tag: str | None, places: Places) -> Path | None:
    """Return the user's own file for a name: the full name first, then the name without its tag."""
    if places.weights_dir is None:
        return None
    bare = name.split(".")[0]
    full = [name] if "." in name or not tag else [name, f"{name}.{tag}"]
    return first_file(places.weights_dir, [*full, bare])


def _config(name: str) -> Any:
    if not timm.is_model(name):
        raise BenchError(unknown("backbone", name, timm.list_models()))
    try:
        return timm.get_pretrained_cfg(name)
    except RuntimeError:
        known = timm.list_pretrained(f"{name.split('.')[0]}.*")
        raise BenchError(unknown("weights tag", name, known)) from None


def _from_hub(name: str, config: Any, download: bool) -> Path:
    remedy = f"put {name}.safetensors into a folder and give it with --weights-dir (make: WEIGHTS_DIR=)"
    if config.hf_hub_id is None and not config.url:
        raise Unavailable(f"{name}: timm has no pretrained weights for it; {remedy}, or write weights: random")
    cached = _cached(config)
    if cached is not None:
        return cached
    if not download:
        raise Unavailable(f"{name}: not downloaded yet")
    try:
        return _download(config)
    except (OSError, HfHubHTTPError, RuntimeError) as error:
        cause = (str(error) or type(error).__name__).splitlines()[0]
        raise Unavailable(f"{name}: no local weights and no download ({cause}); {remedy}") from error


def _cached(config: Any) -> Path | None:
    """Return the file that an earlier download left; nothing is asked of the network."""
    if config.hf_hub_id is None:
        path = Path(torch.hub.get_dir()) / "checkpoints" / config.url.rpartition("/")[2]
        return path if path.is_file() else None
    found = (try_to_load_from_cache(config.hf_hub_id, file) for file in _hub_files(config))
    return next((Path(path) for path in found if isinstance(path, str)), None)


def _hub_files(config: Any) -> tuple[str, ...]:
    return (config.hf_hub_filename,) if config.hf_hub_filename else ("model.safetensors", "pytorch_model.bin")


def _download(config: Any) -> Path:
    if config.hf_hub_id is None:
        return Path(download_cached_file(config.url, check_hash=True))
    _check_reachable()
    *preferred, last = _hub_files(config)
    for file in preferred:
        with contextlib.suppress(RemoteEntryNotFoundError):
            return Path(hf_hub_download(config.hf_hub_id, file))
    return Path(hf_hub_download(config.hf_hub_id, last))


def _check_reachable() -> None:
    """Fail at once where the hub's name can't be resolved: the hub's client would try for half a minute."""
    # behind a proxy it is the proxy that resolves names
    proxied = any(os.environ.get(key) for key in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"))
    if not proxied and not constants.HF_HUB_OFFLINE:
        socket.getaddrinfo(urlparse(constants.ENDPOINT).hostname, 443)
