"""Column names."""

from keepwell.unify.reading.names import numbered_names, unique_names


def test_names_are_unique_even_where_only_case_differs():
    names, notes = unique_names(["Date", "date", "date_2", "DATE"])
    assert names == ("Date", "date_2", "date_2_2", "DATE_3")
    assert len(notes) == 3


def test_our_own_column_is_not_taken():
    names, notes = unique_names(["Line", "x"])
    assert names == ("Line_2", "x")
    assert "our line numbers" in notes[0]


def test_a_column_without_a_name_is_numbered_even_beside_one_so_called():
    assert unique_names(["c2", "", " "]) == (("c2", "c2_2", "c3"), ())


def test_numbered_names_begin_with_one():
    assert numbered_names(2) == ("c1", "c2")
