import subprocess
import sys


def test_a_missing_package_is_named_with_the_extra_that_brings_it():
    code = """
import sys
sys.modules["apache_beam"] = None
from tfsiamese.errors import DependencyError
try:
    import tfsiamese.beam
except DependencyError as error:
    sys.exit(str(error))
"""
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert 'pip install "tfsiamese[beam]"' in finished.stderr
    assert finished.returncode == 1
