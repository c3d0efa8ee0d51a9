# `make chat` and `make test` are all that a newcomer needs.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
SAMPLE := samples/lighthouse.mp4

.PHONY: chat demo test torture bench inspector conformance lock clean

chat: $(VENV)/installed ## index the sample and open the chat
	$(BIN)/cuepoint index $(SAMPLE)
	$(BIN)/cuepoint chat

demo: $(VENV)/installed ## the same in the terminal
	$(BIN)/cuepoint index $(SAMPLE)
	$(BIN)/cuepoint ask "When does the red boat appear?" $(SAMPLE) --thread demo
	$(BIN)/cuepoint ask "What was said there?" $(SAMPLE) --thread demo
	$(BIN)/cuepoint ask "What was said about a whale?" $(SAMPLE)

test: $(VENV)/tested ## install what the tests need and run them all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder -rs --durations 40

torture: $(VENV)/tested ## every fault as often as docs/reliability.md says; takes an hour or more
	CUEPOINT_TORTURE=long $(BIN)/pytest -n 2 -rs --timeout 7200 tests/torture \
		tests/tools/generate/test_kills.py tests/tools/generate/test_finishing.py \
		tests/tools/provenance/test_signing.py

bench: $(VENV)/installed ## speed and quality, as tables
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.growing
	$(BIN)/python -m benchmarks.embedding
	$(BIN)/python -m benchmarks.near_duplicates
	$(BIN)/python -m benchmarks.scale --quick
	$(BIN)/python -m benchmarks.screen --minutes 10
	$(BIN)/python -m benchmarks.speech
	$(BIN)/python -m benchmarks.times
	$(BIN)/python -m benchmarks.turns
	$(BIN)/python -m benchmarks.playing
	$(BIN)/python -m benchmarks.chat
	$(BIN)/python -m benchmarks.mcp_calls
	$(BIN)/python -m benchmarks.slack
	$(BIN)/python -m benchmarks.moderation
	$(BIN)/python -m benchmarks.watermark
	$(BIN)/python -m benchmarks.ads

inspector: $(VENV)/installed ## the tools of `cuepoint mcp`, as the MCP Inspector sees them; needs npx
	for one in --strict --app-info; do \
		npx -y -p node@22 -p @modelcontextprotocol/inspector@2.12.0 mcp-inspector --cli $$one \
			--connect-timeout 60000 --method tools/list -- $(BIN)/cuepoint mcp > /dev/null || exit 1; done

conformance: ## MCP's scenarios of the transport against `cuepoint serve`, which runs; needs npx
	for one in server-initialize ping completion-complete tools-list tools-call-error resources-list \
		prompts-list server-sse-multiple-streams dns-rebinding-protection; do \
		npx -y -p node@22 -p @modelcontextprotocol/conformance@0.1.16 conformance server \
			--url http://127.0.0.1:8000/mcp --scenario $$one || exit 1; done

lock: ## choose new pins
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--extra test pyproject.toml --output-file requirements.lock

$(VENV)/installed: pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "Cuepoint needs Python 3.11, 3.12 or 3.13 (make PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable .
	@touch $@

$(VENV)/tested: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[test]'
	@touch $@

clean: ## remove the environment
	rm -rf $(VENV)
