package template

import (
	"fmt"
	"regexp"
	"strings"
	"text/template/parse"
)

// Functions that only the rewriter calls. Their names cannot be written in a
// template: the parser of sources does not know them.
const (
	// scopeFunction marks a {{with}} as the body of a template put in.
	scopeFunction = "_scope"
	// nothingFunction is nil, which is no command.
	nothingFunction = "_nothing"
	// fieldFunction takes a field; missing ones are an error. optionalFunction
	// returns nil for them.
	fieldFunction    = "_field"
	optionalFunction = "_optional"
	// showFunction makes what a value prints as in HTML, plainFunction in text.
	showFunction  = "_show"
	plainFunction = "_plain"
	// itemsFunction makes what {{range}} goes through.
	itemsFunction = "_items"
	// stepFunction counts a turn of a loop.
	stepFunction = "_step"
)

// parse parses the document and rewrites its tree.
func (d *document) parse(kind partKind) (*parse.Tree, error) {
	functions := parserFunctions()
	functions[scopeFunction] = true
	functions[nothingFunction] = true
	functions[conditionalFunction] = true
	trees, err := parse.Parse(rootName, d.text, innerLeft, innerRight, functions)
	if err != nil {
		m := parseErrorPattern.FindStringSubmatch(err.Error())
		if m == nil {
			return nil, &Error{File: d.root.name, Message: err.Error(), Err: err}
		}
		line := 1
		fmt.Sscan(m[1], &line)
		return nil, d.errorInLine(line, &mistake{message: m[2]})
	}
	tree := trees[rootName]
	r := &rewriter{document: d, show: showFunction}
	if kind == plainPart {
		r.show = plainFunction
	}
	tree.Root.Nodes, err = r.list(tree.Root, scope{prefix: "v_"})
	return tree, err
}

// rootName is what the one tree of a document is called.
const rootName = "root"

// scope is where an expression stands.
type scope struct {
	// dot and root are the variables that stand for "." and "$" within the body of a
	// template that was put in; "" for those of the language.
	dot, root string
	// prefix keeps the variables of such a body apart from those around it, and all from
	// those that the rewriter makes.
	prefix string
}

type rewriter struct {
	document *document
	show     string
	scopes   int
}

func (r *rewriter) errorf(n parse.Node, format string, args ...any) error {
	return r.document.errorAt(int(n.Position()), mistakef(format, args...))
}

