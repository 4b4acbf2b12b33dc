import pytest

from mien.errors import DataError
from mien.expressions import FER2013_EXPRESSIONS, FERPLUS_VOTE_NAMES, expression_named


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("happy", "happy"),
        (" Happiness ", "happy"),
        ("AN", "angry"),
        ("SURPRISED", "surprise"),
        ("NF", "not_a_face"),
        ("not a face", "not_a_face"),
        ("Neutral", "neutral"),
    ],
)
def test_expression_named_knows_common_spellings(label: str, expected: str) -> None:
    assert expression_named(label) == expected


def test_expression_named_suggests() -> None:
    with pytest.raises(DataError, match="no expression is called 'hapy'; did you mean 'happy'"):
        expression_named("hapy")


def test_vocabularies_use_the_same_names() -> None:
    assert set(FER2013_EXPRESSIONS) < set(FERPLUS_VOTE_NAMES)
    assert all(expression_named(name) == name for name in FERPLUS_VOTE_NAMES)
