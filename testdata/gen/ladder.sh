#!/usr/bin/env bash
# ladder.sh OUT SEED TIMES ONLY [RELEASE…]: runs ladder.py under every release listed here (or those named), each with
# the numpy and scipy of its time. A Python that is not installed is named and left out.
# ladder.sh --fixtures: writes testdata/sklearn/<release> for the releases with fixtures of their own.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Python | numpy, scipy, joblib, pandas | scikit-learn
environments='
2.7 | numpy==1.13.3 scipy==0.19.1 pandas==0.24.2 | 0.17.1 0.18.2 0.19.2 0.20.4
3.6 | numpy==1.19.5 scipy==1.5.4 joblib==1.1.1 threadpoolctl==3.1.0 pandas==1.1.5 | 0.19.2 0.20.0 0.20.3 0.21.3 0.22 0.22.2.post1 0.23.2 0.24.1 0.24.2
3.9 | numpy==1.24.4 scipy==1.9.3 joblib==1.2.0 threadpoolctl==3.1.0 pandas==1.5.3 | 1.0 1.0.2 1.1.0 1.1.3 1.2.0 1.2.2 1.3.0 1.3.2 1.4.0 1.4.2 1.5.0 1.5.2
3.11 | numpy==2.2.6 scipy==1.15.3 joblib==1.4.2 threadpoolctl==3.5.0 pandas==2.3.3 | 1.6.0 1.6.1 1.7.0 1.7.2 1.8.0
'
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 PYTHONIOENCODING=utf-8
home=$PWD/.parity/ladder
if [ "$1" = --fixtures ]; then
	fixtures=1
	shift
	wanted="0.17.1 0.18.2 0.20.0 0.20.4 0.21.3 0.23.2 0.24.2 1.1.0 1.2.0 1.3.0 1.4.2 1.7.0"
else
	out=$1 seed=$2 times=$3 only=$4
	shift 4
	wanted=$*
fi
while IFS='|' read -r version packages releases; do
	[ -n "$releases" ] || continue
	version=${version// /}
	python=$(ls -d "$HOME"/.pyenv/versions/"$version".*/bin/python 2>/dev/null | tail -1 || true)
	python=${python:-$(command -v "python$version" || true)}
	for release in $releases; do
		[ -z "$wanted" ] || [[ " $wanted " == *" $release "* ]] || continue
		if [ "${fixtures-}" ] && [ "$version" = 3.6 ] && [ "$release" = 0.20.4 ]; then continue; fi
		if [ -z "$python" ]; then
			echo "no Python $version: scikit-learn $release left out"
			continue
		fi
		install() { "$python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --target "$@" 2>/dev/null; }
		[ -d "$home/$version/numpy" ] || install "$home/$version" $packages
		[ -d "$home/$version-$release/sklearn" ] || install "$home/$version-$release" --no-deps "scikit-learn==$release"
		run() { PYTHONPATH=$home/$version-$release:$home/$version:testdata/gen "$python" -W ignore testdata/gen/ladder.py "$@"; }
		if [ "${fixtures-}" ]; then
			run --fixtures --out "testdata/sklearn/$release"
		else
			run --seed "$seed" --times "$times" --only "$only" --out "$out/$release-py$version"
		fi
	done
done <<<"$environments"
