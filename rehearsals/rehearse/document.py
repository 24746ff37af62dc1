"""The code blocks of docs/MIGRATING.md. A rehearsal runs them, so the document has only tested commands.

An HTML comment in front of a block says how it is used:

    <!-- rehearsed: NAME -->          run, written to the file in its first line (nginx), or found in an example (Rust)
    <!-- output: NAME -->             the output of the command of that name; `…` matches any text
    <!-- not rehearsed: REASON -->    shown only

A block with `(uuid)` after its name belongs to the rehearsal of that name only. A block without a comment is an error.
"""

import re
from dataclasses import dataclass

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(
    r"<!-- (?:(?P<kind>rehearsed|output): (?P<name>[\w-]+)(?: \((?P<cases>[\w, ]+)\))?|not rehearsed: (?:(?!-->).)+) -->\s*\Z",
    re.DOTALL,
)


class DocumentError(Exception):
    """The document and the rehearsal differ."""


@dataclass
class Block:
    kind: str
    name: str
    language: str
    text: str
    line: int
    used: bool = False


class Document:
    """The blocks that belong to the rehearsal `case`."""

    def __init__(self, text, case):
        self.blocks = {}
        for fence in FENCE.finditer(text):
            line = text.count("\n", 0, fence.start()) + 1
            mark = MARK.search(text, 0, fence.start())
            if mark is None:
                raise DocumentError(f"line {line}: the block has no comment that says whether it is rehearsed")
            if mark["kind"] is None or (mark["cases"] and case not in mark["cases"].split(", ")):
                continue
            key = mark["kind"], mark["name"]
            if key in self.blocks:
                raise DocumentError(f"line {line}: there are two blocks {key}")
            body = "".join(row.removeprefix(fence["indent"]) for row in fence["text"].splitlines(keepends=True))
            self.blocks[key] = Block(*key, fence["language"], body, line)

    def block(self, name, kind="rehearsed"):
        """The block of this name.

        Raises DocumentError if the document has none.
        """
        block = self.blocks.get((kind, name))
        if block is None:
            raise DocumentError(f"the document has no block {kind}: {name}")
        block.used = True
        return block

    def compare_output(self, name, printed):
        """Compares the output of the command `name` with the document, if the document shows that output.

        Raises DocumentError if they differ. A line of the document that is only `…` matches any number of lines.
        """
        if ("output", name) not in self.blocks:
            return
        block = self.block(name, "output")
        parts = [re.escape(part) for part in block.text.strip().split("…")]
        if not re.fullmatch(".*".join(parts), printed.strip(), re.DOTALL):
            raise DocumentError(f"line {block.line}: the output of {name} is\n{printed}\nand not\n{block.text}")

    def find_in(self, name, source):
        """Raises DocumentError if the block is not in `source`. Indentation and line breaks are ignored."""
        block = self.block(name)
        words = lambda text: " ".join(text.split())
        if words(block.text) not in words(source):
            raise DocumentError(f"line {block.line}: the lines of {name} are not in the program of the rehearsal")

    def check_all_used(self):
        """Raises DocumentError if a block was not used: the rehearsal does not do what the document says."""
        unused = [f"{block.kind}: {block.name} (line {block.line})" for block in self.blocks.values() if not block.used]
        if unused:
            raise DocumentError(f"blocks that this rehearsal did not use: {', '.join(unused)}")
