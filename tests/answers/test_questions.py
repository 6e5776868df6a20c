"""What a comparison of two rows asks: each pair is of one question alone, whoever is named first."""

import dataclasses
import itertools

import pytest

from bench.answers.questions import QUESTIONS, asked, pairs_of, places
from bench.answers.rows.rows import Row, rows_of
from tests.material.examples import a_record

ROW = rows_of([a_record()], {})[0]


@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({"method": "finetune"}, "methods"),
        ({"weights": "random"}, "methods"),
        ({"method": "scratch", "weights": "random"}, "methods"),
        ({"source": "glyphs"}, "methods"),
        ({"image_selection": "herding"}, "methods"),
        ({"variant": "another"}, "methods"),
        ({"backbone": "test_vit"}, "backbones"),
        ({"backbone": "test_vit", "variant": "another"}, "backbones"),
        ({"device": "cuda"}, "backbones"),
        ({"machine": "another"}, "backbones"),
        ({"budget": "all", "n_labels": 1000}, "budgets"),
        ({"backbone": "test_vit", "method": "finetune"}, "anything"),
        ({"backbone": "test_vit", "weights": "random"}, "anything"),
        ({"budget": "50 labels", "method": "finetune"}, "anything"),
        ({"dataset": "glyphs"}, "anything"),
        ({"budget": "all", "n_labels": 1000, "method": "finetune"}, "anything"),
    ],
    ids=str,
)
def test_question_is_told_by_what_differs(changes: dict[str, object], question: str) -> None:
    other = dataclasses.replace(ROW, **changes)  # type: ignore[arg-type]
    assert asked(ROW, other)[0] == question
    assert asked(other, ROW)[0] == question
    if other.dataset == ROW.dataset:
        assert asked(ROW, other) == asked(other, ROW)
        assert asked(ROW, other) in set(places(ROW)) & set(places(other))


def test_every_pair_is_of_one_question() -> None:
    """Two backbones, methods, weights and budgets: together the questions have each pair once."""
    axes = (("a", "b"), ("knn", "finetune"), ("random", "pretrained"), (("few", 10), ("many", 100)))
    made: list[Row] = [
        dataclasses.replace(ROW, backbone=backbone, method=method, weights=weights, budget=label, n_labels=count)
        for backbone, method, weights, (label, count) in itertools.product(*axes)  # type: ignore[misc]
    ]
    made = [dataclasses.replace(row, variant=f"{row.backbone}{row.method}{row.weights}") for row in made]
    there = {question for row in made for question in places(row)}
    found = [pair for question in there for pair in pairs_of(question, made)]
    assert len({frozenset(map(id, pair)) for pair in found}) == len(found) == len(made) * (len(made) - 1) // 2
    sizes = {question: len(pairs_of(question, made)) for question in there if pairs_of(question, made)}
    assert {(kind, size) for (kind, _), size in sizes.items()} >= {("methods", 6), ("backbones", 1), ("budgets", 1)}
    assert {kind for kind, _ in sizes} == set(QUESTIONS)
