#!/usr/bin/env bash
# Makes ../table.txt and ../needs.txt: make.sh DIR, where DIR/py39 (1.0 to 1.5) and DIR/py311 (1.6 to 1.8) are Python
# environments with numpy and scipy, DIR/rel/VERSION holds one release each (pip install --no-deps --target), and PYTHON
# runs 1.9.1. make.sh DIR table and make.sh DIR needs make one of them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1 tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export PYTHONDONTWRITEBYTECODE=1

# describe SCRIPT: what SCRIPT.py says of each release, as arguments MINOR=FILE
describe() {
	for v in 1.0.2 1.1.3 1.2.2 1.3.2 1.4.2 1.5.2 1.6.1 1.7.2 1.8.0 1.9.1; do
		case $v in
		1.9.1) python=$PYTHON path= ;;
		1.[678].*) python=$dir/py311/bin/python path=$dir/rel/$v ;;
		*) python=$dir/py39/bin/python path=$dir/rel/$v ;;
		esac
		PYTHONPATH=$path "$python" "$here/$1.py" >"$tmp/$1-${v%.*}.json"
		echo "${v%.*}=$tmp/$1-${v%.*}.json"
	done
}
if [ "${2-table}" = table ]; then
	list=$(describe describe)
	"$PYTHON" "$here/table.py" $list >"$here/../table.txt"
fi
if [ "${2-needs}" = needs ]; then
	list=$(describe needs)
	"$PYTHON" "$here/needs_table.py" $list >"$here/../needs.txt"
fi
