"""What is made later is made once, and is then like any tuple."""

from bench.answers.later import Later


def test_nothing_is_made_before_somebody_looks_and_then_once() -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(1)
        return [3, 1, 2]

    later = Later(make)
    assert made == []
    assert list(later) == [3, 1, 2]
    assert (len(later), later[0], later[1:], bool(later)) == (3, 3, (1, 2), True)
    assert made == [1]


def test_it_equals_what_it_holds() -> None:
    assert Later(lambda: [1, 2]) == (1, 2)
    assert Later(lambda: [1, 2]) == Later(lambda: iter((1, 2)))
    assert Later(lambda: [1]) != (2,)
    assert hash(Later(lambda: [1])) == hash((1,))
    assert not Later(list)
