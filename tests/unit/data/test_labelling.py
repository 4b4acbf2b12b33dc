import pytest

from mien.data.labelling import count_pictures, label_numbers, read_labels
from mien.errors import DataError
from mien.expressions import CK_PLUS_EXPRESSIONS, FER2013_EXPRESSIONS


def test_read_labels_says_what_it_understood() -> None:
    read = read_labels(["Anger", "HAPPY", "Anger", "angry"], place="faces")
    assert read.expressions == ("angry", "happy")
    assert read.labels.tolist() == [0, 1, 0, 0]
    assert read.history == (
        "folder 'Anger' read as angry: 2 pictures",
        "folder 'HAPPY' read as happy: 1 picture",
        "folder 'angry' read as angry: 1 picture",
    )


def test_read_labels_keeps_the_order_of_a_data_set() -> None:
    read = read_labels(["sadness", "anger"], place="CK+48", expressions=CK_PLUS_EXPRESSIONS)
    assert read.expressions == CK_PLUS_EXPRESSIONS
    assert read.labels.tolist() == [5, 0]
    assert read.without_empty_classes().expressions == ("angry", "sad")
    assert read.without_empty_classes().labels.tolist() == [1, 0]


def test_read_labels_takes_a_table_of_its_own() -> None:
    read = read_labels(["3", "0"], place="faces", noun="label", names=label_numbers("fer2013"))
    assert read.expressions == ("angry", "happy")
    assert read.history[1] == "label '3' read as happy: 1 picture"


def test_read_labels_lists_all_strangers_with_counts() -> None:
    texts = ["happy", "hungry", "Sadd", "hungry", "contempt"]
    message = (
        r"^faces: 3 folders stand for no class: 'Sadd' 1 picture \(did you mean 'sad'\?\), 'contempt' 1 picture "
        r"\(contempt\), 'hungry' 2 pictures( \(.*\))?; expected angry, .*; rename, or leave out with .* unknown=skip$"
    )
    with pytest.raises(DataError, match=message):
        read_labels(texts, place="faces", expressions=FER2013_EXPRESSIONS, unknown="refuse")


def test_read_labels_advises_only_what_the_reader_lets_one_choose() -> None:
    with pytest.raises(DataError, match=r"^jaffe: code stands for no class: 'XX' 1 picture$"):
        read_labels(["XX", "AN"], place="jaffe", noun="code")


def test_read_labels_skips_strangers_and_says_so() -> None:
    read = read_labels(["happy", "hungry", "hungry"], place="faces", unknown="skip")
    assert read.labels.tolist() == [0, -1, -1]
    assert read.history[-1] == "folder 'hungry' stands for no class: 2 pictures left out"
    assert read.without_empty_classes().labels.tolist() == [0, -1, -1]


def test_label_numbers_counts_from_any_number() -> None:
    assert label_numbers("") == {}
    assert label_numbers("raf_db", first=1)["1"] == "surprise"
    with pytest.raises(DataError, match="unknown vocabulary 'raf'"):
        label_numbers("raf")


def test_count_pictures_has_a_plural() -> None:
    assert (count_pictures(1), count_pictures(0), count_pictures(1234)) == ("1 picture", "0 pictures", "1,234 pictures")
