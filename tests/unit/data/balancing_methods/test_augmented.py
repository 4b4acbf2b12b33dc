from mien.data.balancing import balance
from tests.unbalanced_set import make_unbalanced_set


def test_augmented_takes_every_face_of_a_class_before_any_twice() -> None:
    balanced = balance(make_unbalanced_set(), "augmented", flip=1.0, rotation_degrees=0.0, scale=0.0, shift=0.0)
    new_of_sad = balanced.faces[50:][balanced.labels[50:] == 1]
    mirrored = {face[:, ::-1].tobytes() for face in make_unbalanced_set().faces[30:42]}
    assert {face.tobytes() for face in new_of_sad} == mirrored
    assert len(new_of_sad) == 18


def test_augmented_faces_differ_from_their_parents() -> None:
    face_set = make_unbalanced_set()
    balanced = balance(face_set, "augmented", flip=0.0, rotation_degrees=20.0)
    assert not {face.tobytes() for face in balanced.faces[50:]} & {face.tobytes() for face in face_set.faces}
