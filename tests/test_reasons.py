import pytest

from tfsiamese.reasons import first_line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("wrong"), "wrong"),
        (ValueError("\n  wrong\n\nwith a long trace"), "wrong"),
        (ValueError(), "ValueError"),
        (OSError(" \n "), "OSError"),
    ],
)
def test_the_first_line_of_an_error_or_else_its_name(error, line):
    assert first_line(error) == line
