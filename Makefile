# make quickstart   the whole main job on a bundled real model, ending with a served page
# make test         every test: Go, live parity with scikit-learn, a real browser
# make check        lint, race detector, short fuzzing
# make parity       only the comparison with scikit-learn (SEED=n repeats a run, ONLY=regexp picks estimators,
#                   WIDE=1 adds rare settings, weighted and partial fits, frames out, ROWS further types of rows a model)
# make ladder       what every release from 0.17 on wrote and computed (RELEASES, TIMES, SEED, ONLY)
# make parity-releases  what migrate writes, loaded by older releases (RELEASE_ENVS names their environments)
# make fixtures     writes testdata/sklearn and the demo model anew with real scikit-learn; fixtures-old: older releases
# make bench        side by side with scikit-learn

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
GO          := CGO_ENABLED=0 go
TOOL        := go tool -modfile=go.tools.mod
LOCK        := testdata/gen/requirements.txt
PYENV       := .parity/python
PYTHON      := $(CURDIR)/$(PYENV)/bin/python
STAMP       := $(PYENV)/$(shell cksum $(LOCK) | cut -d' ' -f1).stamp
ONE         := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONHASHSEED=0
# make parity fits fresh models on every run; make test and CI the same ones, so that a red run is about the change.
SEED        ?= $(if $(CI)$(filter test,$(MAKECMDGOALS)),20261124,$(shell date +%s))
ONLY        ?=
WIDE        ?=
ROWS        ?= 2
FUZZTIME    ?= 10s

.PHONY: quickstart build test unit parity parity-releases ladder browser check lint race fuzz fuzz-long bench fixtures fixtures-old python chromium clean

quickstart:
	$(GO) run ./cmd/larder quickstart ./quickstart

build:
	$(GO) build -trimpath -o larder ./cmd/larder

test: unit parity browser

unit:
	$(GO) test ./...

# The Python environment of the locked file, made once per version of that file.
python: $(STAMP)
$(STAMP): $(LOCK)
	rm -rf $(PYENV)
	$$(.ci/python) -m venv $(PYENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r $(LOCK)
	$(PYTHON) -m pip check && touch $@

parity: $(STAMP)
	rm -rf .parity/cases .parity/out
	$(ONE) $(PYTHON) parity/gen.py --seed $(SEED) --only '$(ONLY)' $(if $(WIDE),--wide --rows $(ROWS)) --out .parity/cases
	$(ONE) LARDER_PARITY=$(CURDIR)/.parity/cases LARDER_SEED=$(SEED) LARDER_PYTHON=$(PYTHON) $(GO) test -count=1 -v ./parity | grep -av "^=== \|--- PASS.*/"

# What migrate writes for other releases, loaded by each of them. RELEASE_ENVS holds their environments: py39old (for 1.0),
# py39 and py311 with numpy, scipy and joblib of the time, rel/VERSION with one scikit-learn each (pip install --no-deps --target).
RELEASE_ENVS ?= $(CURDIR)/.parity/releases
parity-releases: $(STAMP)
	@for d in $(RELEASE_ENVS)/rel/*; do v=$$(basename $$d); case $$v in 1.0.*) p=py39old ;; 1.[6789].*) p=py311 ;; *) p=py39 ;; esac; \
		test -d $(RELEASE_ENVS)/models/$$v || $(ONE) PYTHONPATH=$$d $(RELEASE_ENVS)/$$p/bin/python parity/migrate_gen.py $(RELEASE_ENVS)/models/$$v; done
	@test -d $(RELEASE_ENVS)/models/1.9.1 || $(ONE) $(PYTHON) parity/migrate_gen.py $(RELEASE_ENVS)/models/1.9.1
	$(ONE) LARDER_PARITY=1 LARDER_RELEASES=$(RELEASE_ENVS) LARDER_PYTHON=$(PYTHON) $(GO) test -count=1 -timeout 2h -run TestMigrate -v ./parity

fixtures: $(STAMP)
	$(ONE) $(PYTHON) testdata/gen/make.py
	$(ONE) $(PYTHON) testdata/gen/titanic.py
	$(ONE) $(PYTHON) testdata/gen/read_csv.py
	$(ONE) $(PYTHON) testdata/gen/fingerprint.py
	$(ONE) $(PYTHON) testdata/gen/params.py
	$(ONE) $(PYTHON) testdata/gen/own.py
	$(ONE) $(PYTHON) testdata/gen/wrong.py
	$(ONE) $(PYTHON) testdata/gen/codecs_cases.py

# The older releases whose states differ, each in an environment of its own (Python 3.11).
OLD := 1.2.2/numpy==1.24.4/scipy==1.10.1/pandas==2.0.3 1.5.2/numpy==1.26.4/scipy==1.13.1/pandas==2.2.3 1.7.2/numpy==2.2.6/scipy==1.15.3/pandas==2.3.3

fixtures-old:
	@for r in $(OLD); do \
		v=$${r%%/*}; dir=.parity/old/$$v; \
		test -x $$dir/bin/python || { $$(.ci/python) -m venv $$dir && \
			$$dir/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: scikit-learn==$$v joblib==1.4.2 threadpoolctl==3.5.0 skops==0.11.0 $$(echo $${r#*/} | tr / ' '); }; \
		$(ONE) $$dir/bin/python -W ignore testdata/gen/older.py; \
	done

	$(ONE) testdata/gen/ladder.sh --fixtures

# Every estimator with random settings under every release from 0.17 on: RELEASES="0.18.2 1.3.0" picks some, TIMES=n models
# per setting. Makes the environments under .parity/ladder on the first run.
RELEASES ?=
TIMES    ?= 1
ladder:
	rm -rf .parity/cases-ladder
	testdata/gen/ladder.sh .parity/cases-ladder $(SEED) $(TIMES) '$(ONLY)' $(RELEASES)
	LARDER_LADDER=$(CURDIR)/.parity/cases-ladder $(GO) test -count=1 -timeout 60m -v -run TestLadder ./parity | grep -v "^=== \|--- PASS.*/"

# Chromium from the system's packages where it is not installed yet.
chromium:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

browser: chromium
	LARDER_BROWSER=$$(command -v chromium || command -v google-chrome) $(GO) test -count=1 -run Browser -v ./serve/...

check: lint race fuzz

lint:
	$(TOOL) golangci-lint run ./...

race:
	CGO_ENABLED=1 go test -race ./...

# Every fuzz target of the tree for FUZZTIME. Before Go 1.27 the engine may take its own deadline for a failure (go.dev/issue/75804):
# "context deadline exceeded" without an input that fails says that the time is over.
fuzz:
	@for f in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
		for name in $$(grep -oP '^func \KFuzz\w+' $$f); do \
			echo "fuzz $$(dirname $$f) $$name"; \
			out=$$($(GO) test $$(dirname $$f) -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) 2>&1) || \
				{ grep -qx ' *context deadline exceeded' <<<"$$out" && ! grep -q 'Failing input\|panic\|_test.go:' <<<"$$out"; } || { echo "$$out"; exit 1; }; \
			awk '/^fuzz: elapsed/ { l = $$0 } END { print l }' <<<"$$out"; \
		done; \
	done

fuzz-long:
	$(MAKE) fuzz FUZZTIME=10m

bench: $(STAMP)
	$(ONE) LARDER_PYTHON=$(PYTHON) $(GO) run ./bench $(BENCH)

clean:
	rm -rf .parity quickstart larder dist
