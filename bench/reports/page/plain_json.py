"""Values as JSON has them."""

import math
from collections.abc import Mapping
from typing import Any


def written(value: Any) -> Any:
    """Return a value that every parser of JSON reads: what is no finite number becomes its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): written(each) for key, each in value.items()}
    return [written(each) for each in value] if isinstance(value, list | tuple) else value
