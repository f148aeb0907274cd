"""What templates/cells.html draws: marks, cells of tables, pictures."""

import base64
import dataclasses


@dataclasses.dataclass(frozen=True)
class Mark:
    """A few words on a coloured ground.

    Args:
      words: str.
      kind: str. "good", "unsure" or "bad".
    """

    words: str
    kind: str


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell of a table that holds more than its text.

    Args:
      text: str.
      notes: tuple of str. Beneath it, in small letters.
      mark: Mark or None. Before it.
    """

    text: str
    notes: tuple = ()
    mark: Mark | None = None


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture inside the page.

    Args:
      uri: str. What `data_uri` returns.
      caption: str. Beneath it, and for who cannot see it.
    """

    uri: str
    caption: str


def data_uri(content, media_type):
    """Bytes as an address that holds them; `media_type` as in "image/png"."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
