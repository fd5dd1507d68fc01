//go:build interop && linux

package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWeeklySales runs the example as it is, from PostgreSQL to Postfix, by hand and
// as a job. What Python and openpyxl read in the mail must be what psql says is in the
// database, and Chromium must show it. Names are hostile.
func TestWeeklySales(t *testing.T) {
	t.Parallel()
	p := startPostfix(t)
	config := filepath.Join(filepath.Dir(p.log), "config")
	run(t, "", require(t, "postconf"), "-c", config, "-e", "virtual_alias_domains = shop.example", "virtual_alias_maps = inline:{ sales@shop.example=ann@example.org }")
	run(t, "", require(t, "postfix"), "-c", config, "reload")

	d := startPostgreSQL(t)
	script, err := os.ReadFile("../examples/weekly_sales.lua")
	if err != nil {
		t.Fatal(err)
	}
	create := regexp.MustCompile(`"(CREATE TABLE [^"]+)"`).FindSubmatch(script)
	if create == nil {
		t.Fatal("the example makes no table")
	}
	d.psql(t, string(create[1])+";\n"+sales(time.Now().UTC()))

	address, err := url.Parse(d.secure + d.tls + d.ca)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.User(address.User.Username())
	toml := account(p.starttls, "starttls") + fmt.Sprintf(`
[database.shop]
url = %q
password_file = "shop.txt"

[job.weekly-sales]
script = "weekly_sales.lua"
args = ["shop"]
cron = "0 0 * * MON"
`, address)
	folder := project(t, toml, password, p.ca)
	write(t, filepath.Join(folder, "shop.txt"), databasePassword+"\n", 0o600)
	write(t, filepath.Join(folder, "weekly_sales.lua"), string(script), 0o600)

	for name, args := range map[string][]string{
		"run":      {"run", "--trace", "weekly_sales.lua", "--", "shop"},
		"jobs run": {"jobs", "run", "weekly-sales"},
	} {
		t.Run(name, func(t *testing.T) {
			r := mailscript(t, folder, args...)
			noSecret(t, password, r)
			noSecret(t, databasePassword, r)
			sent := regexp.MustCompile(`^sent\t(sales-(\d{4}-W\d\d)\.xlsx)\n$`).FindStringSubmatch(r.stdout)
			if r.status != 0 || sent == nil {
				t.Fatal(r)
			}
			message := p.delivered(t, "ann")
			checkSales(t, message, d.week(t, sent[2]), sent[1])
			if name == "run" {
				showSales(t, message)
			}
		})
	}
	p.stored(t) // waits for an empty queue
	if _, err := os.Stat(p.folder("bob")); err == nil {
		t.Error("a name with a line in it sent mail to bob")
	}
}

// Names that are more than text to somebody on the way, if anybody lets them. There are
// more regions than a chart can tell apart.
var (
	hostileRegions = []string{
		"<b>North</b>", `O'Brien & "Söhne"`, "=cmd|' /C calc'!A0", "Übersee, Ærø und Żółć – ein Gebiet mit einem sehr langen Namen", "{{.total}}", "</td></tr></table><script>alert(1)</script>",
		"a\r\nBcc: bob@example.org", "日本語 😀", " two  spaces ", "%s $1 ?", "_x0041_", "&lt;", "-1+1", "@SUM(A1)", "South",
	}
	hostileProducts = []string{`=HYPERLINK("http://x.example","x")`, "+49 30 1234", "]]>", "00123", "1e5", "2026-11-26", "TRUE", "\tMüsli\n", "Tee"}
)

// sales fills the table: some weeks around today, with different numbers each day.
func sales(today time.Time) string {
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	var b strings.Builder
	for day := -25; day <= 4; day++ {
		for i, region := range hostileRegions {
			if (i+day)%4 == 0 {
				continue // nothing was sold there
			}
			pieces := (day*day*7+i*i*5)%37 + 1
			product := hostileProducts[(i*3+day*day)%len(hostileProducts)]
			fmt.Fprintf(&b, "insert into sales values (%s, %s, %s, %d, %d.%02d);\n", quote(today.AddDate(0, 0, day).Format(time.DateOnly)), quote(region), quote(product), pieces, pieces*(20-i), (pieces*7+i)%100)
		}
	}
	return b.String()
}

// psql has PostgreSQL's own client run statements, and returns what they print.
func (s database) psql(t *testing.T, statements string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), require(t, "psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--single-transaction", "--set=ON_ERROR_STOP=1", s.secure+s.tls+s.ca)
	command.Env = append(os.Environ(), "PGCLIENTENCODING=UTF8")
	command.Stdin = strings.NewReader(statements)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, stderr.String())
	}
	return out
}

// soldWeek is what the database says of a week.
type soldWeek struct {
	Sales   [][]string // day, region, product, pieces, amount
	Regions [][]string // region, pieces, amount
	Total   []string   // pieces, amount
}

