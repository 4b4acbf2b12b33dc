from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import MienError
from mien.images.steps import describe_steps, parse_step, read_step, read_steps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to_grey", {"operation": "to_grey"}),
        (" to_grey ", {"operation": "to_grey"}),
        (
            "resize:size_hw=[224,224],filter=lanczos",
            {"operation": "resize", "size_hw": [224, 224], "filter": "lanczos"},
        ),
        ("resize:size_hw=[224, 224], filter='area'", {"operation": "resize", "size_hw": [224, 224], "filter": "area"}),
        ("scale:low=-1,high=1.5", {"operation": "scale", "low": -1, "high": 1.5}),
        ("crop_face:detector_model=a/b-c.onnx", {"operation": "crop_face", "detector_model": "a/b-c.onnx"}),
        ('crop_face:detector_model="C:/a, b [1.onnx"', {"operation": "crop_face", "detector_model": "C:/a, b [1.onnx"}),
        ("x:is_it=true", {"operation": "x", "is_it": True}),
        (r'x:a="b\",c",d=1', {"operation": "x", "a": 'b",c', "d": 1}),
        (r"x:a='C:\b\',d=1", {"operation": "x", "a": "C:\\b\\", "d": 1}),
    ],
)
def test_parse_step_reads_name_and_arguments(text: str, expected: dict[str, Any]) -> None:
    assert parse_step(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is no step; expected an operation's name and its arguments, such as 'resize:size_hw="),
        ("48", "'48' is no step"),
        ("[48,48]", "is no step"),
        ("scale:", "'scale:' has no arguments behind the colon; leave it out, or write such as 'resize:"),
        ("resize:48", r"step 'resize:48': '48' is no setting; expected key=value, such as 'resize:size_hw="),
        ("resize:=48", "step 'resize:=48': '=48' is no setting"),
        ("scale:low=1,low=2", "step 'scale:low=1,low=2': 'low' stands twice"),
        ("scale:operation=1", "'operation' stands twice"),
        ("resize:size_hw=[48,48", r"'size_hw=\[48,48': '\]' is missing; a bracket or quote is left open"),
        ("crop_face:detector='a", '"\'" is missing; a bracket or quote is left open'),
    ],
)
def test_parse_step_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(MienError, match=message):
        parse_step(text)


def test_read_steps_takes_text_names_and_tables() -> None:
    expected = [{"operation": "to_grey"}, {"operation": "resize", "size_hw": [48, 48]}]
    assert read_steps("to_grey  resize:size_hw=[48, 48]") == expected
    assert read_steps(["to_grey", {"operation": "resize", "size_hw": [48, 48]}]) == expected
    assert read_steps(["to_grey", "resize:size_hw=[48,48]"]) == expected
    assert read_steps("") == read_steps([]) == []


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (48, "steps must be a list of names and tables, got 48; for example 'resize:"),
        ([48], "a step must be a name or a table with an operation, got 48"),
        ([{"size_hw": [4, 4]}], r"a step must name its operation, got {'size_hw': \[4, 4\]}"),
        ([{"operation": 3}], "a step must name its operation"),
        (["to grey"], "'to grey' is no step"),
    ],
)
def test_read_steps_refuses(written: Any, message: str) -> None:
    with pytest.raises(MienError, match=message):
        read_steps(written)


def test_read_step_copies_the_table() -> None:
    table = {"operation": "scale"}
    read_step(table)["low"] = 1
    assert table == {"operation": "scale"}


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
NUMBERS = st.integers(-1000, 1000) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = NUMBERS | st.booleans() | st.lists(NUMBERS, max_size=3) | st.text(st.characters(codec="ascii"), max_size=8)
ARGUMENTS = st.dictionaries(NAMES.filter(lambda name: name != "operation"), VALUES, max_size=3)


@given(st.lists(st.builds(lambda name, arguments: {"operation": name, **arguments}, NAMES, ARGUMENTS), max_size=3))
def test_describe_steps_gives_what_read_steps_reads(steps: list[dict[str, Any]]) -> None:
    assert read_steps(describe_steps(steps)) == steps


def test_describe_steps_leaves_fitted_arrays_out() -> None:
    step = {"operation": "zca_whiten", "epsilon": 0.1, "matrix": np.eye(3)}
    assert describe_steps([step, {"operation": "to_grey"}]) == "zca_whiten:epsilon=0.1 to_grey"
