package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// maxSource is how much source one script or module may have, in bytes.
const maxSource = 1 << 20

// Script is a compiled main chunk. It holds no state: any number of Runtimes may run it, one after the other or
// at once.
type Script struct {
	Name  string // as in positions: the file without its folder
	Path  string // as given to Load, "" for LoadSource
	proto *lua.FunctionProto
	sum   [sha256.Size]byte
}

// Sum tells one text from another: two scripts with the same one do the same.
func (s *Script) Sum() string { return hex.EncodeToString(s.sum[:]) }

// Load reads and compiles a script. The error is a *SyntaxError or one of the file system.
func Load(path string) (*Script, error) {
	source, err := readScript(os.Stat, func(name string) (io.ReadCloser, error) { return os.Open(name) }, path)
	if err != nil {
		return nil, err
	}
	s, err := LoadSource(filepath.Base(path), source)
	if err != nil {
		return nil, err
	}
	s.Path = path
	return s, nil
}

// LoadSource compiles source. name is what positions show, "hello.lua".
func LoadSource(name, source string) (*Script, error) {
	proto, err := compile(name, source)
	if err != nil {
		return nil, err
	}
	return &Script{Name: name, proto: proto, sum: sha256.Sum256([]byte(source))}, nil
}

// readScript reads a source file. It asks what the file is before it opens it: opening a FIFO would wait for a
// writer, and reading a device need not end.
func readScript(stat func(string) (fs.FileInfo, error), open func(string) (io.ReadCloser, error), path string) (string, error) {
	info, err := stat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	file, err := open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSource+1))
	if err != nil {
		return "", err
	}
	return string(data), nil
}

// maxNear is how much of a token an error shows, in bytes: a string that is not closed can be as long as the file.
const maxNear = 40

// SyntaxError is source that does not compile.
type SyntaxError struct {
	File       string
	Line       int    // 0 when unknown
	Column     int    // in bytes, from 1; 0 when unknown
	Near       string // the token at which reading stopped, "" when unknown
	Text       string // what is wrong
	SourceLine string // the line, "" when unknown
	Cause      error  // of gopher-lua, nil when it is ours
}

func (e *SyntaxError) Error() string {
	text := e.Text
	if e.Near != "" {
		text += fmt.Sprintf(" near %q", e.Near)
	}
	if e.Line == 0 {
		return e.File + ": " + text
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, text)
}

// Unwrap gives the error of gopher-lua.
func (e *SyntaxError) Unwrap() error { return e.Cause }

// Excerpt is the source line and, when the column is known, a second line with a caret below it. Tabs are kept in
// both, so that they line up in any terminal.
func (e *SyntaxError) Excerpt() string {
	if e.SourceLine == "" {
		return ""
	}
	if e.Column < 1 || e.Column > len(e.SourceLine)+1 {
		return e.SourceLine
	}
	var pad strings.Builder
	for _, r := range e.SourceLine[:e.Column-1] {
		if r != '\t' {
			r = ' '
		}
		pad.WriteRune(r)
	}
	return e.SourceLine + "\n" + pad.String() + "^"
}

// compile turns source into a chunk. What the parser and the compiler cannot survive is refused before.
func compile(name, source string) (proto *lua.FunctionProto, err error) {
	source = strings.TrimPrefix(source, "\ufeff")
	if strings.HasPrefix(source, "#") { // the line of the shell; its line feed stays, so that lines keep their numbers
		source = source[len(firstLine(source)):]
	}
	if strings.HasPrefix(source, "\x1bLua") {
		return nil, &SyntaxError{File: name, Text: "compiled Lua is not accepted, only source"}
	}
	if len(source) > maxSource {
		return nil, &SyntaxError{File: name, Text: "source is larger than 1 MiB"}
	}
	if e := checkNesting(source); e != nil {
		e.File, e.SourceLine = name, lineOf(source, e.Line)
		return nil, e
	}
	defer func() {
		if r := recover(); r != nil {
			err = &SyntaxError{File: name, Text: fmt.Sprint(r)}
		}
	}()
	chunk, err := parse.Parse(strings.NewReader(source), name)
	if err != nil {
		return nil, syntaxError(name, source, err)
	}
	var r rewriter
	if chunk = r.body(chunk); r.err != nil {
		r.err.File, r.err.SourceLine = name, lineOf(source, r.err.Line)
		return nil, r.err
	}
	proto, err = lua.Compile(chunk, name)
	if err != nil {
		return nil, syntaxError(name, source, err)
	}
	if e := checkUpvalues(proto); e != nil {
		e.File, e.SourceLine = name, lineOf(source, e.Line)
		return nil, e
	}
	return proto, nil
}

// checkUpvalues refuses functions whose count of upvalues wraps around in the byte gopher-lua keeps it in.
func checkUpvalues(proto *lua.FunctionProto) *SyntaxError {
	if len(proto.DbgUpvalues) > 255 {
		return &SyntaxError{Line: proto.LineDefined, Text: "function uses more than 255 variables of functions around it"}
	}
	for _, inner := range proto.FunctionPrototypes {
		if e := checkUpvalues(inner); e != nil {
			return e
		}
	}
	return nil
}

func syntaxError(name, source string, err error) *SyntaxError {
	e := &SyntaxError{File: name, Text: err.Error(), Cause: err}
	var parsing *parse.Error
	var compiling *lua.CompileError
	switch {
	case errors.As(err, &parsing):
		e.Text = lowerFirst(parsing.Message)
		if parsing.Pos.Line == parse.EOF {
			e.Line, e.Near = lastLine(source), "<eof>"
			e.SourceLine = lineOf(source, e.Line)
			e.Column = len(e.SourceLine) + 1
			return e
		}
		e.Line, e.Near = parsing.Pos.Line, parsing.Token[:min(len(parsing.Token), maxNear)]
		if parsing.Pos.Column == 0 && e.Line > 1 { // reading went one line feed too far: a string that is not closed
			e.Line--
			parsing.Pos.Column = maxSource
		}
		e.SourceLine = lineOf(source, e.Line)
		e.Column = columnOf(e.SourceLine, e.Near, parsing.Pos.Column)
	case errors.As(err, &compiling):
		e.Text, e.Line = compiling.Message, compiling.Line
		if _, err := fmt.Sscanf(afterLast(e.Text, " at line "), "%d", &e.Line); err != nil {
			e.Line = compiling.Line
		}
		e.SourceLine = lineOf(source, e.Line)
	}
	return e
}

// columnOf finds the token in its line: gopher-lua counts columns up to the end of the token or one beyond.
func columnOf(line, token string, near int) int {
	if near > len(line) {
		near = len(line)
	}
	if near < 0 || token == "" {
		return 0
	}
	if i := strings.LastIndex(line[:near], token); i >= 0 {
		return i + 1
	}
	if i := strings.Index(line, token); i >= 0 {
		return i + 1
	}
	return 0
}

func lowerFirst(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + text[1:]
}

func afterLast(text, mark string) string {
	if i := strings.LastIndex(text, mark); i >= 0 {
		return text[i+len(mark):]
	}
	return ""
}

func firstLine(text string) string {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return text[:i]
	}
	return text
}

func lineOf(source string, line int) string {
	for ; line > 1; line-- {
		_, rest, ok := strings.Cut(source, "\n")
		if !ok {
			return ""
		}
		source = rest
	}
	return strings.TrimSuffix(firstLine(source), "\r")
}

// lastLine is the number of the last line that holds anything.
func lastLine(source string) int {
	return 1 + bytes.Count([]byte(strings.TrimRight(source, " \t\r\n")), []byte("\n"))
}
