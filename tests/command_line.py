"""What is asked of all that a user calls wrongly."""


def one_line(result, *parts):
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert result.err.startswith("course: ")
    assert "Traceback" not in result.err
    for part in parts:
        assert part in result.err
