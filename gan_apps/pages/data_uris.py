"""Files as addresses, so that a page holds its pictures."""

import base64


def data_uri(content, media_type):
    """Bytes as an address that holds them; `media_type` as in "image/png"."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
