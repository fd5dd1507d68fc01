# Everything a developer runs. `make check` is what every commit must pass.

GO ?= go
FUZZTIME ?= 10s
CRASH_RUN ?= .
PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: build test check format vet staticcheck race generate matrix interop interop-full interop-install crash fuzz bench platforms clean

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o mailscript ./cmd/mailscript

test:
	$(GO) test ./...

# The layer rules and the comparison of generated files are tests of their own,
# so race covers them.
check: format vet staticcheck race

format:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted:"; echo "$$unformatted"; exit 1; fi

vet:
	$(GO) vet ./...
	$(GO) vet -tags interop ./interop/...
	$(GO) vet -tags matrix ./smtp/smtptest ./template
	$(GO) vet -tags grid ./schedule
	$(GO) vet -tags crash ./crash
	$(GO) -C bench vet ./...

staticcheck:
	$(GO) tool -modfile=tools/go.mod staticcheck -tags interop,matrix,grid,crash ./...

# Packages without goroutines of their own take most of the detector's time for nothing.
race:
	$(GO) test -race -shuffle=on $$($(GO) list ./... | grep -vE '/(rows|chart|civil|workbook|template/inline|mime/(plaintext|lint|mimetest)|engine/lualib)$$')
	$(GO) test -shuffle=on ./rows ./chart ./civil ./workbook ./template/inline ./mime/plaintext ./mime/lint ./mime/mimetest ./engine/lualib

generate:
	$(GO) run ./luaapi/internal/generate

# Every state of a connection, and of a stream of messages, times every fault, in
# one to three minutes.
matrix:
	cd smtp/smtptest && $(GO) test -tags matrix -count=1

# Against real servers and readers; install.sh fetches what a Debian machine lacks.
# UPDATE=1 writes what was found to docs/servers.md; without it, differences fail.
interop-install:
	bash interop/install.sh

interop:
	$(GO) test -tags interop -count=1 -parallel 4 ./interop/...

# The same with 100,000 generated messages for each reader in place of 2,000: half
# an hour of two cores.
interop-full:
	READERS=100000 $(GO) test -tags interop -count=1 -timeout 4h ./interop/...

# kill -9 at random moments of merges, a thousand times over half a million messages,
# against a server of ours in bad weather, and against smtp-sink where Postfix is
# installed; up to 25 minutes of two cores. UPDATE=1 writes the table of
# docs/guarantees.md. CI has a short one, of 20 kills.
crash:
	CRASH_KILLS=$${CRASH_KILLS:-1050} CRASH_MESSAGES=$${CRASH_MESSAGES:-500000} $(GO) test -tags crash -count=1 -timeout 90m -v -run '$(CRASH_RUN)' ./crash

# Each target for a short while; FUZZTIME=10m for a long one, FUZZTIME=500x for so
# many inputs. The minimiser is kept short: it can spend a whole run on one input.
# A package is linked once for all of its targets, which took most of a short run.
fuzz:
	@set -e; cache=$$($(GO) env GOCACHE)/fuzz; binary=$$(mktemp); trap "rm -f $$binary" EXIT; \
	for folder in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
		$(GO) test -c -fuzz Fuzz -o $$binary ./$$folder; \
		for target in $$(cd $$folder && $$binary -test.list '^Fuzz'); do \
			echo "$$folder $$target"; \
			(cd $$folder && $$binary -test.run '^$$' -test.fuzz "^$$target$$" -test.fuzztime $(FUZZTIME) \
				-test.fuzzminimizetime 10x -test.fuzzcachedir $$cache/$$($(GO) list)); \
		done; \
	done

# Ours against its peers and the physical limit; BENCHFLAGS=-quick shows in a
# minute that it works, "-run DATA" measures some lines, -write docs/performance.md
# keeps the tables.
bench:
	$(GO) -C bench build -trimpath -o bin/ ./...
	bench/bin/runner -bin bench/bin $(BENCHFLAGS)

platforms:
	@set -e; for platform in $(PLATFORMS); do \
		echo $$platform; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build -trimpath -ldflags "-s -w" -o /dev/null ./cmd/mailscript; \
	done

clean:
	rm -f mailscript
