"""An EDGE_HOME whose cloud is a server of the test's own, on loopback."""

from __future__ import annotations

from pathlib import Path

from cloud_server import MODEL, CloudServer
from edge.settings.folders import Folders

KEY_LINE = 'key = "sk-loopback-0123456789"'
_CONFIG = """\
{policy}
[cloud]
mode = "{mode}"
provider = "loopback"

[cloud.loopback]
base_url = "{url}"
models = ["{model}"]
dialect = "dashscope"
{key}
n_ctx = 100000
per_million_in = 1
per_million_out = 4
currency = "CNY"

[privacy]
new = "{new}"

[budget.CNY]
month = {month}
"""


def furnish_cloud(
    home: Path,
    url: str | CloudServer,
    *,
    mode: str = "auto",
    new: str = "public",
    policy: str = "cloud-first",
    month: str = "20",
    key: str = KEY_LINE,
) -> None:
    """Turn a cloud on in this home: one yuan for a million tokens read, four for those written."""
    folders = Folders.below(home)
    folders.config.mkdir(parents=True, exist_ok=True)
    text = _CONFIG.format(
        policy=f'policy = "{policy}"\n' if policy else "",
        mode=mode,
        url=url if isinstance(url, str) else url.base_url,
        model=MODEL,
        new=new,
        key=key,
        month=month,
    )
    folders.config_file.write_text(text)
    folders.config_file.chmod(0o600)
