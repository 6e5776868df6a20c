"""BitFit: only the biases learn, and the head."""

from dataclasses import dataclass
from typing import Any, ClassVar

from bench.contracts.training import Task
from bench.errors import InvalidData
from bench.methods.descriptions import Tuning, every_parameter
from bench.methods.kinds import Finetuning


@dataclass(frozen=True)
class Bitfit(Finetuning):
    """The biases of the backbone and the head learn, nothing else (BitFit, Ben Zaken et al., 2022).

    Those of normalisation layers too; its statistics stay. All at the rate of full fine-tuning's head, ten times that
    of its backbone: the paper gives biases about ten times the rates of full fine-tuning. No weight decay.
    """

    defaults: ClassVar[dict[str, Any]] = {"learning_rate": 5e-3}

    def tuning(self, task: Task) -> Tuning:
        """Tune the biases."""
        biases = [name for name in every_parameter(task) if is_bias(name)]
        if not biases:
            raise InvalidData("bitfit: the backbone has no biases, only the head would learn; write linear_probe")
        return Tuning(biases)


def is_bias(name: str) -> bool:
    """Say whether a parameter is a bias: `bias`, `in_proj_bias`, `q_bias`, or `bias_hh_l0` of a recurrent layer."""
    last = name.rpartition(".")[2]
    return last.endswith("bias") or last.startswith("bias_")