func (r *rewriter) list(l *parse.ListNode, in scope) ([]parse.Node, error) {
	if l == nil {
		return nil, nil
	}
	var out []parse.Node
	for _, n := range l.Nodes {
		if w, ok := n.(*parse.WithNode); ok && isScope(w.Pipe) {
			body, err := r.body(w, in)
			if err != nil {
				return nil, err
			}
			out = append(out, body...)
			continue
		}
		if err := r.node(n, in); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

func isScope(p *parse.PipeNode) bool {
	id, ok := p.Cmds[0].Args[0].(*parse.IdentifierNode)
	return ok && id.Ident == scopeFunction
}

// body rewrites the body of a template that was put in: a variable is what its dot
// and its $ are, as for a template that is called.
func (r *rewriter) body(w *parse.WithNode, in scope) ([]parse.Node, error) {
	r.scopes++
	name := fmt.Sprintf("$_%d", r.scopes)
	within := scope{dot: name, root: name, prefix: fmt.Sprintf("_%d_", r.scopes)}
	value, err := r.argument(w.Pipe.Cmds[0].Args[1], in)
	if err != nil {
		return nil, err
	}
	body, err := r.list(w.List, within)
	if err != nil {
		return nil, err
	}
	return append([]parse.Node{declare(name, command(value, value.Position()))}, body...), nil
}

// declare makes an action that prints nothing and gives a variable a value.
func declare(name string, c *parse.CommandNode) *parse.ActionNode {
	pos := c.Position()
	return &parse.ActionNode{NodeType: parse.NodeAction, Pos: pos, Pipe: &parse.PipeNode{
		NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{c},
		Decl: []*parse.VariableNode{{NodeType: parse.NodeVariable, Pos: pos, Ident: []string{name}}},
	}}
}

func command(first parse.Node, pos parse.Pos, rest ...parse.Node) *parse.CommandNode {
	return &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pos, Args: append([]parse.Node{first}, rest...)}
}

func call(function string, pos parse.Pos, args ...parse.Node) *parse.CommandNode {
	return command(parse.NewIdentifier(function).SetPos(pos), pos, args...)
}

// node rewrites a node of a list in place.
func (r *rewriter) node(n parse.Node, in scope) (err error) {
	switch n := n.(type) {
	case *parse.TextNode, *parse.CommentNode, *parse.BreakNode, *parse.ContinueNode:
		return nil
	case *parse.ActionNode:
		if isConditional(n) {
			return nil
		}
		if err := r.pipe(n.Pipe, in); err != nil {
			return err
		}
		if len(n.Pipe.Decl) == 0 {
			n.Pipe.Cmds = append(n.Pipe.Cmds, call(r.show, n.Position()))
		}
		return nil
	case *parse.IfNode:
		return r.branch(&n.BranchNode, in, in)
	case *parse.WithNode:
		within := in
		within.dot = ""
		return r.branch(&n.BranchNode, in, within)
	case *parse.RangeNode:
		within := in
		within.dot = ""
		if err := r.branch(&n.BranchNode, in, within); err != nil {
			return err
		}
		n.Pipe.Cmds = append(n.Pipe.Cmds, call(itemsFunction, n.Pipe.Position()))
		step := declare("$_", call(stepFunction, n.Pipe.Position()))
		n.List.Nodes = append([]parse.Node{step}, n.List.Nodes...)
		return nil
	}
	return r.errorf(n, "%s cannot stand here", n)
}

func (r *rewriter) branch(n *parse.BranchNode, in, within scope) (err error) {
	if err := r.pipe(n.Pipe, in); err != nil {
		return err
	}
	if n.List.Nodes, err = r.list(n.List, within); err != nil {
		return err
	}
	if n.ElseList != nil {
		n.ElseList.Nodes, err = r.list(n.ElseList, in)
	}
	return err
}

// pipe rewrites a pipeline in place.
func (r *rewriter) pipe(p *parse.PipeNode, in scope) error {
	for _, v := range p.Decl {
		v.Ident[0] = in.variable(v.Ident[0])
	}
	for i, c := range p.Cmds {
		takes := fieldFunction
		if i+1 < len(p.Cmds) && isDefault(p.Cmds[i+1]) {
			takes = optionalFunction
		}
		if err := r.command(c, in, i > 0, takes); err != nil {
			return err
		}
	}
	return nil
}

func isDefault(c *parse.CommandNode) bool {
	id, ok := c.Args[0].(*parse.IdentifierNode)
	return ok && id.Ident == "default"
}

func (s scope) variable(name string) string {
	if name == "$" {
		if s.root != "" {
			return s.root
		}
		return name
	}
	return "$" + s.prefix + name[1:]
}

var variablePrefix = regexp.MustCompile(`^\$(?:v_|_[0-9]+_)`)

// written returns what a variable is called in the source.
func written(name string) string { return variablePrefix.ReplaceAllString(name, "$$") }

// command rewrites a command in place. piped tells whether it is given a value.
func (r *rewriter) command(c *parse.CommandNode, in scope, piped bool, takes string) error {
	if id, ok := c.Args[0].(*parse.IdentifierNode); ok {
		given := len(c.Args) - 1
		if piped {
			given++
		}
		if err := r.function(id, given); err != nil {
			return err
		}
		for i := 1; i < len(c.Args); i++ {
			takes := fieldFunction
			if id.Ident == "default" && !piped && i == len(c.Args)-1 {
				takes = optionalFunction
			}
			a, err := r.value(c.Args[i], in, takes)
			if err != nil {
				return err
			}
			c.Args[i] = a
		}
		return nil
	}
	if len(c.Args) > 1 || piped {
		return r.errorf(c, "%s is no function and takes no arguments", c.Args[0])
	}
	v, err := r.value(c.Args[0], in, takes)
	if err != nil {
		return err
	}
	if _, ok := v.(*parse.NilNode); ok {
		return r.errorf(c, "nil alone is no value to print")
	}
	if p, ok := v.(*parse.PipeNode); ok && len(p.Cmds) == 1 && len(p.Decl) == 0 {
		c.Args, c.Pos = p.Cmds[0].Args, p.Cmds[0].Pos
		return nil
	}
	c.Args[0] = v
	return nil
}

func (r *rewriter) function(id *parse.IdentifierNode, given int) error {
	f := functionNamed(id.Ident)
	if f == nil {
		return r.document.errorAt(int(id.Position()), unknownFunction(id.Ident))
	}
	if given < f.least || f.most >= 0 && given > f.most {
		return r.errorf(id, "%s takes %s, not %d", id.Ident, f.arity(), given)
	}
	return nil
}

// argument returns what stands for an argument.
func (r *rewriter) argument(n parse.Node, in scope) (parse.Node, error) {
	return r.value(n, in, fieldFunction)
}

// value returns what stands for a value that is not a command; takes is the function
// that takes its fields.
func (r *rewriter) value(n parse.Node, in scope, takes string) (parse.Node, error) {
	pos := n.Position()
	switch n := n.(type) {
	case *parse.DotNode:
		return in.dotNode(pos, n), nil
	case *parse.FieldNode:
		return fields(in.dotNode(pos, nil), n.Ident, pos, takes), nil
	case *parse.VariableNode:
		v := variable(in.variable(n.Ident[0]), pos)
		return fields(v, n.Ident[1:], pos, takes), nil
	case *parse.ChainNode:
		base, err := r.value(n.Node, in, takes)
		if err != nil {
			return nil, err
		}
		return fields(base, n.Field, pos, takes), nil
	case *parse.IdentifierNode:
		return n, r.function(n, 0)
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			return nil, r.errorf(n, "a variable cannot be declared here")
		}
		err := r.pipe(n, in)
		if err == nil && takes == optionalFunction {
			optional(n)
		}
		return n, err
	case *parse.NumberNode:
		if !n.IsInt && !isFloat(n) {
			return nil, r.errorf(n, "the number %s is too large, or complex", n)
		}
		return n, nil
	case *parse.BoolNode, *parse.NilNode, *parse.StringNode:
		return n, nil
	}
	return nil, r.errorf(n, "%s cannot stand here", n)
}

