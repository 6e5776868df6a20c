"""Cuts a network where its frozen part ends: what lies before the cut need not be computed again each step."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import fx, nn

from bench.contracts.networks import FrozenPart


@dataclass(frozen=True)
class Parted:
    """A model cut at the boundary; `rest` holds the model's own modules under their own names."""

    part: FrozenPart
    rest: nn.Module
    """Maps the part's outputs to what the model gives."""


class _Tracer(fx.Tracer):
    """Traces into partly frozen modules alone; any other is called as a whole, with its own modes and branches."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        learning = {parameter.requires_grad for parameter in m.parameters()}
        return len(learning) < 2


def part_frozen(model: nn.Module) -> Parted | str:
    """Cut a model where its frozen part ends; else say why it can't be cut.

    Frozen is what depends on the images and on frozen modules in `eval()` alone: nothing random, nothing that learns.
    The cut needs one tensor through which all of it passes.
    """
    try:
        graph = _Tracer().trace(model)
    except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError, fx.proxy.TraceError) as error:
        return f"its forward pass can't be traced ({str(error).splitlines()[0]})"
    frozen = _frozen_nodes(model, graph)
    # a frozen weight that the rest takes is no tensor of the images: the rest holds it itself
    boundary = [node for node in frozen if node.op != "get_attr" and any(user not in frozen for user in node.users)]
    if len(boundary) != 1:
        return f"{len(boundary)} tensors pass from the frozen part to the rest"
    (cut,) = boundary
    if cut.op == "placeholder":
        return "nothing of it is frozen from the images on"
    before = _before(model, graph, cut)
    part = FrozenPart(f"up to {_name(cut, graph)}", before, before.code)
    return Parted(part, _after(model, graph, cut))


def _name(cut: fx.Node, graph: fx.Graph) -> str:
    """Return what a part ends with: its module, or the name in the graph where there is none or it is called twice."""
    calls = [node for node in graph.nodes if node.op == "call_module" and node.target == cut.target]
    return str(cut.target).removeprefix("backbone.") if calls == [cut] else cut.name


def _frozen_nodes(model: nn.Module, graph: fx.Graph) -> set[fx.Node]:
    modules = dict(model.named_modules())
    frozen: set[fx.Node] = set()
    for node in graph.nodes:
        if node.op != "output" and _is_frozen(node, frozen, modules, model):
            frozen.add(node)
    return frozen


def _is_frozen(node: fx.Node, frozen: set[fx.Node], modules: Mapping[str, nn.Module], model: nn.Module) -> bool:
    if node.op == "placeholder":
        return True
    if node.op == "get_attr":
        found = operator.attrgetter(str(node.target))(model)
        return not (isinstance(found, torch.Tensor) and found.requires_grad)
    if node.op == "call_module" and not _rests(modules[str(node.target)]):
        return False
    # what takes no input may be drawn anew in each pass
    return bool(node.all_input_nodes) and all(each in frozen for each in node.all_input_nodes)


def _rests(module: nn.Module) -> bool:
    """Say whether nothing in a module learns or is in training mode, in which normalisation and dropout change."""
    learns = any(parameter.requires_grad for parameter in module.parameters())
    return not learns and not any(inner.training for inner in module.modules())


def _before(model: nn.Module, graph: fx.Graph, cut: fx.Node) -> fx.GraphModule:
    """Return the part up to the cut as a module of its own."""
    new = fx.Graph()
    copied: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        copied[node] = new.node_copy(node, lambda old: copied[old])
        if node is cut:
            break
    new.output(copied[cut])
    return _module(model, new)


def _after(model: nn.Module, graph: fx.Graph, cut: fx.Node) -> fx.GraphModule:
    """Return what lies behind the cut, which takes the cut's tensor in place of the images."""
    new = fx.Graph()
    copied = {cut: new.placeholder("boundary")}
    for node in graph.nodes:
        if node is not cut and node.op != "placeholder" and all(each in copied for each in node.all_input_nodes):
            result = new.node_copy(node, lambda old: copied[old])
            if node.op == "output":
                break
            copied[node] = result
    return _module(model, new)


def _module(model: nn.Module, graph: fx.Graph) -> fx.GraphModule:
    """Return a graph as a module that holds what it calls of the model, and nothing else."""
    whole = fx.GraphModule(model, graph)
    whole.graph.eliminate_dead_code()
    return fx.GraphModule(whole, whole.graph)  # again, since it takes along only what its graph calls
