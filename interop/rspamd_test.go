//go:build interop && linux

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// knownSymbols are what rspamd counts against an example, and why it is as it should be.
var knownSymbols = map[string]map[string]string{
	"international.lua": {
		"INVALID_RCPT_8BIT": "an address that is not ASCII, as SMTPUTF8 has it (RFC 6531)",
		"TO_NEEDS_ENCODING": "the same in To: an address has no encoded form (RFC 6532, section 3.2)",
	},
	"invoices.lua":   preheader,
	"markdown.lua":   preheader,
	"newsletter.lua": preheader,
}

// preheader is what a preheader is worth to rspamd: it is text that nobody sees below.
var preheader = map[string]string{"MANY_INVISIBLE_PARTS": "the preheader is hidden, as all preheaders are"}

// checkRspamd has rspamd, with the rules of its package and no network, look at what the
// examples send: no rule about MIME or header fields may count against them, apart from
// those that are about addresses as the example wants them.
func checkRspamd(t *testing.T, sent map[string][][]byte) {
	t.Helper()
	socket := startRspamd(t)
	for _, example := range slices.Sorted(maps.Keys(sent)) {
		t.Run(example, func(t *testing.T) {
			want := slices.Sorted(maps.Keys(knownSymbols[example]))
			found := map[string]bool{}
			for _, message := range sent[example] {
				for _, symbol := range askRspamd(t, socket, message) {
					found[symbol] = true
				}
			}
			got := slices.Sorted(maps.Keys(found))
			if !slices.Equal(got, want) {
				t.Errorf("rspamd counts %q, want %q", got, want)
			}
		})
	}
}

// startRspamd returns the socket of a worker.
func startRspamd(t *testing.T) string {
	t.Helper()
	program := require(t, "rspamd")
	// A path of a socket has 108 octets at most; those of test folders are longer.
	folder, err := os.MkdirTemp("/tmp", "rs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data", "run", "override.d"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
		own(t, "_rspamd", filepath.Join(folder, name))
	}
	// Modules that ask others.
	for _, module := range []string{
		"rbl", "surbl", "fuzzy_check", "asn", "mx_check", "greylist", "ratelimit", "phishing", "dkim", "dkim_signing", "arc", "spf", "dmarc",
		"whitelist", "url_redirector", "neural", "replies", "reputation", "history_redis", "bayes_expiry", "multimap",
	} {
		write(t, filepath.Join(folder, "override.d", module+".conf"), "enabled = false;\n", 0o644)
	}
	write(t, filepath.Join(folder, "tld"), "com\nexample\nnet\norg\n", 0o644) // all there are take seconds to compile
	socket := filepath.Join(folder, "run", "socket")
	config := filepath.Join(folder, "rspamd.conf")
	write(t, config, fmt.Sprintf(`
.include "$CONFDIR/common.conf"
options {
    pidfile = "%[1]s/run/pid";
    control_socket = "%[1]s/run/control mode=0600";
    cache_file = "%[1]s/data/symbols.cache";
    url_tld = "%[1]s/tld";
    filters = "chartable,regexp";
    check_all_filters = true;
    disable_hyperscan = true;
    explicit_modules = ["settings"];
    dns { nameserver = "127.0.0.1"; timeout = 0.05s; retransmits = 1; }
}
logging { type = "console"; level = "warning"; }
worker "normal" { bind_socket = "%[2]s mode=0666"; count = 1; }
`, folder, socket), 0o644)
	command := exec.Command(program, "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", config, "--var=LOCAL_CONFDIR="+folder, "--var=DBDIR="+filepath.Join(folder, "data"), "--var=RUNDIR="+filepath.Join(folder, "run"))
	// It has no network, and is the first process of its own: where that is killed, the
	// kernel kills all others.
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID}
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatalf("%v; the tests of servers must run as root", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the log of rspamd:\n%s", tail(log.String()))
		}
	})
	await(t, "rspamd", func() bool {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
	return socket
}

// askRspamd returns the symbols that count against a message.
func askRspamd(t *testing.T, socket string, message []byte) []string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	response, err := client.Post("http://rspamd/checkv2", "message/rfc822", bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var verdict struct {
		Error   string
		Symbols map[string]struct{ Score float64 }
	}
	if err := json.NewDecoder(response.Body).Decode(&verdict); err != nil {
		t.Fatal(err)
	}
	if verdict.Error != "" || len(verdict.Symbols) == 0 {
		t.Fatalf("rspamd finds nothing at all: %s", verdict.Error)
	}
	var all []string
	for name, symbol := range verdict.Symbols {
		if symbol.Score > 0 {
			all = append(all, name)
		}
	}
	return all
}
