"""The floating-point operations of a network, forward and backward, counted without data on torch's meta device."""

import copy
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode


class Uncountable(Exception):
    """A network whose arithmetic can't be told; the message says why."""


@dataclass(frozen=True)
class Counted:
    """Operations of a pass; a multiplication with its addition is two."""

    forward: int
    backward: int
    """What autograd computes: of each product the gradients of those factors that need one and lead to the output."""
    output: torch.Tensor
    """What the pass gave, without data."""


Operations = Callable[[Sequence[Any], Any], int]
"""Of the arguments of an operator and its output."""


def _matrices(left: int) -> Operations:
    """Each number of the output is a sum along the last dimension of the left factor, the argument `left`."""
    return lambda args, output: int(2 * output.numel() * args[left].shape[-1])


def _convolution(args: Sequence[Any], output: Any) -> int:
    inputs, weight, transposed = args[0], args[1], args[6]
    return _filtered(inputs if transposed else output, weight)


def _convolution_backward(args: Sequence[Any], output: Any) -> int:
    gradient, inputs, weight, transposed, wanted = args[0], args[1], args[2], args[7], args[10]
    # the gradient of either factor, inputs and filters, takes as much as the product; that of the bias is a plain sum
    return int(sum(wanted[:2])) * _filtered(inputs if transposed else gradient, weight)


def _filtered(maps: torch.Tensor, weight: torch.Tensor) -> int:
    # each number meets one filter, which sees its own group of channels alone
    return 2 * maps.numel() * math.prod(weight.shape[1:])


PRODUCTS: dict[str, Operations] = {
    **dict.fromkeys(("mm", "bmm", "mv", "dot"), _matrices(0)),
    **dict.fromkeys(("addmm", "baddbmm", "addmv"), _matrices(1)),
    **dict.fromkeys(("convolution", "_convolution", "convolution_overrideable"), _convolution),
    # torch.utils.flop_counter counts those of grouped convolutions up to their number of groups too high
    "convolution_backward": _convolution_backward,
    # distances of all pairs: torch takes them from a product of the two factors, once there are many
    "_cdist_forward": _matrices(0),
}
"""By operator. On the meta device attention and recurrent layers come as these: they have no kernels of their own."""
UNKNOWN = re.compile(
    r"(.*_)?((mm|addmm|bmm|addbmm|mv|addr|vdot|linear|trilinear|cdist|conv|convolution|conv\d.*)(_.*)?"
    r"|(rnn|lstm|gru|attention|fft|transformer|linalg_(?!vector_norm)).*)"
)
"""Other operators of much arithmetic: a sum without it would be wrong in silence."""
FREE = ("prim", "prims", "profiler")
"""Namespaces without arithmetic, beside torch's own."""


def count(module: nn.Module, inputs: torch.Tensor, learning: bool = True) -> Counted:
    """Return the operations of a pass over inputs, of which only the shape matters and which need no gradient.

    Products are counted (matrices, convolutions), not what works number by number. Both passes are run, the backward
    one as the module's parameters are flagged; without `learning` there is none. Raises `Uncountable`.
    """
    forward, backward = _Counter(), _Counter()
    try:
        # in `eval()`: normalisation in training mode refuses some small batches, and takes no other products
        copied = copy.deepcopy(module).to("meta").eval()
        with torch.set_grad_enabled(learning), forward:
            output = copied(inputs.to("meta"))
        if output.requires_grad:
            with backward:
                output.sum().backward()
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise Uncountable(f"it can't run without data ({' '.join(str(error).split())[:120]})") from error
    return Counted(forward.total, backward.total, output.detach())


class _Counter(TorchDispatchMode):
    """Sees every operator that torch calls, below modules, functions and what they are composed of."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call the operator, and count it."""
        output = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__.rstrip("_")  # in place it is the same product
        operations = PRODUCTS.get(name) if func.namespace == "aten" else None
        if operations is not None:
            self.total += operations(args, output)
        elif _is_unknown(func.namespace, name):
            raise Uncountable(f"it calls {func.namespace}::{name}, whose arithmetic is not known here")
        return output


def _is_unknown(namespace: str, name: str) -> bool:
    return UNKNOWN.fullmatch(name) is not None if namespace == "aten" else namespace not in FREE
