"""Which version and commit made something, read from files alone."""

from __future__ import annotations

from pathlib import Path

from designer.priors.provenance import checked_out, commit, version

SHA = "0123456789abcdef0123456789abcdef01234567"


def test_a_checkout(tmp_path: Path) -> None:
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    assert checked_out(tmp_path) is None
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert checked_out(tmp_path) is None
    (git / "packed-refs").write_text(f"# pack-refs\n{SHA} refs/heads/main\n")
    assert checked_out(tmp_path) == SHA
    (git / "refs" / "heads" / "main").write_text("f" * 40 + "\n")
    assert checked_out(tmp_path) == "f" * 40
    (git / "HEAD").write_text(SHA)
    assert checked_out(tmp_path) == SHA


def test_a_worktree(tmp_path: Path) -> None:
    own = tmp_path / "repo" / ".git" / "worktrees" / "w"
    own.mkdir(parents=True)
    (own / "HEAD").write_text("ref: refs/heads/w\n")
    (own / "commondir").write_text("../..\n")
    heads = tmp_path / "repo" / ".git" / "refs" / "heads"
    heads.mkdir(parents=True)
    (heads / "w").write_text(SHA)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {own}\n")
    assert checked_out(tree) == SHA


def test_no_checkout(tmp_path: Path) -> None:
    assert checked_out(tmp_path) is None
    assert version()
    assert commit() is None or len(str(commit())) == 40
