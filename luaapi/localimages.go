package luaapi

import (
	"path/filepath"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/mime"
	lua "github.com/yuin/gopher-lua"
)

// folder reads local_images: true is the project folder, a text a folder below it. One
// mime.Folder serves the whole run, so that a picture is read once.
func (d *describer) folder(v lua.LValue) *mime.Folder {
	c, name := d.c, "."
	switch v := v.(type) {
	case lua.LBool:
		if !v {
			return nil
		}
	case lua.LString:
		name = filepath.Clean(filepath.FromSlash(string(v)))
	default:
		c.Usage("", `option "local_images" must be true, false or a folder, got %s`, engine.TypeName(v))
	}
	path := c.path(name)
	if found, ok := c.folders[path]; ok {
		return found
	}
	if !filepath.IsLocal(name) || !c.inProject(path) {
		c.rt.Raise(c.L, &engine.Fault{
			Kind: engine.KindFile, Message: c.function.full + ": local_images: " + name + " is not inside the project folder",
			Hint: "give a folder relative to the project folder, without ..",
		})
	}
	made := mime.NewFolder(path)
	c.folders[path] = made
	return made
}

// inProject reports whether a path is in the project folder wherever links lead.
// A path that is not there is left to those who open it.
func (c *Call) inProject(path string) bool {
	root, err := filepath.EvalSymlinks(c.path("."))
	if err != nil {
		return true
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return true
	}
	relative, err := filepath.Rel(root, real)
	return err == nil && filepath.IsLocal(relative)
}
