import pytest

from mien.models.layers.choice import check_choice


def test_a_known_word_is_taken() -> None:
    check_choice("pooling", "max", ("average", "max"))
    check_choice("pooling", "max", {"own": None, "average": "avg", "max": "max"})


@pytest.mark.parametrize(("known", "expected"), [(("a", "b"), "'a' or 'b'"), (("a", "b", "c"), "one of 'a', 'b', 'c'")])
def test_another_word_is_refused_with_all_that_are_known(known: tuple[str, ...], expected: str) -> None:
    with pytest.raises(ValueError, match=f"^pooling is 'z'; expected {expected}$"):
        check_choice("pooling", "z", known)


def test_what_is_no_word_is_refused_too() -> None:
    with pytest.raises(ValueError, match="padding is 3; expected 'same' or 'valid'"):
        check_choice("padding", 3, ("same", "valid"))  # type: ignore[arg-type]
