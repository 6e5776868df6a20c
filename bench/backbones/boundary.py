"""Where the frozen part of a network ends: what lies before it need not be computed again each step."""

from dataclasses import dataclass
from typing import Any

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
    """Follows only modules that are partly frozen; any other is called as a whole, with its own modes and branches."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        learning = {parameter.requires_grad for parameter in m.parameters()}
        return len(learning) < 2


def part_frozen(model: nn.Module) -> Parted | str:
    """Cut a model where its frozen part ends; else say why it can't be cut.

    Frozen is what hangs on the images and on frozen modules in `eval()` alone: nothing random, nothing that learns. The
    cut needs one tensor through which all of it passes.
    """
    try:
        graph = _Tracer().trace(model)
    except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError, fx.proxy.TraceError) as error:
        return f"its forward pass can't be traced ({str(error).splitlines()[0]})"
    modules = dict(model.named_modules())
    frozen: set[fx.Node] = set()
    for node in graph.nodes:
        if node.op != "output" and _is_frozen(node, frozen, modules, model):
            frozen.add(node)
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
    """Return the module that a part ends with; its place in the graph where it is none, or called more than once."""
    calls = [node for node in graph.nodes if node.op == "call_module" and node.target == cut.target]
    return str(cut.target).removeprefix("backbone.") if calls == [cut] else cut.name


def _is_frozen(node: fx.Node, frozen: set[fx.Node], modules: dict[str, nn.Module], model: nn.Module) -> bool:
    if node.op == "placeholder":
        return True
    if node.op == "get_attr":
        found: Any = model
        for name in str(node.target).split("."):
            found = getattr(found, name)
        return not (isinstance(found, torch.Tensor) and found.requires_grad)
    if node.op == "call_module":
        module = modules[str(node.target)]
        if any(inner.training for inner in module.modules()):
            return False
        if any(parameter.requires_grad for parameter in module.parameters()):
            return False
    return bool(node.all_input_nodes) and all(each in frozen for each in node.all_input_nodes)


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
    return fx.GraphModule(whole, whole.graph)
