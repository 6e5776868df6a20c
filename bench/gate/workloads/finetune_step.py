"""Training steps in which everything learns: forward, backward and optimiser of the whole network."""

from bench.catalog import METHODS
from bench.gate.workloads.conditions import Conditions, Unit
from bench.gate.workloads.material import pictures
from bench.gate.workloads.residual import network
from bench.gate.workloads.task import task
from bench.schema import Choice, Training
from bench.suites.choices import make

SIZE = 32
STEPS = 2


def prepare(asked: Conditions = Conditions()) -> Unit:  # noqa: B008  # frozen
    """Return what fine-tunes a small network for two steps through `bench.methods` and `bench.learning.training`.

    Each unit starts from the same weights.
    """
    backbone = network(asked, SIZE)
    training = Training(steps=STEPS, batch_size=asked.batch_size, checkpoints=1)
    given = task(asked, backbone, pictures(STEPS * asked.batch_size, SIZE), training)
    method = make(METHODS, Choice("finetune"))
    initial = {name: tensor.clone() for name, tensor in backbone.network.state_dict().items()}

    def unit() -> object:
        backbone.network.load_state_dict(initial)
        return method.fit(given)

    return unit
