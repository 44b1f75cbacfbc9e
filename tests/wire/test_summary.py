"""The summary that `ionto run --json` prints of each way a session may end."""

import json

import pytest
from golden import form, held

from app.main import main

SHORT = "name: short\narea: hands\ncurrent_ma: 2\ntotal_min: 2\n"
STRONG = SHORT.replace("current_ma: 2", "current_ma: 15").replace("total_min: 2", "total_min: 3")
SLOW = "loop:\n  rate_hz: 50\n"
ENDS = {
    "completed": (0, {}),
    "completed short": (0, {"load": {"water_us_per_cm": 7}}),
    "aborted": (3, {"events": [{"at_s": 30.0, "fault": "hand_out"}]}),
    "stopped": (4, {"events": [{"at_s": 30.0, "fault": "press", "button": "stop", "for_s": 0.3}]}),
    "refused": (5, {"person": {"start_at_s": None}}),
    "refused before": (5, {"build": {"eeprom_code": 7}}),
}


@pytest.mark.parametrize("end", ENDS)
def test_summary(end, tmp_path, capsys):
    code, scenario = ENDS[end]
    files = {
        "treatment": STRONG if end == "completed short" else SHORT,
        "unit": SLOW,
        "scenario": json.dumps(scenario),
    }
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    words = ["run", str(tmp_path / "treatment.yaml"), "--unit", str(tmp_path / "unit.yaml"), "--json"]
    words += ["--simulate", str(tmp_path / "scenario.yaml"), "--state", str(tmp_path / "state")]
    assert main(words) == code
    (line,) = capsys.readouterr().out.splitlines()
    held(f"summary-{end.replace(' ', '-')}.json", form({**json.loads(line), "treatment": "short"}))
