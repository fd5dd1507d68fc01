package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mailscript/mailscript/"

// layers are what each package may import of ours, and why.
var layers = map[string]struct {
	may []string
	why string
}{
	"smtp":                     {nil, "the client core knows nothing of messages, scripts or configuration"},
	"smtp/server":              {nil, "the server codec stands under tests of the client and must not share its mistakes"},
	"smtp/smtptest":            {nil, "the scriptable server must not share the mistakes of the client it tests"},
	"delivery":                 {[]string{"smtp", "ledger"}, "a merge knows neither scripts nor where rows and messages come from"},
	"probe":                    {[]string{"smtp"}, "the probe knows servers, and neither messages nor scripts"},
	"mime":                     {[]string{"mime/plaintext"}, "messages know nothing of how they travel"},
	"mime/mimetest":            {[]string{"mime"}, "makes messages and says what must be read in them, for tests"},
	"engine":                   {[]string{"engine/lualib"}, "the runtime gets its modules passed in"},
	"mime/dkim":                {nil, "signs bytes, whoever built them"},
	"mime/plaintext":           {nil, "HTML in, text out"},
	"mime/lint":                {[]string{"mime/dkim"}, "looks at final bytes, whoever built them; alignment is that of dkim"},
	"engine/lualib":            {nil, "Lua's own library knows nothing of mail"},
	"template":                 {[]string{"mime/plaintext"}, "data in, parts of a message out"},
	"civil":                    {nil, "calendars and zones"},
	"chart":                    {nil, "numbers in, a picture out"},
	"collector":                {nil, "the process as a whole"},
	"daemon":                   {nil, "what a process that runs for months needs of the system"},
	"schedule":                 {[]string{"civil"}, "decides when jobs run, whatever they do"},
	"fetch":                    {nil, "HTTP for scripts"},
	"workbook":                 {nil, "tables out, as workbooks"},
	"template/inline":          {nil, "style sheets into style attributes, whatever the document is for"},
	"rows":                     {nil, "tables of records, whatever is made of them"},
	"sink":                     {[]string{"smtp", "smtp/server"}, "the sink is a server that dials like a client"},
	"config":                   {[]string{"smtp", "mime", "schedule"}, "configuration yields what the client takes"},
	"luaapi":                   {[]string{"engine", "config", "smtp", "mime", "mime/dkim", "mime/lint", "probe", "rows", "template", "template/inline", "delivery", "ledger", "civil", "fetch", "chart", "workbook"}, "bindings adapt the layers below"},
	"ledger":                   {nil, "remembers rows and what became of them, whoever sends them"},
	"luaapi/internal/generate": {[]string{"luaapi"}, "writes what follows from the descriptors"},
	"interop":                  {nil, "tests of the finished binary"},
	"crash":                    {nil, "tests of the finished binary"},
	"cmd/mailscript":           {[]string{"luaapi", "engine", "config", "ledger", "delivery", "sink", "smtp", "mime", "mime/lint", "probe", "luaapi/library", "schedule", "daemon", "collector"}, "the command puts everything together"},
	"luaapi/library":           {nil, "generated definitions"},
}

// outsiders are packages that only some of ours may import.
var outsiders = []struct {
	path string
	only []string
	why  string
}{
	{"github.com/yuin/gopher-lua", []string{"engine", "engine/lualib", "luaapi"}, "only the runtime and the bindings know gopher-lua"},
	{"github.com/BurntSushi/toml", []string{"config"}, "only config knows TOML"},
	{"github.com/spf13/cobra", []string{"cmd/mailscript"}, "only the command has flags"},
	{"database/sql", []string{"rows"}, "only rows knows the databases of others"},
	{"zombiezen.com/go/sqlite", []string{"ledger"}, "only the ledger knows how it is stored"},
	{"github.com/adhocore/gronx", []string{"schedule"}, "only the scheduler evaluates cron"},
	{"github.com/xuri/excelize/v2", []string{"workbook"}, "only workbook writes workbooks"},
	{"github.com/fsnotify/fsnotify", []string{"daemon"}, "only the daemon watches files"},
	{"github.com/lmittmann/tint", []string{"cmd/mailscript"}, "only the command knows terminals"},
	{"net/smtp", nil, "the client core is our own"},
}

// TestLayers compares what packages import with what the design allows.
func TestLayers(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports", module+"...")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath           string
			Imports, TestImports []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		layer, known := layers[name]
		if !known {
			t.Errorf("package %s is in no layer; add it to the list, with the reason", name)
			continue
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(layer.may, ours) {
				t.Errorf("%s imports %s: %s", name, ours, layer.why)
			}
		}
		for _, outsider := range outsiders {
			if slices.Contains(p.Imports, outsider.path) && !slices.Contains(outsider.only, name) {
				t.Errorf("%s imports %s: %s", name, outsider.path, outsider.why)
			}
			if outsider.only == nil && slices.Contains(p.TestImports, outsider.path) {
				t.Errorf("a test of %s imports %s: %s", name, outsider.path, outsider.why)
			}
		}
	}
}
