"""Which calls in the sources write, make folders or delete."""

import ast
import re
from collections.abc import Mapping

from tests.tools.structure import Module

WRITERS = {
    *("write_text", "write_bytes", "mkdir", "makedirs", "unlink", "rmdir", "rmtree", "rename", "renames", "touch"),
    *("symlink_to", "hardlink_to", "symlink", "link", "truncate", "ftruncate", "chmod", "utime", "copy2", "copyfile"),
    *("copytree", "move", "mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory"),
    *("SpooledTemporaryFile", "tofile", "savetxt", "memmap", "open_memmap", "save_file", "serialize_file"),
    *("FileHandler", "extractall", "to_csv", "imsave"),
}
"""What a call may be named that does so; `truncate` of a file that is open is one too."""
SAVERS = {"save", "savez", "savez_compressed", "savefig", "dump"}
"""What writes to its argument, which may be a file that the door has opened."""


def _writes(call: ast.Call, streams: set[str]) -> bool:
    """Say whether a call writes by itself; `streams` are names of files that the door has opened, and of buffers."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = getattr(call.func.value, "id", "") if isinstance(call.func, ast.Attribute) else ""
    if owner in ("writing", "self", "json") or (name == "save" and owner in ("baselines", "image")):
        return False
    if name == "open":
        words = [
            each.value for each in ast.walk(call) if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        flags = {each.attr for each in ast.walk(call) if isinstance(each, ast.Attribute)}
        return any(re.fullmatch(r"[rwaxbt+]*[wax+][rwaxbt+]*", word) for word in words) or bool(
            flags & {"O_CREAT", "O_RDWR"}
        )
    if name in SAVERS:
        given = {each.id for each in call.args if isinstance(each, ast.Name)}
        return bool(call.args) and not given & streams and not _is_bytes(call)
    # text and frozen values are replaced too: a path is by one argument
    takes_place = name in ("replace", "remove") and (
        owner == "os" or (name == "replace" and len(call.args) == 1 and not call.keywords)
    )
    return name in WRITERS or (takes_place and owner != "dataclasses")


def _is_bytes(call: ast.Call) -> bool:
    """Say whether what is saved is returned: `safetensors.torch.save(state)`."""
    return isinstance(call.func, ast.Name) and len(call.args) == 1


def _streams(tree: ast.Module) -> set[str]:
    """Return the names that a `with stream(...)` or `= BytesIO()` gives."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.withitem) and isinstance(node.context_expr, ast.Call):
            called = ast.unparse(node.context_expr.func).rpartition(".")[2]
            found |= {ast.unparse(node.optional_vars)} if node.optional_vars and called == "stream" else set()
        if isinstance(node, ast.Assign) and "BytesIO(" in ast.unparse(node.value):
            found |= {ast.unparse(each) for each in node.targets}
    return found


def writers(modules: Mapping[str, Module]) -> dict[str, list[str]]:
    """Return the calls of each module that write, make folders or delete without asking the door."""
    found = {}
    for name, module in modules.items():
        calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
        streams = _streams(module.tree)
        found[name] = [f"{call.lineno}: {ast.unparse(call)[:80]}" for call in calls if _writes(call, streams)]
    return {name: lines for name, lines in found.items() if lines}
