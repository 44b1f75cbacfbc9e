"""What a start loads: nothing that another package brings along, and of ours only what will be used."""

import os
import subprocess
import sys
from pathlib import Path

PLUGIN = """
import os
from pathlib import Path
Path(os.environ["LOADED"]).touch()
plugin = None
"""


def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python with `words` in a process of its own."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"}
    return subprocess.run(
        [sys.executable, *words], env=surroundings | more, capture_output=True, text=True, check=False
    )


def loaded(statement: str) -> set[str]:
    """Return the names of the modules that are there after a statement."""
    done = run("-P", "-c", f"import sys\n{statement}\nprint(*sys.modules)")
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_a_plugin_that_happens_to_be_installed_has_no_say_in_how_a_file_is_read(tmp_path: Path) -> None:
    notes = tmp_path / "stranger-1.0.dist-info"
    notes.mkdir()
    (notes / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (notes / "entry_points.txt").write_text("[pydantic]\nstranger = stranger:plugin\n")
    (tmp_path / "stranger.py").write_text(PLUGIN)
    seen = tmp_path / "seen"
    surroundings = {"PYTHONPATH": str(tmp_path), "LOADED": str(seen)}
    run("-c", "import protocols.treatment", **surroundings)
    assert seen.exists(), "the plugin is one that would be loaded"
    seen.unlink()
    done = run("-m", "app.main", "treatments", **surroundings)
    assert (done.returncode, done.stderr) == (0, "")
    assert "hands" in done.stdout
    assert not seen.exists()


def test_the_loops_process_loads_no_database() -> None:
    for module in ("app.run", "app.device.command"):
        assert not {"sqlite3", "_sqlite3", "controller.journal.tables"} & loaded(f"import {module}")


def test_of_what_the_wires_may_end_in_only_the_one_that_is_chosen_is_loaded() -> None:
    for module in ("app.run", "app.device.command"):
        there = loaded(f"import {module}")
        assert not {name for name in there if name.startswith(("sim.world", "sim.remote", "drivers.smbus"))}
        assert "controller.backends.rigging" in there
        for backend in ("simulated", "attached", "hardware"):
            assert f"controller.backends.{backend}" not in there


def test_a_good_file_is_read_without_what_only_a_bad_one_needs() -> None:
    there = loaded("from protocols.treatment import find\nfind('hands')")
    assert not {"config.yaml_errors", "difflib"} & there
