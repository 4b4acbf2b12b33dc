import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.data.balancing import balance
from tests.unbalanced_set import make_unbalanced_set


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=40), st.integers(0, 99))
def test_over_sampling_adds_only_what_is_there(labels: list[int], seed: int) -> None:
    face_set = make_unbalanced_set(labels)
    balanced = balance(face_set, "over_sampling", seed=seed)
    counts = {count for count in balanced.class_counts().values() if count}
    assert counts == {max(face_set.class_counts().values())}
    known = {face.tobytes(): int(label) for face, label in zip(face_set.faces, face_set.labels, strict=True)}
    assert all(known[face.tobytes()] == label for face, label in zip(balanced.faces, balanced.labels, strict=True))


def test_over_sampling_agrees_with_imbalanced_learn() -> None:
    from imblearn.over_sampling import RandomOverSampler

    face_set = make_unbalanced_set()
    flat, labels = RandomOverSampler(random_state=7).fit_resample(face_set.faces.reshape(50, -1), face_set.labels)
    balanced = balance(face_set, "over_sampling", seed=7)
    np.testing.assert_array_equal(balanced.faces.reshape(len(balanced), -1), flat)
    np.testing.assert_array_equal(balanced.labels, labels)
