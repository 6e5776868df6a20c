"""The folder that `bench` is called in is no place that Python imports from.

This needs what Python has imported by itself alone: whatever it imported could come from that folder.
"""

import os
import sys


def is_here(place: str) -> bool:
    """Say whether a place is the folder that this process stands in; an empty one is."""
    try:
        return not place or os.path.realpath(place) == os.path.realpath(os.getcwd())
    except OSError:  # the folder was removed under our feet
        return False


def leave_working_folder() -> None:
    """Take the working folder from the places that Python imports from, here and in processes that start later.

    It stands first among them after `python -m`, and where PYTHONPATH names it or has an empty part: a file that is
    called as a module of Python or of a library would be taken for it. A place that was installed stands behind the
    libraries, and stays.
    """
    library = os.path.dirname(os.__file__)
    first = sys.path.index(library) if library in sys.path else len(sys.path)
    left = [place for number, place in enumerate(sys.path) if place and not (number < first and is_here(place))]
    # processes of a checkout that is not installed find the project as this one does
    project = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    if is_here(project) and project not in left:
        left.insert(_before_another(left), project)
    sys.path[:] = left
    _leave_in_environment()


def found_by_others() -> bool:
    """Say whether a process that starts later, from here, finds this very project before it is told its path."""
    package = os.path.dirname(os.path.realpath(__file__))
    project = os.path.dirname(package)
    places = [place for place in sys.path if os.path.realpath(place) != project or _is_told(place)]
    for finder in sys.meta_path:
        is_of_paths = getattr(finder, "__name__", "") == "PathFinder"
        spec = finder.find_spec("bench", places if is_of_paths else None)
        if spec is not None:
            return os.path.dirname(os.path.realpath(spec.origin or "")) == package
    return False


def _is_told(place: str) -> bool:
    """Say whether the environment names a place, or a library's file does."""
    return place in os.environ.get("PYTHONPATH", "").split(os.pathsep) or not is_here(place)


def _before_another(places: list[str]) -> int:
    """Return where this project must stand: behind the libraries, but before another copy of it that is installed."""
    for number, place in enumerate(places):
        if os.path.isfile(os.path.join(place, "bench", "__init__.py")):
            return number
    return len(places)


def _leave_in_environment() -> None:
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    left = [place for place in given if not is_here(place)]
    if left:
        os.environ["PYTHONPATH"] = os.pathsep.join(left)
    else:
        os.environ.pop("PYTHONPATH", None)
