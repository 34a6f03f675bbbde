"""A table of candidates is known again by its designs: saved anew it is the same, with another design it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from designer.campaign.campaign import Campaign
from designer.campaign.results.design_tables import load_pool, same_candidates
from designer.errors import InvalidInput
from designer.space import DesignSpace
from designer.space.table_files import read_csv_text

SPACE = DesignSpace(
    parameters=[
        {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 500]},
        {"name": "product", "kind": "formula"},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ]
)
TABLE = "T [degC],product,gas,seen\n300,Fe2O3,N2,1\n450.1,NiO,Ar,2\n500,CoO,Ar,3\n"
SAME = {
    "line ends": TABLE.replace("\n", "\r\n"),
    "row order": "T [degC],product,gas,seen\n500,CoO,Ar,3\n300,Fe2O3,N2,1\n450.1,NiO,Ar,2\n",
    "column order": "gas,T [degC],product\nN2,300,Fe2O3\nAr,450.1,NiO\nAr,500,CoO\n",
    "semicolons": TABLE.replace(",", ";"),
    "digits": TABLE.replace("450.1", "450.10000000000002").replace("300", "3.00E+02"),
    "another unit": "T [K],product,gas\n573.15,Fe2O3,N2\n723.25,NiO,Ar\n773.15,CoO,Ar\n",
    "a mark of the encoding": "\ufeff" + TABLE,
    "a row twice": TABLE + "500,CoO,Ar,4\n",
    "other values beside": TABLE.replace(",seen", ",note").replace(",1\n", ",x\n"),
}
OTHER = {
    "a number": TABLE.replace("450.1", "450.2"),
    "a word": TABLE.replace("N2", "Ar"),
    "a formula": TABLE.replace("NiO", "MnO"),
    "a row less": TABLE.replace("500,CoO,Ar,3\n", ""),
    "a row more": TABLE + "310,CoO,Ar,3\n",
    "values exchanged": TABLE.replace("300,Fe2O3", "X,Fe2O3").replace("500,CoO", "300,CoO").replace("X,", "500,"),
}


def digest_of(text: str, path: Path) -> str:
    path.write_bytes(text.encode())
    return load_pool(SPACE, path)[1]


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_a_table_saved_again_is_the_same(text: str, tmp_path: Path) -> None:
    assert same_candidates(digest_of(TABLE, tmp_path / "a.csv"), digest_of(text, tmp_path / "b.csv"))


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_another_table_is_not(text: str, tmp_path: Path) -> None:
    assert not same_candidates(digest_of(TABLE, tmp_path / "a.csv"), digest_of(text, tmp_path / "b.csv"))


def test_a_campaign_goes_on_with_the_table_saved_again(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "designer: 1\nname: c\nspace:\n  - {name: T, kind: numeric, unit: degC, bounds: [300, 500]}\n"
        "  - {name: product, kind: formula}\n  - {name: gas, kind: categorical, choices: [N2, Ar]}\n"
        "candidates: pool.csv\ntargets:\n  - {name: y, goal: maximize}\n"
    )
    (tmp_path / "pool.csv").write_text(TABLE)
    first = Campaign.open(file)
    (suggested,) = first.suggest(1).index
    first.record(read_csv_text(f"suggestion,y\n{suggested},3\n"))
    (tmp_path / "pool.csv").write_text(SAME["row order"], newline="\r\n")
    again = Campaign.open(file)
    assert len(again.suggest(1)) == 1
    (tmp_path / "pool.csv").write_text(OTHER["a number"])
    with pytest.raises(InvalidInput, match="candidates are not those that the campaign began with"):
        Campaign.open(file).suggest(1)


def test_a_table_that_version_0_1_knew_by_its_bytes_is_known_again(tmp_path: Path) -> None:
    import hashlib

    digest = digest_of(TABLE, tmp_path / "a.csv")
    assert same_candidates(hashlib.sha256(TABLE.encode()).hexdigest(), digest)
    assert not same_candidates(hashlib.sha256(b"another").hexdigest(), digest)
