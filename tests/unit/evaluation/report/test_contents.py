def test_answers_stand_model_by_model(make_contents, judged) -> None:
    contents = make_contents(judged.two.folder, judged.one.folder)
    assert [each.label for each in contents.answered] == ["two, validation", "one, validation", "one, test"]
