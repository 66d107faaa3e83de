# Everything a developer runs. The tools are pinned in tools/go.mod and built by Go itself.
TOOL := go tool -modfile=tools/go.mod

.DEFAULT_GOAL := help
.PHONY: help all build demo test e2e heavy judges conformance conformance-server clients node-example lint generate checkgenerate tidy vuln bench cross clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

all: build lint checkgenerate tidy cross test ## Everything that a change must pass

build: ## Build bin/mcp-server and bin/plugins/*
	go run ./internal/build

demo: ## Build, then run all five operations against the emulator
	go run ./internal/build demo

test: ## All tests, with the race detector
	go test -race -shuffle=on -timeout 20m ./...

e2e: ## Only the tests with real binaries
	go test -race -shuffle=on ./cmd/... ./internal/supervisor/...

MOMENTS ?= 200
BODY ?= 5368709120
KILLS ?= 1000
heavy: ## kill -9 of plugin, server and both at 200 moments each, of a plugin a thousand times under load, and an archive of 5 GiB
	go test ./cmd/mcp-server -count=1 -v -run 'TestKilledAtAnyMoment|TestLargeArchive|TestStorm' -moments $(MOMENTS) -kills $(KILLS) -body $(BODY) -timeout 30m

# The judges that are not ours come from npm, pinned by conformance/package-lock.json; no script of theirs runs at installation.
JUDGES := conformance/node_modules/.package-lock.json
$(JUDGES): conformance/package-lock.json
	cd conformance && npm ci --ignore-scripts --no-audit --no-fund

judges: $(JUDGES) ## Install the conformance suite, the clients and Node from npm

RUNS ?= 1
conformance: $(JUDGES) ## Judge the server with MCP's conformance suite, RUNS times; CHECK=1 compares docs/conformance.md
	go run ./conformance -runs $(RUNS) $(if $(CHECK),-check)

ADDR ?= 127.0.0.1:3000
conformance-server: ## Only the server with the conformance plugin, at ADDR, in the foreground
	go build -o bin/conformance/run ./conformance
	exec bin/conformance/run -serve $(ADDR)

clients: $(JUDGES) ## Other people's clients against the server: inspector, TypeScript and Go SDK
	MCP_SERVER_NODE=required go test ./conformance/clients -count=1 -timeout 10m

NODE_EXAMPLE := examples/node-plugin/node_modules/.package-lock.json
$(NODE_EXAMPLE): examples/node-plugin/package-lock.json
	cd examples/node-plugin && npm ci --ignore-scripts --no-audit --no-fund

node-example: $(NODE_EXAMPLE) ## Build the plugin in Node and run it through the supervisor and the server
	cd examples/node-plugin && npm run build
	MCP_SERVER_NODE=required go test ./examples/node-plugin -count=1 -timeout 5m

lint: ## Static checks
	$(TOOL) golangci-lint run ./...

generate: ## Rewrite what is generated: the wire, the host's own tools, schemas/, the README's tool table, docs/tools.md
	$(TOOL) buf generate
	go test ./internal/host -run '^TestOwnTools' -count=1 -update
	go test ./cmd/mcp-server -run '^TestGenerated' -count=1 -update

checkgenerate: ## Fail when something generated is stale
	./.ci/check-generated $(TOOL) buf generate

tidy: ## Fail when go.mod or go.sum is not tidy
	go mod tidy -diff

cross: ## Compile for the other systems
	GOOS=darwin GOARCH=arm64 go build ./cmd/... ./plugins/...
	GOOS=windows go build ./cmd/... ./plugins/...
	GOOS=windows go vet ./internal/supervisor ./internal/artifact ./sdk

vuln: ## Known vulnerabilities (asks the Go vulnerability database)
	$(TOOL) govulncheck ./...

bench: ## Start, calls and a download beside an in-process server and curl, each in one run
	go run ./bench
	go run ./bench start
	go run ./bench download

clean: ## Remove what was built
	rm -rf bin
