"""What a person should know about the molecules of a campaign's choices: whether their descriptors are used."""

from __future__ import annotations

from designer.campaign.file.open_parameters import known_molecules_of, open_molecules
from designer.campaign.file.spec import CampaignSpec
from designer.counting import count
from designer.space import CategoricalParameter


def molecule_notes(spec: CampaignSpec) -> list[str]:
    """Return one sentence for each open molecule, and for choices that are molecules where the file says nothing."""
    notes = []
    for molecule in open_molecules(spec.space):
        known = count(len(known_molecules_of(molecule, spec.folder).like), "known molecule")
        what = f"molecules of {molecule.name!r} are recombined from {known}"
        notes.append(f"{what}; a proposed molecule is not a synthesis")
    for parameter in spec.space.parameters:
        if not isinstance(parameter, CategoricalParameter) or parameter.descriptors is not None:
            continue
        molecules = parameter.molecules
        if molecules is None:
            continue
        where = "its choices, which are SMILES" if molecules.from_names else "'smiles'"
        if molecules.reason is None:
            notes.append(
                f"{parameter.name!r}: the model uses descriptors of the molecules in {where};"
                " 'descriptors: none' switches them off"
            )
        else:
            notes.append(
                f"{parameter.name!r}: descriptors of the molecules in {where} are not used: {molecules.reason}"
            )
    return notes