// isFloat tells of constants that text/template takes for floats.
func isFloat(n *parse.NumberNode) bool {
	text := strings.ToLower(n.Text)
	isHex := strings.HasPrefix(text, "0x") && !strings.Contains(text, "p")
	return n.IsFloat && !isHex && text[0] != '\'' && strings.ContainsAny(text, ".ep")
}

// optional makes the last command of a pipeline in parentheses take what is missing as nil.
func optional(p *parse.PipeNode) {
	last := p.Cmds[len(p.Cmds)-1]
	id, ok := last.Args[0].(*parse.IdentifierNode)
	if !ok || id.Ident != fieldFunction {
		return
	}
	id.Ident = optionalFunction
	if base, ok := last.Args[1].(*parse.PipeNode); ok {
		optional(base)
	}
}

func variable(name string, pos parse.Pos) *parse.VariableNode {
	return &parse.VariableNode{NodeType: parse.NodeVariable, Pos: pos, Ident: []string{name}}
}

func (s scope) dotNode(pos parse.Pos, original *parse.DotNode) parse.Node {
	if s.dot != "" {
		return variable(s.dot, pos)
	}
	if original != nil {
		return original
	}
	return &parse.DotNode{NodeType: parse.NodeDot, Pos: pos}
}

// fields makes calls that take one field after the other.
func fields(base parse.Node, names []string, pos parse.Pos, takes string) parse.Node {
	for _, name := range names {
		quoted := &parse.StringNode{NodeType: parse.NodeString, Pos: pos, Quoted: fmt.Sprintf("%q", name), Text: name}
		base = &parse.PipeNode{NodeType: parse.NodePipe, Pos: pos, Cmds: []*parse.CommandNode{call(takes, pos, base, quoted)}}
	}
	return base
}
