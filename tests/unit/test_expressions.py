import pytest

from mien.errors import DataError
from mien.expressions import (
    CK_PLUS_EXPRESSIONS,
    FER2013_EXPRESSIONS,
    FERPLUS_EXPRESSIONS,
    FERPLUS_VOTE_NAMES,
    RAF_DB_COMPOUND_EXPRESSIONS,
    RAF_DB_EXPRESSIONS,
    SIX_EXPRESSIONS,
    VOCABULARIES,
    expression_named,
    find_vocabulary,
    order_expressions,
)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("happy", "happy"),
        (" Happiness ", "happy"),
        ("AN", "angry"),
        ("Anger", "angry"),
        ("SURPRISED", "surprise"),
        ("Suprise", "surprise"),
        ("AF", "fear"),
        ("fearful", "fear"),
        ("NF", "not_a_face"),
        ("not a face", "not_a_face"),
        ("Neutral", "neutral"),
        ("Contempt", "contempt"),
        ("0_anger", "angry"),
        ("03 - Happy", "happy"),
        ("4.sad", "sad"),
        ("Happily Surprised", "happily_surprised"),
        ("sadly-angry", "sadly_angry"),
    ],
)
def test_expression_named_knows_common_spellings(label: str, expected: str) -> None:
    assert expression_named(label) == expected


@pytest.mark.parametrize("label", ["", "3", "00", "hungry", "-", "_happy_sad_"])
def test_expression_named_refuses_numbers_and_strangers(label: str) -> None:
    with pytest.raises(DataError, match=f"no expression is called {label!r}; "):
        expression_named(label)


def test_expression_named_suggests() -> None:
    with pytest.raises(DataError, match="no expression is called 'hapy'; did you mean 'happy'"):
        expression_named("hapy")


def test_vocabularies_use_the_same_names() -> None:
    assert set(FER2013_EXPRESSIONS) < set(FERPLUS_VOTE_NAMES)
    assert all(expression_named(name) == name for name in FERPLUS_VOTE_NAMES)
    for names in VOCABULARIES.values():
        assert all(expression_named(name) == name for name in names)
        assert len(set(names)) == len(names)


def test_vocabularies_are_those_of_the_data_sets() -> None:
    assert FERPLUS_VOTE_NAMES[:8] == FERPLUS_EXPRESSIONS
    assert {*SIX_EXPRESSIONS, "disgust"} == set(FER2013_EXPRESSIONS) == set(RAF_DB_EXPRESSIONS)
    assert {*CK_PLUS_EXPRESSIONS, "neutral"} == set(FERPLUS_EXPRESSIONS)
    assert len(RAF_DB_COMPOUND_EXPRESSIONS) == 11


def test_order_expressions_has_one_order_and_no_repeats() -> None:
    assert order_expressions(reversed(FER2013_EXPRESSIONS)) == FER2013_EXPRESSIONS
    assert order_expressions(["contempt", "anger", "angry", "sadly_angry"]) == ("angry", "contempt", "sadly_angry")
    with pytest.raises(DataError, match="no expression is called 'hungry'"):
        order_expressions(["hungry"])


def test_find_vocabulary_takes_a_name_or_classes_in_any_spelling() -> None:
    assert find_vocabulary("ferplus") == FERPLUS_EXPRESSIONS
    assert find_vocabulary(["Sadness", "Anger"]) == ("sad", "angry")


@pytest.mark.parametrize(
    ("expressions", "message"),
    [
        ("fer2031", "unknown vocabulary 'fer2031'; did you mean 'fer2013'"),
        (["happy", "joy"], "classes are happy, happy; expected at least one, and each once"),
        ([], "classes are none; expected at least one"),
        (["hungry"], "no expression is called 'hungry'"),
    ],
)
def test_find_vocabulary_refuses(expressions: list[str] | str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_vocabulary(expressions)
