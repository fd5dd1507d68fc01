// Command generate writes what follows from the descriptors: the LuaLS
// definitions in luaapi/library, the manual in docs/reference and the rules in
// docs/lint.md. It runs in the root of the module: go run ./luaapi/internal/generate.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/mailscript/mailscript/luaapi"
)

func main() {
	for folder, files := range map[string]map[string]string{
		"luaapi/library": luaapi.Library(),
		"docs/reference": luaapi.Manual(),
		"docs":           {"lint.md": luaapi.LintPage()},
	} {
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
				fmt.Fprintln(os.Stderr, "generate:", err)
				os.Exit(1)
			}
		}
	}
}
