#!/usr/bin/env bash
# Makes ../needs.txt: needs.sh DIR, where DIR is as for make.sh, and PYTHON runs 1.9.1.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1 tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
list=()
for v in 1.0.2 1.1.3 1.2.2 1.3.2 1.4.2 1.5.2 1.6.1 1.7.2 1.8.0 1.9.1; do
	minor=${v%.*}
	case $v in
	1.9.1) python=$PYTHON path= ;;
	1.[678].*) python=$dir/py311/bin/python path=$dir/rel/$v ;;
	*) python=$dir/py39/bin/python path=$dir/rel/$v ;;
	esac
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$path "$python" "$here/needs.py" >"$tmp/$minor.json"
	list+=("$minor=$tmp/$minor.json")
done
"$PYTHON" "$here/needs_table.py" "${list[@]}" >"$here/../needs.txt"
