import base64
import csv
import io
import math

from mien.evaluation.report.blocks import Download, Table, table_part, to_csv


def test_a_download_holds_the_file_itself() -> None:
    kind, data = Download("a.csv", "a,ä\n").address.split(";base64,")
    assert kind == "data:text/csv;charset=utf-8"
    assert base64.b64decode(data).decode() == "a,ä\n"


def test_csv_rounds_nothing_and_leaves_what_is_missing_empty() -> None:
    rows = list(csv.reader(io.StringIO(to_csv([["a", "b"], [0.1 + 0.2, math.nan], [None, 'x "y", z']]))))
    assert rows == [["a", "b"], ["0.30000000000000004", ""], ["", 'x "y", z']]


def test_table_part_is_one_table_and_the_same_texts_as_csv() -> None:
    part = table_part("compact", [["detector", "found"], ["haar", "90 %"]], caption="Faces", file_name="faces.csv")
    (table,) = part.blocks
    assert isinstance(table, Table)
    assert (part.title, table.caption, table.is_text) == ("compact", "Faces", False)
    assert table.download == Download("faces.csv", "detector,found\nhaar,90 %\n")


def test_a_table_without_columns_of_numbers_is_text() -> None:
    assert Table("facts", [["a", "b"]], Download("a.csv", ""), num_text_columns=2).is_text
