"""Suites as nobody means them: any value at any key, as YAML text."""

from collections.abc import Iterator, Mapping

PLAIN: Mapping[tuple[str, ...], str] = {
    ("name",): "mine",
    ("description",): "What is meant.",
    ("dataset",): "digits",
    ("image_size",): "32",
    ("grid", "backbone"): "[test_resnet]",
    ("grid", "weights"): "[random]",
    ("grid", "method"): "[linear_probe, {name: partial_finetune, stages: 1}]",
    ("grid", "labels_per_class"): "[5]",
    ("grid", "fraction"): "[0.5]",
    ("grid", "selection"): "[stratified]",
    ("grid", "seed"): "[0, 1]",
    ("grid", "subset_seed"): "[0]",
    ("grid", "repeat"): "[0]",
    ("grid", "device"): "[cpu]",
    ("grid", "precision"): "[fp32]",
    ("include",): "[{seed: [7]}]",
    ("exclude",): "[{seed: 1, method: linear*}]",
    ("train", "steps"): "10",
    ("train", "learning_rate"): "1e-3",
    ("train", "optimizer"): "adamw",
    ("train", "mixup"): "0.2",
    ("tune", "trials"): "2",
    ("tune", "search"): "random",
    ("tune", "space", "all", "learning_rate"): "[1e-3, 1e-2]",
    ("tune", "space", "linear_probe", "l2"): "[[1.0], [10.0]]",
    ("threads",): "1",
    ("timeout_s",): "60",
    ("max_cells",): "1000",
    ("deterministic",): "true",
    ("probes",): "[corruptions]",
    ("validation",): "budget",
    ("require", "data", "digits"): "'0123456789abcdef'",
}
"""A suite that is right, with each kind of key: the path to it, and its value in YAML."""

VALUES = [
    *(".inf", "-.inf", ".nan", "1e400", "-1e400", "9" * 5000, "9223372036854775808", "-9223372036854775809", "1e19"),
    *("0", "-1", "-0.0", "1.5", "5e-324", "1e300", "3000000", "0x1F", "0b11", "1_000", "010", "08", "0o10", "1:30"),
    *("1:30:45.5", "190:20:30", "2020-01-01", "2020-13-45", "2001-12-14t21:59:43.10-05:00", "yes", "no", "on", "off"),
    *("true", "[true]", "null", "~", "''", "' '", "=", "<<", "[]", "{}", "[[]]", "[{}]", "[null]", "{a: b}", "[1, a]"),
    *(
        "{5: x}",
        "{true: x}",
        "{null: x}",
        "{[a]: x}",
        "{{a: b}: x}",
        "{? : x}",
        "[a, a, a]",
        "{name: x}",
        "[{name: 3}]",
    ),
    *("!!binary aGk=", "!!python/object:os.system x", "!!python/name:os.system", "!!set {a, b}", "!!omap [a: 1]"),
    *("!!pairs [a: 1]", "!!timestamp 2020-01-01", "!local x", "!!int abc", "!!int ''", "!!float x", "!!bool perhaps"),
    *("!!map [a]", "!!seq {a: b}", "!!str [a]", "!!null x", "!!merge x", "!!value x", "!<tag:example.org,2000:x> y"),
    *(r'"\ud800"', r'"\uD83D\uDE00"', r'"\0"', r'"\x1b[2J"', r'"\a"', r'"a\nb"', r'"a\tb"', r'"\x85"', r'"\u202e"'),
    *("x" * 100_000, "'" + "x y " * 1000 + "'", "[" + "x, " * 200 + "x]", "['" + "y" * 300 + ".pth']", "'٣'", "'²'"),
    *("[~nobody/x.pth]", "[~/x.pth]", r'["a\0b.pth"]', "['/dev/zero.pth']", "['a/../../b.pth']", "['\u3000/a.pth']"),
    *("['simclr@image_folder:~nobody/x']", "['simclr@image_folder:" + "z" * 300 + "']", "['@']", "['simclr@']"),
    *("&a [*a]", "&a {b: *a}", "&a {<<: *a}", "*nobody", "&a &b x", "{<<: 3}", "{<<: [1]}", "{a: 1, a: 2}", "[" * 40),
    *(
        "[" * 33 + "]" * 33,
        "{a: " * 33 + "1" + "}" * 33,
        "{",
        "]",
        "@x",
        "`x`",
        "%x",
        "|",
        ">",
        "- x",
        "? x",
        "a: b: c",
    ),
    *("\t1", "x #", "'unclosed", '"unclosed', '"\\q"', "'\x00'", "'\x1b'", "'\x7f'", "'\ufffe'", "'*'", "'[!a'", "','"),
    *("{low: 1, high: 2}", "{low: 2, high: 1}", "{low: -1e308, high: 1e308}", "{low: 0, high: 1, log: true}"),
    *(
        "{low: .nan, high: 1}",
        "{low: a, high: b}",
        "{low: 1}",
        "[{low: 1, high: 2}]",
        "{name: linear_probe, l2: [.inf]}",
    ),
    *("[{name: partial_finetune, stages: true}]", "[{name: partial_finetune, stages: '1'}]", "[{name: knn, k: 1e300}]"),
]


def written(values: Mapping[tuple[str, ...], str]) -> str:
    """Return the YAML of a suite, by the paths to its keys; keys of one mapping must follow one another."""
    return "".join(_lines(values))


def _lines(values: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    before: tuple[str, ...] = ()
    for path, value in values.items():
        shared = next((i for i, (a, b) in enumerate(zip(path[:-1], before, strict=False)) if a != b), None)
        shared = min(len(path) - 1, len(before)) if shared is None else shared
        for depth in range(shared, len(path) - 1):
            yield f"{'  ' * depth}{path[depth]}:\n"
        yield f"{'  ' * (len(path) - 1)}{path[-1]}: {value}\n"
        before = path[:-1]


def with_value(path: tuple[str, ...], value: str) -> str:
    """Return the suite that is right with another value at one key."""
    return written({**PLAIN, path: value})
