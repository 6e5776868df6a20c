"""What a training loop reads: images as the backbone wants them, rows of what a frozen part has given."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.datasets import load_digits

from bench.contracts.networks import InputSpec
from bench.data.batches import ImageBatches, OutputRows, fetch, fits_device
from bench.data.transforms import Normalise, policy, random_resized_crop_flip

SPEC = InputSpec((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bicubic", 0.875, 224)
SOME = np.array([7, 2, 2, 30])


@pytest.fixture(scope="module")
def images() -> npt.NDArray[np.uint8]:
    """Forty digits in RGB, 16 px."""
    pixels = np.kron(load_digits().images[:40] * 15, np.ones((1, 2, 2)))
    return np.repeat(pixels[..., None], 3, axis=-1).astype(np.uint8)


def drawn(seed: int = 1) -> torch.Generator:
    """Return a generator of its own."""
    return torch.Generator().manual_seed(seed)


def test_images_are_those_asked_for_normalised_and_channels_last(images: npt.NDArray[np.uint8]) -> None:
    """In the order asked for, one of them twice."""
    batch = fetch(ImageBatches(images, SPEC, "cpu"), SOME)
    assert torch.equal(batch, Normalise(SPEC, "cpu")(images[SOME]))
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert (batch.shape, batch.dtype) == ((4, 3, 16, 16), torch.float32)


@pytest.mark.parametrize("augmentation", ["crop", "basic", "randaugment", "trivialaugment"])
def test_images_are_augmented_where_there_is_a_generator(images: npt.NDArray[np.uint8], augmentation: str) -> None:
    """By it alone; without one they are as they are, and the global generators stay as they were."""
    batches = ImageBatches(images, SPEC, "cpu", augmentation)
    before = torch.get_rng_state()
    first = fetch(batches, SOME, drawn())
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, fetch(batches, SOME, drawn()))
    assert not torch.equal(first, fetch(batches, SOME, drawn(2)))
    plain = fetch(ImageBatches(images, SPEC, "cpu"), SOME)
    assert torch.equal(fetch(batches, SOME), plain)
    assert not torch.equal(first, plain)
    assert first.shape == plain.shape
    assert first.is_contiguous(memory_format=torch.channels_last)


def test_policies_change_pixels_and_crops_normalised_images(images: npt.NDArray[np.uint8]) -> None:
    """The one before the batch is placed, the other after."""
    policed, cropped = (ImageBatches(images, SPEC, "cpu", name) for name in ("randaugment", "basic"))
    pixels = torch.from_numpy(images[SOME])
    change = policy("randaugment")
    assert change is not None
    assert torch.equal(policed.read(SOME, drawn()), change(pixels.permute(0, 3, 1, 2), drawn()).permute(0, 2, 3, 1))
    assert torch.equal(cropped.read(SOME, drawn()), pixels)
    expected = random_resized_crop_flip(Normalise(SPEC, "cpu")(pixels), drawn())
    assert torch.equal(cropped.place(pixels, drawn()), expected)


@pytest.mark.parametrize("augmentation", ["none", "basic", "randaugment"])
def test_reading_and_augmenting_leave_the_images_as_they_were(images: npt.NDArray[np.uint8], augmentation: str) -> None:
    """Every cell maps the same file."""
    before = images.copy()
    fetch(ImageBatches(images, SPEC, "cpu", augmentation), SOME, drawn())
    assert (images == before).all()


@pytest.mark.parametrize("augmentation", ["none", "basic", "randaugment"])
def test_images_held_on_the_device_give_the_same_batches(
    images: npt.NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, augmentation: str
) -> None:
    """Only the wanted ones are held, in whatever order and however often they are wanted."""
    plain = ImageBatches(images, SPEC, "cpu", augmentation)
    monkeypatch.setattr("bench.data.batches.fits_device", lambda size, device: True)
    source = images.copy()
    held = ImageBatches(source, SPEC, "cpu", augmentation, wanted=np.array([30, 2, 7, 9, 2]))
    source[:] = 0
    assert torch.equal(fetch(held, SOME), fetch(plain, SOME))
    assert torch.equal(fetch(held, SOME, drawn()), fetch(plain, SOME, drawn()))


@pytest.mark.parametrize(
    "outputs", [torch.arange(60.0).reshape(20, 3), torch.arange(960.0).reshape(20, 3, 4, 4).bfloat16()]
)
@pytest.mark.parametrize("resident", [False, True])
def test_rows_are_those_asked_for(outputs: torch.Tensor, resident: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit in the precision that they are kept in; maps are channels last. Augmentation was before them."""
    monkeypatch.setattr("bench.data.batches.fits_device", lambda size, device: resident)
    rows = OutputRows(outputs, "cpu", wanted=np.arange(20))
    index = np.array([7, 2, 2, 19])
    batch = fetch(rows, index, drawn())
    assert torch.equal(batch, outputs[index])
    assert batch.dtype == outputs.dtype
    assert batch.ndim == 2 or batch.is_contiguous(memory_format=torch.channels_last)


def test_on_a_cpu_nothing_is_copied_to_be_held() -> None:
    """Whatever its size."""
    assert not fits_device(1, "cpu")


@pytest.mark.parametrize("kind", ["images", "rows"])
def test_what_is_held_on_a_gpu_takes_only_a_share_of_its_free_memory(
    images: npt.NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Of the images only those wanted count."""
    asked: list[float] = []

    def note(size: int, device: str) -> bool:
        asked.append(size)
        return False

    monkeypatch.setattr("bench.data.batches.fits_device", note)
    build: dict[str, Callable[[], object]] = {
        "images": lambda: ImageBatches(images, SPEC, "cpu", wanted=SOME),
        "rows": lambda: OutputRows(torch.zeros(20, 3, 4, 4), "cpu", wanted=SOME),
    }
    build[kind]()
    assert asked == [{"images": 4 * 16 * 16 * 3, "rows": 20 * 3 * 4 * 4 * 4}[kind]]
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: (1000, 4000))
    assert fits_device(399, "cuda:0")
    assert not fits_device(400, "cuda:0")


def test_crop_never_mirrors() -> None:
    """A dark left half stays on the left: basic puts it on the right now and then."""
    images = np.full((32, 16, 16, 3), 200, np.uint8)
    images[:, :, :8] = 0
    lies_left = {}
    for augmentation in ("crop", "basic"):
        inputs = ImageBatches(images, SPEC, "cpu", augmentation)
        batch = fetch(inputs, np.arange(32), torch.Generator().manual_seed(0))
        lies_left[augmentation] = batch[:, :, :, 0].mean((1, 2)) <= batch[:, :, :, -1].mean((1, 2))
    assert bool(lies_left["crop"].all())
    assert not bool(lies_left["basic"].all())
