"""Units at the end of a column's name are read where they are clear, stated, and never assumed elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.file.unit_notes import unit_notes
from designer.cli.main import main
from designer.units import label_reason
from designer.units.header_endings import _OTHERS, _SIGNS, _TEMPERATURES, _TIMES, ends_with_extreme, unit_at_end


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("temperature_C", "degC"), ("anneal_temp_K", "K"), ("Temperature F", "degF"), ("T_K", "K"),
        ("time_h", "h"), ("Dwell time min", "min"), ("reaction_time_s", "s"), ("hold_hours", "h"), ("t_min", "min"),
        ("pressure_bar", "bar"), ("pressure_mTorr", "mTorr"), ("flow_sccm", "sccm"), ("speed rpm", "rpm"),
        ("thickness_nm", "nm"), ("voltage_mV", "mV"), ("yield_pct", "%"), ("humidity_percent", "%"), ("c_mM", "mM"),
        ("load_wt%", "wt%"), ("rate_of_heating", None), ("share_C", None), ("Fe_K", None), ("T_C", None), ("T_s", None),
        ("temperature_min", None), ("layer_h", None), ("sample_d", None), ("yield", None), ("_C", None), ("C", None),
        ("temperature_", None), ("temperature__C", None), ("pressure_in", None), ("j_mA_cm2", None), ("NM", None),
        ("thickness_NM", None), ("bath_temperature_c", None), ("mm", None), ("", None), ("_" * 50_000, None),
        ("a_" * 50_000, None), ("time_h\n", "h"),
        ("T/°C", "degC"), ("T / K", "K"), ("t/min", "min"), ("time/s", "s"), ("p/mbar", "mbar"), ("yield/%", "%"),
        ("c / mol L-1", "mol L-1"), ("c/mol·L⁻¹", "mol·L⁻¹"), ("j / mA cm-2", "mA cm-2"), ("q/mAh g-1", "mAh g-1"),
        ("k/s-1", "s-1"), ("R/kΩ", "kohm"), ("λ/nm", "nm"), ("conc. / mM", "mM"), ("v/m s−1", "m s−1"),
        ("Fe/Ni", None), ("S/N", None), ("H2/CO2", None), ("m/z", None), ("A/B", None), ("C/K", None), ("w/w", None),
        ("and/or", None), ("Pd/C", None), ("I/V", None), ("n/a", None), ("a/b/c", None), ("x / 10-3", None),
        ("/", None), ("pH/1", None), ("Cu/Zn ratio", None), ("/°C", None), ("T/", None), ("A/B-1", None),
        ("a" + " " * 50_000, None), ("surface_to_volume_per_mm", None), ("cost per kg", None), ("mg_per_mL", None),
        ("dose_mg_per_mL", "mg/mL"), ("samples_Per_h", None), ("hyper_mm", "mm"),
    ],
)  # fmt: skip
def test_ending(name: str, unit: str | None) -> None:
    found = unit_at_end(name)
    assert (found and found[1]) == unit


def test_headings_of_quantities_by_units_are_read_by_all_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{300 + 50 * (i % 7)},{0.1 + i / 10:.1f},{20 + i}" for i in range(14)]
    Path("t.csv").write_text("T/°C,c / mol L-1,yield/%\n" + "\n".join(rows), encoding="utf-8")
    assert main(["init", "t.csv", "--maximize", "yield/%", "--yes"]) == 0
    spec = CampaignSpec.from_file("t.yaml")
    assert [each.unit for each in spec.space.parameters] == ["degC", "mol L-1"]
    assert spec.targets[0].unit == "%"
    assert main(["attach", "t.csv", "--campaign", "t.yaml"]) == 0
    capsys.readouterr()
    assert main(["suggest", "t.yaml", "--csv", "next.csv"]) == 0
    headers, row = Path("next.csv").read_text(encoding="utf-8").splitlines()[:2]
    filled = f"{row.rstrip(',')},31"
    Path("next.csv").write_text(f"{headers}\n{filled}\n", encoding="utf-8")
    assert main(["record", "--campaign", "t.yaml", "next.csv"]) == 0


def test_every_unit_of_the_table_is_one() -> None:
    for unit in (*_SIGNS.values(), *_TEMPERATURES.values(), *_TIMES.values(), *_OTHERS.values()):
        assert label_reason(unit) is None


@pytest.mark.parametrize(
    ("name", "others", "extreme"),
    [
        ("time_min", ["time_max"], True),
        ("time_min", ["time_mean", "x"], True),
        ("time_min", ["temperature_max"], False),
        ("time_h", ["time_max"], False),
    ],
)
def test_minimum_beside_a_maximum_is_no_minute(name: str, others: list[str], extreme: bool) -> None:
    assert ends_with_extreme(name, others) is extreme


def test_init_reads_and_states_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{300 + 50 * (i % 7)},{1 + i % 3},{i % 4},{i % 4 + 5},{20 + i}" for i in range(14)]
    Path("t.csv").write_text("temperature_C,dwell_h,time_min,time_max,strength_MPa\n" + "\n".join(rows))
    assert main(["init", "t.csv", "--maximize", "strength_MPa", "--yes"]) == 0
    out = capsys.readouterr().out
    assert "'temperature_C' in degC, 'dwell_h' in h, 'strength_MPa' in MPa." in out
    spec = CampaignSpec.from_file("t.yaml")
    assert [each.unit for each in spec.space.parameters] == ["degC", "h", None, None]
    assert spec.targets[0].unit == "MPa"
    assert unit_notes(spec) == []
    assert main(["attach", "t.csv", "--campaign", "t.yaml"]) == 0
    assert main(["tasks", "import", "t.csv", "-o", "past", "--maximize", "strength_MPa", "--yes"]) == 0
    assert "unit: degC" in Path("past/family.yaml").read_text()


def test_cells_with_another_unit_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [f"{300 + 50 * (i % 7)} K,{1 + i % 3},{20 + i}" for i in range(14)]
    Path("t.csv").write_text("temperature_C,x,y\n" + "\n".join(rows))
    assert main(["init", "t.csv", "--maximize", "y", "--yes"]) == 0
    spec = CampaignSpec.from_file("t.yaml")
    assert spec.space.parameters[0].unit == "K"
    assert unit_notes(spec) == ["'temperature_C' has the unit K, and its name ends like the unit degC: values are in K"]


def test_header_of_another_unit_is_refused_with_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(
        "designer: 1\nname: c\nspace: [{name: temperature, kind: numeric, unit: K, bounds: [300, 900]}]\n"
        "targets: [{name: y, goal: maximize}]\n"
    )
    Path("t.csv").write_text("temperature_C,y\n300,1\n")
    assert main(["attach", "t.csv"]) == 2
    assert "unknown column; write it as 'temperature [degC]', if that is meant" in capsys.readouterr().err
    Path("t.csv").write_text("temperature [degC],y\n300,1\n")
    assert main(["attach", "t.csv"]) == 0
