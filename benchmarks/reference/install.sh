#!/bin/sh
# reference/install.sh FOLDER: the reference interpreter of Dana → an environment of its own in FOLDER.
#
# It needs Python 3.12 or later, and uv: pip takes more than twenty minutes to find versions that fit together.
set -eu

folder=${1:?usage: install.sh FOLDER}
version=0.6.0.3.post3

if [ -x "$folder/bin/dana" ]; then
    echo "$folder/bin/dana is there already"
    exit 0
fi
if ! command -v uv >/dev/null 2>&1; then
    # uv itself comes from PyPI, into an environment that serves for nothing else.
    python3 -m venv "$folder-uv"
    "$folder-uv/bin/python" -m pip --quiet --disable-pip-version-check install uv
    PATH="$folder-uv/bin:$PATH"
fi
uv venv --quiet --python '>=3.12' "$folder"
# It imports pypdf, and does not say so.
uv pip install --quiet --python "$folder/bin/python" "dana==$version" pypdf
"$folder/bin/dana" --version >/dev/null 2>&1 || echo "$folder/bin/dana was installed, but does not start" >&2
