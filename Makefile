# What one does with this project. `make` lists it; whatever takes more than a line is a program in scripts/.
# Always the whole workspace: building one package alone picks other features, and so builds most dependencies again.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# More arguments for the program that a target runs, as in `make test-rust ARGS=signup`.
ARGS ?=

# $(call if-installed,PROGRAM,COMMAND) runs COMMAND, or says that it was left out.
if-installed = @if command -v $(1) >/dev/null; then set -x; $(2); else echo 'Left out: $(1) is not installed.'; fi

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Build the server and run it on http://127.0.0.1:8080, with its data in ./data
	cargo run --bin user-registry -- serve $(ARGS)

.PHONY: test
test: ## Run every test, on SQLite and on PostgreSQL, and print the counts
	scripts/with-postgres scripts/test

.PHONY: test-rust
test-rust: ## Run the Rust tests only; ARGS narrows them down
	scripts/with-postgres scripts/test-rust $(ARGS)

test-%: tests/%/run ## Run one of the tests that need other programs: tests/%/run
	scripts/with-postgres scripts/test $*

.PHONY: state-machine
state-machine: ## Drive accounts and sessions at random on three engines beside a model, 100,000 steps on each
	scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only -E 'test(state_machine)'

.PHONY: races
races: ## Let 64 clients race for each mailed token in 50 rounds, through the real program on both engines
	scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only -E 'test(races)'

.PHONY: crashes
crashes: ## Kill the program 200 times under load on each engine, and look for what it had acknowledged
	scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only -E 'test(crashes)'

.PHONY: restarts
restarts: ## Restart PostgreSQL 40 times under load, print how soon all is served again, and look for what was acknowledged
	scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only --no-capture -E 'test(restarts_for_long)'

.PHONY: commits
commits: ## Watch with strace that none of 1,000 writes on SQLite is acknowledged before it is on the disk
	scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only --no-capture -E 'test(commits_for_long)'

.PHONY: disk-full
disk-full: ## Let the disk of the SQLite file be full 30 times under load, and look for what was acknowledged
	scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only --no-capture -E 'test(disk_full_for_long)'

.PHONY: torn-logs
torn-logs: ## Damage the log of SQLite at 100 places, each in three ways, and start on it
	scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only --no-capture -E 'test(torn_logs_for_long)'

.PHONY: soak
soak: ## Load each engine for half an hour, or for ARGS seconds, and see memory, descriptors and the log of SQLite stay
	USER_REGISTRY_TEST_SOAK_SECONDS=$(ARGS) scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only --no-capture -E 'test(soak_on)'

.PHONY: hostile
hostile: ## Stall 2,000 requests, send 1,000 bodies of 50 MiB and 100,000 connections, and see others served meanwhile
	ulimit -n 4096 && scripts/with-postgres cargo nextest run --workspace --profile long --run-ignored only --no-capture -E 'test(hostile_for_long)'

.PHONY: requests
requests: export USER_REGISTRY_TEST_EXAMPLES ?= 400
requests: export USER_REGISTRY_TEST_LEAST_REQUESTS ?= 10000
requests: ## Ask more than 10,000 requests of every shape on each engine, and hold the answers against the document
	scripts/with-postgres tests/clients/run --collect-only --quiet test_schema.py
	printf '%s\n' sqlite postgresql | scripts/with-postgres xargs -P 2 -I ENGINE tests/clients/run -rP test_schema.py -k ENGINE

.PHONY: torture
torture: state-machine races crashes restarts commits disk-full torn-logs hostile requests soak ## Do the long forms of all tests, in some two hours

.PHONY: fuzz
fuzz: ## Let libFuzzer try ten million inputs on every parser; ARGS='--runs 100000 email' for less
	scripts/fuzz $(ARGS)

.PHONY: mutants
mutants: export PATH := $(CURDIR)/target/tools/bin:$(PATH)
mutants: ## Break policy, sessions and tokens in every way, and see whether tests notice; ARGS='--shard 0/4' for a part
	@command -v cargo-mutants >/dev/null || \
	  { echo 'mutants: needs cargo-mutants: cargo install --locked --root target/tools cargo-mutants' >&2; exit 1; }
	cargo mutants --baseline skip --output target/mutants $(ARGS)

.PHONY: bench
bench: ## Measure the release build beside the bare limits of this machine, on both engines; ARGS=--quick for a short try
	cargo build --release --workspace --bins
	scripts/with-postgres cargo run --release --bin bench -- $(ARGS)

.PHONY: check
check: locked format-check lint deny test ## Run all that a change must pass

.PHONY: locked
locked:
	cargo tree --locked --depth 0 >/dev/null

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: format-check
format-check:
	cargo fmt --all --check

.PHONY: lint
lint: ## Look for mistakes with clippy, and with shellcheck in the scripts
	cargo clippy --workspace --all-targets -- --deny warnings
	$(call if-installed,shellcheck,shellcheck scripts/* .ci/run)

.PHONY: deny
deny: ## Judge the dependencies: licences, bans, sources
	$(call if-installed,cargo-deny,cargo deny --all-features check licenses bans sources)

.PHONY: openapi
openapi: ## Write docs/openapi.json as the code would answer it
	cargo run --quiet --bin user-registry -- openapi >docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json

.PHONY: image
image: ## Build the container image and print its size
	scripts/image $(ARGS)

.PHONY: test-image
test-image: ## Build the image and try it out, also where no container engine runs
	USER_REGISTRY_TEST_POSTGRES_URL= scripts/with-postgres scripts/test-image