func (s database) week(t *testing.T, key string) soldWeek {
	t.Helper()
	within := fmt.Sprintf(" from sales where to_char(day, 'IYYY\"-W\"IW') = '%s'", key)
	var w soldWeek
	if err := json.Unmarshal(s.psql(t, `select json_build_object(
		'Sales', (select json_agg(json_build_array(day::text, region, product, pieces::text, amount::text) order by day, region, product)`+within+`),
		'Regions', (select json_agg(json_build_array(region, pieces::text, amount::text) order by amount desc, region)
			from (select region, sum(pieces) as pieces, sum(amount) as amount`+within+` group by region) as r),
		'Total', (select json_build_array(sum(pieces)::text, sum(amount)::text)`+within+`))`), &w); err != nil {
		t.Fatal(err)
	}
	for _, rows := range [][][]string{w.Sales, w.Regions} {
		for _, row := range rows {
			for i := range row {
				row[i] = strings.ReplaceAll(row[i], "\r\n", "\n") // a line ends with LF in cells and in HTML
			}
		}
	}
	if len(w.Sales) < 70 || len(w.Regions) != len(hostileRegions) {
		t.Fatalf("%d sales and %d regions in %s", len(w.Sales), len(w.Regions), key)
	}
	return w
}

// readSales is what testdata/sales.py finds.
type readSales struct {
	From, To, Subject, Auto, Tree, Text, Disposition, Book string
	ContentID                                              string `json:"content_id"`
	Images                                                 []map[string]string
	Picture                                                [2]int
	Table                                                  [][]string
	Elements                                               []string
	Sheets                                                 [][2]any
}

func checkSales(t *testing.T, message []byte, want soldWeek, book string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "/usr/bin/python3", "testdata/sales.py")
	command.Stdin = bytes.NewReader(message)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%.3000s", err, stderr.String(), message)
	}
	var got readSales
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"From":     {got.From, "Reports <reports@shop.example>"},
		"To":       {got.To, "sales@shop.example"},
		"Subject":  {strings.HasSuffix(got.Subject, ": "+want.Total[0]+" pieces"), true},
		"Auto":     {got.Auto, "auto-generated"},
		"tree":     {got.Tree, "multipart/mixed(multipart/related(multipart/alternative(text/plain text/html) image/png) application/vnd.openxmlformats-officedocument.spreadsheetml.sheet)"},
		"picture":  {got.Disposition, "inline"},
		"size":     {got.Picture, [2]int{960, 600}},
		"name":     {got.Book, book},
		"elements": {got.Elements, []string{"body", "h1", "head", "html", "img", "meta", "p", "table", "td", "th", "title", "tr"}},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if len(got.Images) != 1 || got.Images[0]["src"] != "cid:"+got.ContentID || !strings.Contains(got.Images[0]["alt"], "Sales by day") {
		t.Errorf("images are %v, and the picture is %s", got.Images, got.ContentID)
	}

	table := [][]string{{"Region", "Pieces", "Amount"}}
	for _, region := range want.Regions {
		table = append(table, region)
		for _, word := range strings.Fields(region[0]) { // long names take several lines
			if !strings.Contains(got.Text, word) {
				t.Errorf("%q of %q is not in the text:\n%s", word, region[0], got.Text)
			}
		}
	}
	table = append(table, append([]string{"All"}, want.Total...))
	plain := strings.NewReplacer("€", "", ",", "")
	for i, row := range got.Table {
		if i > 0 && len(row) == 3 {
			row[1], row[2] = plain.Replace(row[1]), plain.Replace(row[2])
		}
	}
	if diff := cmp.Diff(table, got.Table); diff != "" {
		t.Errorf("the table of the HTML (-want +got):\n%s", diff)
	}
	checkSheets(t, got.Sheets, want)
}

// checkSheets compares cells, which are texts (s), numbers (n) and days (d), with what
// the database says.
func checkSheets(t *testing.T, got [][2]any, want soldWeek) {
	t.Helper()
	sheet := func(name, kinds string, titles []string, rows [][]string) []string {
		all := []string{name, fmt.Sprint("s ", titles)}
		for _, row := range rows {
			all = append(all, fmt.Sprintf("%s %q", kinds, row))
		}
		return all
	}
	var lines []string
	lines = append(lines, sheet("Sales", "dssnn", []string{"Day", "Region", "Product", "Pieces", "Amount"}, want.Sales)...)
	lines = append(lines, sheet("Regions", "snn", []string{"Region", "Pieces", "Amount"}, want.Regions)...)
	var found []string
	for _, one := range got {
		found = append(found, one[0].(string))
		for i, row := range one[1].([]any) {
			var kinds string
			var values []string
			for _, cell := range row.([]any) {
				fields := cell.([]any)
				kind, value, format := fields[0].(string), fmt.Sprint(fields[1]), fields[2].(string)
				if kind == "n" && strings.Contains(format, "0.00") { // a number has no zeros at its end
					if number, err := json.Number(value).Float64(); err == nil {
						value = fmt.Sprintf("%.2f", number)
					}
				}
				kinds, values = kinds+kind, append(values, value)
			}
			if i == 0 {
				found = append(found, fmt.Sprint("s ", values))
			} else {
				found = append(found, fmt.Sprintf("%s %q", kinds, values))
			}
		}
	}
	if diff := cmp.Diff(lines, found); diff != "" {
		t.Errorf("the workbook (-want +got):\n%s", diff)
	}
}

// showSales has Chromium show the mail as a reader of mail does.
func showSales(t *testing.T, message []byte) {
	t.Helper()
	seen := look(t, message)
	if len(seen.html) != 1 {
		t.Fatalf("%d parts of HTML", len(seen.html))
	}
	page := fmt.Sprintf("<h2>%s</h2>\n<div><iframe srcdoc=\"%s\"></iframe></div>\n", html.EscapeString(seen.subject), html.EscapeString(seen.withPictures(seen.html[0])))
	if f := showInChromium(t, "sales", page, 1)[0]; f.Images != 1 {
		t.Errorf("%d pictures", f.Images)
	}
}
