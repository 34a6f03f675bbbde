"""What carries a name: built in, registered by a program, or offered by another package's entry point."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from designer.errors import BrokenPlugin, InvalidInput, InvalidPrior
from designer.registry import Registry
from tests.plugins import write_package

GROUP = "designer_test.shapes"


def shapes(**given: Any) -> Registry[Any]:
    return Registry(GROUP, "shape", {"path": "pathlib:Path"}, **given)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that installs a package: its module's code and its entry points."""

    def install(package: str, code: str, points: dict[str, str]) -> None:
        monkeypatch.syspath_prepend(str(write_package(tmp_path, package, code, {GROUP: points})))

    return install


class TestBuiltIn:
    def test_is_loaded(self) -> None:
        assert shapes().load("path") is Path
        assert "path" in shapes()
        assert shapes().names() == ("path",)

    @pytest.mark.parametrize("name", ["paht", None, 3, ["path"], {"a": 1}])
    def test_an_unknown_name_is_a_fault_with_the_known_names(self, name: Any) -> None:
        with pytest.raises(InvalidPrior, match=r"is not known; (did you mean|known: path)") as caught:
            shapes(error_type=InvalidPrior).load(name)
        assert len(caught.value.faults) == 1
        assert name not in shapes()


class TestRegistered:
    def test_is_loaded_until_it_is_removed(self) -> None:
        registry = shapes()
        assert registry.register("set", set) is set
        registry.register("set", set)
        assert registry.load("set") is set
        assert registry.names() == ("path", "set")
        registry.unregister("set")
        assert "set" not in registry

    def test_a_name_that_is_taken(self) -> None:
        registry = shapes()
        registry.register("set", set)
        for name in ("path", "set"):
            with pytest.raises(InvalidInput, match=f"shape '{name}' is registered already"):
                registry.register(name, dict)

    @pytest.mark.parametrize("name", ["", " a", "a ", None, 1])
    def test_a_name_that_is_no_word(self, name: Any) -> None:
        with pytest.raises(InvalidInput, match="cannot name a shape"):
            shapes().register(name, set)

    def test_an_object_of_the_wrong_kind(self) -> None:
        registry = shapes(accepts=lambda item: isinstance(item, type), expected="a class")
        with pytest.raises(InvalidInput, match="3 cannot be a shape; register a class"):
            registry.register("three", 3)


class TestEntryPoints:
    def test_is_imported_only_when_it_is_used(self, plugin: Any) -> None:
        plugin("shape_round", "circle = 'a circle'", {"circle": "shape_round:circle"})
        registry = shapes()
        assert registry.names() == ("path", "circle")
        assert "circle" in registry
        assert "shape_round" not in sys.modules
        assert registry.load("circle") == "a circle"
        assert sys.modules.pop("shape_round").circle is registry.load("circle")

    @pytest.mark.parametrize(
        ("code", "point", "reason"),
        [
            ("raise RuntimeError('no license\\nfound')", "shape_bad:circle", "RuntimeError: no license found"),
            ("import shape_of_nothing", "shape_bad:circle", "No module named 'shape_of_nothing'"),
            ("", "shape_bad:circle", "AttributeError"),
            ("circle = 3", "shape_bad:circle", "is 3, not a class"),
        ],
    )
    def test_a_broken_one_is_named_with_its_package(self, plugin: Any, code: str, point: str, reason: str) -> None:
        plugin("shape_bad", code, {"circle": point})
        registry = shapes(accepts=lambda item: isinstance(item, type), expected="a class")
        with pytest.raises(BrokenPlugin, match="shape 'circle' of the package shape_bad") as caught:
            registry.load("circle")
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)
        sys.modules.pop("shape_bad", None)
        assert registry.load("path") is Path

    def test_two_packages_with_one_name(self, plugin: Any) -> None:
        plugin("shape_one", "circle = 1", {"circle": "shape_one:circle"})
        plugin("shape_two", "circle = 2", {"circle": "shape_two:circle"})
        with pytest.raises(BrokenPlugin, match="offered twice: shape_one:circle and shape_two:circle"):
            shapes().load("circle")

    def test_a_built_in_name_cannot_be_replaced(self, plugin: Any) -> None:
        plugin("shape_path", "path = 'mine'", {"path": "shape_path:path"})
        assert shapes().load("path") is Path
        assert shapes().names() == ("path",)
