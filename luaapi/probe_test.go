package luaapi

import (
	"strings"
	"testing"

	"github.com/mailscript/mailscript/config"
)

// smtp.probe returns data, of the port to use and of all that were asked.
func TestProbe(t *testing.T) {
	out, _, err := rehearse(t, `
		local smtp = require "smtp"
		local report = smtp.probe { host = "mail.bank.example" }
		assert(report.ok and report.target == "mail.bank.example:465" and report.tls_mode == "implicit")
		assert(report.greeting:find "^220 " and report.capabilities.PIPELINING == "" and #report.findings == 0)
		assert(report.tls.verified == true and report.tls.certificates[1].pin:find "^sha256//" and report.tls.certificates[1].days_left > 300)
		assert(report.auth.choice == "PLAIN" and report.auth.mechanisms[2].name == "LOGIN" and report.auth.mechanisms[2].supported)
		assert(report.limits.message_size == 67108864)
		assert(report.pipelining.offered and report.pipelining.behaviour == "works" and report.chunking.behaviour == "works")
		assert(report.account:find('host = "mail.bank.example"', 1, true))
		for _, target in ipairs(report.targets) do print(target.target, target.tls_mode, target.ok) end
		local wrong = smtp.probe { host = "mail.bank.example", port = 587, tls = "implicit" }
		print(wrong.target, wrong.ok)
		print(smtp.probe { host = "mail.bank.example", port = 465, username = "ann", password = "x", auth = true }.auth.login)
		print(smtp.probe().account)
	`)
	if err != nil {
		t.Fatal(err)
	}
	want := `mail.bank.example:465	implicit	true
mail.bank.example:587	starttls	true
mail.bank.example:25	starttls	true
mail.bank.example:587	true
accepted
[account.default]
`
	if !strings.HasPrefix(out, want) {
		t.Fatalf("printed\n%s", out)
	}
	// The account it prints is one that can be read.
	toml := out[strings.Index(out, "[account.default]"):]
	file, err := config.Parse("mailscript.toml", []byte(toml))
	if err != nil || file.Accounts["default"].Host != "localhost" || file.Accounts["default"].Username != "you@example.org" {
		t.Errorf("%v\n%s", err, toml)
	}
}

func TestProbeFindings(t *testing.T) {
	out, _, err := rehearse(t, `
		local smtp = require "smtp"
		local report = smtp.probe { host = "mail.bank.example", port = 25, tls = "off" }
		assert(not report.ok and report.tls == nil)
		local finding = report.findings[1]
		print(finding, finding.name, finding.severity)
		print(finding.cause ~= nil, finding.action ~= nil, finding.config)
	`)
	if err != nil {
		t.Fatal(err)
	}
	if want := "error: STARTTLS is not offered: nothing is encrypted on this port\tnot-encrypted\terror\ntrue\ttrue\tnil\n"; out != want {
		t.Errorf("printed\n%s", out)
	}
	out, _, err = rehearse(t, `
		local report = require "smtp".probe { host = "smtp.gmail.com", port = 465 }
		print(report.ok, #report.findings, report.findings[1].config, report.findings[1].action:find "app password" ~= nil)`)
	if err != nil || out != "true\t1\tservice = \"gmail\"\ttrue\n" {
		t.Errorf("%v\n%s", err, out)
	}
	if _, _, err = rehearse(t, `require "smtp".probe { mx = "bank.example" }`); err == nil || !strings.Contains(err.Error(), `option "mx" is for smtp.connect`) {
		t.Error(err)
	}
}
