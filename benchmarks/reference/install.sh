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
# A Python that is there; where none is new enough, uv looks for one itself.
python='>=3.12'
for candidate in ${PYTHON:-python3 python3.12 python3.13}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then
        python=$("$candidate" -c 'import sys; print(sys.executable)')
        break
    fi
done
uv venv --quiet --clear --python "$python" "$folder"
# It imports pypdf, and does not say so.
uv pip install --quiet --python "$folder/bin/python" "dana==$version" pypdf
"$folder/bin/dana" --version >/dev/null 2>&1 || echo "$folder/bin/dana was installed, but does not start" >&2
