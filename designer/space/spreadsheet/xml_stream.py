"""XML parts of a zip archive as a stream of events, within limits on size, depth, number and length of elements.

Nothing of a part is stored here, and nothing in it can make the parser work longer than in proportion to
`MAX_UNPACKED` bytes: document types (and so entities) are refused, and an unfinished tag or comment, which the parser
scans again with every block, may not pass `MAX_TOKEN` bytes.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from xml.parsers import expat

from designer.errors import Fault, InvalidData

MAX_UNPACKED = 256_000_000
"""Bytes to which the parts of one file may unpack."""
MAX_ELEMENTS = 8_000_000
"""Elements in one part: a sheet of two million cells has some six million."""
MAX_DEPTH = 32
"""Elements within each other; a sheet has about ten."""
MAX_TOKEN = 1_000_000
"""Bytes of one tag, attribute or comment."""
MAX_TEXT = 32_767
"""Characters in one cell: the limit of Excel itself."""
_BLOCK = 1 << 18
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str, str], None]


class Archive:
    """The parts of a zip archive, read within one budget of unpacked bytes.

    Raises
    ------
    InvalidData
        If it is no zip archive.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MAX_UNPACKED

    def __contains__(self, part: str) -> bool:
        return part in self._archive.NameToInfo

    def parse(self, part: str, start: Start, end: End) -> None:
        """Call `start` with the name and attributes of each element, and `end` with its name and text.

        Names come without their prefix. Text is that between the last tag and the element's end: that of leaves.

        Raises
        ------
        InvalidData
            If the part is missing, damaged or no XML, or exceeds a limit.
        """
        reader = _Reader(part, start, end)
        try:
            info = self._archive.getinfo(part)
            if info.compress_type not in _METHODS or info.flag_bits & 1:
                raise refused(f"its part {part} is encrypted or packed in an unusual way")
            with self._archive.open(info) as stream:
                while block := stream.read(_BLOCK):
                    self._left -= len(block)
                    if self._left < 0:
                        raise refused(f"it unpacks to more than {MAX_UNPACKED // 1_000_000} MB")
                    reader.feed(block)
            reader.close()
        except KeyError:
            raise refused(f"its part {part} is missing") from None
        except expat.ExpatError as error:
            what = f"its part {part} is no XML: {expat.ErrorString(error.code)} in line {error.lineno}"
            raise refused(what) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            raise refused(f"its part {part} is damaged: {error or type(error).__name__}") from None


class _Reader:
    """One part as it is parsed."""

    def __init__(self, part: str, start: Start, end: End) -> None:
        self._part, self._start, self._end = part, start, end
        self._depth = self._elements = self._pending = self._length = 0
        self._text: list[str] = []
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._on_start
        parser.EndElementHandler = self._on_end
        parser.CharacterDataHandler = self._on_text
        parser.CommentHandler = self._on_other
        parser.ProcessingInstructionHandler = self._on_other
        parser.StartDoctypeDeclHandler = self._on_document_type
        self._parser = parser

    def feed(self, block: bytes) -> None:
        self._pending += len(block)
        self._parser.Parse(block, False)
        if self._pending > MAX_TOKEN:
            raise refused(f"a tag or comment in its part {self._part} is longer than {MAX_TOKEN} bytes")

    def close(self) -> None:
        self._parser.Parse(b"", True)

    def _on_start(self, name: str, attributes: dict[str, str]) -> None:
        self._pending = self._length = 0
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH:
            raise refused(f"its part {self._part} has elements nested more than {MAX_DEPTH} deep")
        if self._elements > MAX_ELEMENTS:
            raise refused(f"its part {self._part} has more than {MAX_ELEMENTS:,} elements")
        if self._text:
            self._text = []
        self._start(name.rpartition(":")[2], attributes)

    def _on_end(self, name: str) -> None:
        self._pending = self._length = 0
        self._depth -= 1
        text = "".join(self._text)
        self._text = []
        self._end(name.rpartition(":")[2], text)

    def _on_text(self, text: str) -> None:
        self._pending = 0
        self._length += len(text)
        if self._length <= MAX_TEXT:
            self._text.append(text)
        elif not text.isspace():
            raise refused(f"a text in its part {self._part} is longer than {MAX_TEXT:,} characters")

    def _on_other(self, *_: str) -> None:
        self._pending = 0

    def _on_document_type(self, *_: object) -> None:
        raise refused(f"its part {self._part} declares a document type, which no spreadsheet does")


def refused(what: str, remedy: str = "save it as .xlsx again, or as CSV UTF-8") -> InvalidData:
    """Return the error for a file that cannot be read."""
    return InvalidData(Fault(f"the file cannot be read as Excel: {what}", remedy))
