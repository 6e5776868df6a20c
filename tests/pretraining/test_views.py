"""Random distortions of whole batches."""

import torch

from bench.pretraining.views import blur, distort_colours
from tests.material import networks
from tests.material.pretrainings import SIZE


def test_views_keep_to_the_range_of_pixels_and_differ() -> None:
    """Each image by a draw of its own; without strength only the share that is made grey changes."""
    spec = networks.build("test_resnet", SIZE).input
    pixels = torch.rand(64, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (spec.mean, spec.std))
    images = (pixels - mean) / std
    seen = distort_colours(images, spec, 0.5, torch.Generator().manual_seed(0)) * std + mean
    assert float(seen.min()) >= -1e-5
    assert float(seen.max()) <= 1 + 1e-5
    assert float((seen - pixels).abs().flatten(1).mean(1).std()) > 0.01
    plain = distort_colours(images, spec, 0.0, torch.Generator().manual_seed(0)) * std + mean
    same = (plain - pixels).abs().flatten(1).amax(1) < 1e-3
    grey = (plain - plain.mean(1, keepdim=True)).abs().flatten(1).amax(1) < 1e-3
    assert bool((same ^ grey).all())
    assert 0.05 < float(grey.float().mean()) < 0.4


def test_blur_smooths_half_of_the_images_and_keeps_their_mean() -> None:
    """Less difference between neighbours; the rest is left as it is."""
    images = torch.rand(200, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))
    seen = blur(images, torch.Generator().manual_seed(0))
    changed = (seen - images).abs().flatten(1).amax(1) > 1e-2
    assert 0.3 < float(changed.float().mean()) < 0.6
    torch.testing.assert_close(seen[~changed], images[~changed], atol=1e-2, rtol=0)
    assert float(seen[changed].std()) < 0.9 * float(images[changed].std())
    torch.testing.assert_close(seen.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=0.02, rtol=0)
