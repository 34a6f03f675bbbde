"""Campaign files: examples of every class of fault with the message expected, and what valid ones say.

After a message was changed on purpose, write the expected texts anew with ``python -m tests.campaign.file.test_spec``
and read the difference.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from designer.campaign.file.differences import changed_settings, same_question, same_space, space_changes
from designer.campaign.file.spec import CampaignSpec
from designer.errors import InvalidCampaign

SPECS = Path(__file__).parent / "specs"
WITHOUT = () if importlib.util.find_spec("rdkit") else ("molecule",)
"""Words in the names of files that need a package which is not installed."""
VALID, INVALID = (
    sorted(path for path in (SPECS / folder).glob("*.yaml") if not any(word in path.stem for word in WITHOUT))
    for folder in ("valid", "invalid")
)


def message_of(path: Path) -> str:
    with pytest.raises(InvalidCampaign) as caught:
        CampaignSpec.from_file(path)
    return str(caught.value).replace(f"{path.parent}/", "") + "\n"


def by_stem(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", INVALID, ids=by_stem)
def test_every_fault_has_its_line_and_remedy(path: Path) -> None:
    assert message_of(path) == path.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", INVALID, ids=by_stem)
def test_each_message_says_where_and_what_would_be_right(path: Path) -> None:
    for line in path.with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        place, _, text = line.partition(": ")
        assert place.startswith((path.name, "broken-plate.csv"))
        assert "; " in text, "a remedy follows what is wrong"


def test_no_message_repeats_a_password() -> None:
    assert not [path for path in INVALID if "hunter2" in message_of(path)]


def test_candidates_that_are_no_table_are_refused() -> None:
    data = {
        "name": "run",
        "space": [{"name": "T", "kind": "numeric", "bounds": [300, 900]}],
        "targets": [{"name": "y", "goal": "maximize"}],
    }
    with pytest.raises(InvalidCampaign, match="candidates cannot be of type int; give a DataFrame or a path"):
        CampaignSpec.from_data(data, candidates=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", VALID, ids=by_stem)
def test_valid_files_are_read_and_come_back_from_their_plain_content(path: Path) -> None:
    spec = CampaignSpec.from_file(path)
    again = CampaignSpec.from_data(spec.data, folder=path.parent)
    assert again.settings == spec.settings.model_copy(update={"store": None})
    assert again.objective == spec.objective
    assert same_space(again.space, spec.space)
    assert again.initial_designs == spec.initial_designs
    assert again.pool_digest == spec.pool_digest


class TestEverything:
    spec = CampaignSpec.from_file(SPECS / "valid" / "everything.yaml")

    def test_the_store_lies_beside_the_file_and_is_not_in_the_content(self) -> None:
        assert self.spec.store == str(SPECS / "valid" / "runs" / "oer.db")
        assert "store" not in self.spec.data

    def test_settings(self) -> None:
        settings = self.spec.settings
        assert (settings.batch_size, settings.budget, settings.seed, settings.replicates) == (4, 40, 7, 2)
        assert (settings.stop.reach, settings.stop.probability_of_better_than, settings.stop.margin) == (
            True,
            0.01,
            0.05,
        )
        assert settings.suggest_seconds == 30

    def test_initial_designs_are_in_lab_units(self) -> None:
        first, second = self.spec.initial_designs
        assert first == {
            "composition.Ni": 60, "composition.Fe": 40, "composition.Co": 0, "composition.Mn": 0, "composition.Ce": 0,
            "composition.La": 0, "anneal_temperature": 350, "anneal_time": 60, "pressure": 100, "atmosphere": "Ar",
        }  # fmt: skip
        assert second["composition.Co"] == 40
        assert second["pressure"] == 1000

    def test_objective(self) -> None:
        assert [target.name for target in self.spec.targets] == ["overpotential", "cost", "particle_size", "leaching"]
        assert self.spec.objective.mode == "desirability"


def test_defaults() -> None:
    path = SPECS / "valid" / "smallest.yaml"
    spec = CampaignSpec.from_file(path)
    assert spec.store == str(path.with_suffix(".db"))
    settings = spec.settings
    assert (settings.batch_size, settings.budget, settings.seed, settings.suggest_seconds) == (1, None, 0, 60)
    assert settings.stop.reach
    assert settings.measure is None


def test_a_shared_database_is_named_by_its_url() -> None:
    assert CampaignSpec.from_file(SPECS / "valid" / "lab-database.yaml").store.startswith("postgresql://lab@")


def test_candidates_are_converted_and_other_columns_passed_over() -> None:
    spec = CampaignSpec.from_file(SPECS / "valid" / "candidates-and-table.yaml")
    assert spec.space.pool is not None
    frame = spec.space.frame(spec.space.pool.coordinates)
    assert frame["T"].tolist() == [376.85, 426.85, 476.85]
    assert frame["gas"].tolist() == ["N2", "Ar", "N2"]
    assert spec.pool_digest is not None


def test_a_store_behind_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    text = (SPECS / "valid" / "smallest.yaml").read_text(encoding="utf-8")
    (inside / "run.yaml").write_text(text + "store: link/run.db\n", encoding="utf-8")
    with pytest.raises(InvalidCampaign, match="is a link out of the folder"):
        CampaignSpec.from_file(inside / "run.yaml")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidCampaign, match="no such file"):
        CampaignSpec.from_file(tmp_path / "run.yaml")


def test_the_password_is_not_in_the_specs_text(tmp_path: Path) -> None:
    text = (SPECS / "valid" / "smallest.yaml").read_text(encoding="utf-8")
    (tmp_path / "run.yaml").write_text(text + "store: postgresql://ada:hunter2@db/run\n", encoding="utf-8")
    spec = CampaignSpec.from_file(tmp_path / "run.yaml")
    assert "hunter2" not in repr(spec)
    assert "hunter2" not in repr(spec.data)


class TestDifferences:
    text = (SPECS / "valid" / "smallest.yaml").read_text(encoding="utf-8")

    def spec(self, tmp_path: Path, *changes: tuple[str, str], more: str = "") -> CampaignSpec:
        text = self.text
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "run.yaml"
        path.write_text(text + more, encoding="utf-8")
        return CampaignSpec.from_file(path)

    def test_another_spelling_is_no_difference(self, tmp_path: Path) -> None:
        first = self.spec(tmp_path, more="budget: 40\nstop: {reach: true}\n")
        second = self.spec(tmp_path, ("[300, 900]", "[300.0, 9e2]"), more="# words\nbudget: 40.0\n")
        assert changed_settings(first, second) == {}
        assert same_space(first.space, second.space)
        assert same_question(first, second) == []

    def test_settings_that_may_change(self, tmp_path: Path) -> None:
        first = self.spec(tmp_path, more="budget: 40\n")
        second = self.spec(tmp_path, ("goal: maximize", "goal: maximize, reach: 500"), more="batch_size: 3\n")
        changed = changed_settings(first, second)
        assert changed == {"batch_size": 3, "budget": None, "targets": second.data["targets"]}
        assert same_question(first, second) == []

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("goal: maximize", "goal: minimize", "target 'strength': goal was 'maximize' and is 'minimize'"),
            ("unit: MPa", "unit: GPa", "target 'strength': unit was 'MPa' and is 'GPa'"),
            ("name: strength", "name: hardness", "target 'strength' is gone"),
        ],
    )
    def test_changed_questions_are_reported(self, tmp_path: Path, old: str, new: str, message: str) -> None:
        faults = same_question(self.spec(tmp_path), self.spec(tmp_path, (old, new)))
        assert message in "\n".join(map(str, faults))

    def test_changes_of_the_space_in_words(self, tmp_path: Path) -> None:
        first = self.spec(tmp_path, more="constraints: [T <= 800]\n")
        second = self.spec(tmp_path, ("[300, 900]", "[300, 950]"), ("[N2, Ar]", "[N2, Ar, air]"))
        assert space_changes(first.space, second.space) == [
            "T: bounds was (300.0, 900.0) and is (300.0, 950.0)",
            "gas: choices was ('N2', 'Ar') and is ('N2', 'Ar', 'air')",
            "constraint 'T <= 800' is gone",
        ]


if __name__ == "__main__":
    for each in INVALID:
        each.with_suffix(".txt").write_text(message_of(each), encoding="utf-8")
