package inline

import (
	"html/template"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// html/template finds the same contexts in the result: what ran before runs after.
func TestTemplatesStillRun(t *testing.T) {
	files, err := filepath.Glob("testdata/newsletters/*.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("no newsletters: %v", err)
	}
	sources := []string{
		`<style>td{color:red;font-family:"a b"}tr+tr td{top:0}</style><table>{{range .Rows}}<tr><td style="width:{{.W}}px" {{if .B}}class="x"{{end}}>{{.T}}</td></tr>{{end}}</table>`,
		`<style>a{color:red;background:url("x?a&b")}</style><a href="{{.URL}}" style='left:{{.W}}px'>{{.T}}</a>`,
	}
	for _, file := range files {
		sources = append(sources, read(t, file))
	}
	data := map[string]any{
		"Rows": []map[string]any{{"W": 1, "B": true, "T": "<b>"}, {"W": 2, "B": false, "T": "&"}},
		"URL":  "https://example.com/?a=b&c", "W": 5, "T": "x",
	}
	for _, source := range sources {
		if err := execute(source, data); err != nil {
			t.Fatalf("not even the source: %v", err)
		}
		for _, options := range []Options{{}, {Keep: KeepAll}, {Attributes: AttributesTables}} {
			got, err := HTML(source, options)
			if err != nil {
				t.Fatal(err)
			}
			if err := execute(got, data); err != nil {
				t.Errorf("%v\nresult %s", err, got)
			}
			if strings.Contains(got, "ZgotmplZ") {
				t.Errorf("result %s", got)
			}
		}
	}
}

func execute(source string, data any) error {
	page, err := template.New("").Parse(source)
	if err != nil {
		return err
	}
	return page.Execute(io.Discard, data)
}
