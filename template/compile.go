package template

import (
	"strings"
	"sync"
	"text/template/parse"
)

// The compiler turns the tree of a part, which for HTML is the one that html/template
// escaped, into a program: a flat list of steps that append to the result. It decides
// nothing about escaping: the escapers are those that html/template wrote into the
// tree. What it does not know – an escaper, an action of a later Go – makes it give
// up the part, which html/template then executes itself.

// program is a compiled part. It never changes.
type program struct {
	part  *part
	steps []step
	// variables, loops and repeated are how many of each a machine needs.
	variables, loops, repeated int
	machines                   sync.Pool
}

type operation int

const (
	// writeText appends text.
	writeText operation = iota
	// writeValue appends a value through its escapers.
	writeValue
	// set gives a variable a value.
	set
	// unless jumps if a value is false.
	unless
	// enter makes a value the dot, or jumps if it is false.
	enter
	// restoreDot makes the dot what it was.
	restoreDot
	// jump continues elsewhere.
	jump
	// loop begins to go through a value, or jumps if there is nothing.
	loop
	// next takes the next item, or jumps after the last.
	next
	// keep ends a loop that may be repeated.
	keep
)

// step is one operation.
type step struct {
	operation operation
	text      string
	value     *expression
	// script says that the first escaper was that for values in scripts, which are
	// JSON; escapers are the others.
	script   bool
	escapers []escaper
	// to is the step to jump to.
	to int
	// variable is set; -1 is none. saved is where the dot is kept.
	variable, saved int
	// loop is the loop of loop and next; key and item are its variables, or -1.
	loop, key, item int
	// repeated is where what a loop makes is kept, -1 where it is not; ended is the step
	// behind it then.
	repeated, ended int
	// at is the position in the document.
	at int
}

type evaluation int

const (
	constant evaluation = iota
	dot
	variableValue
	field
	optionalField
	call2
	conjunction
	disjunction
)

// expression is a value to evaluate.
type expression struct {
	evaluation evaluation
	constant   any
	variable   int
	name       string
	function   *function
	args       []*expression
	// piped says that the last argument came through a pipe, and is evaluated first.
	piped bool
	at    int
}

// compile parses, escapes and compiles the part.
func (p *part) compile() error {
	tree, err := p.document.parse(p.kind)
	if err != nil {
		return err
	}
	reference := &reference{part: p, tree: tree}
	if p.kind == htmlPart {
		if tree, err = reference.escaped(); err != nil {
			return err
		}
		if err = p.document.enclose(tree); err != nil {
			return err
		}
	}
	c := &compiler{program: &program{part: p}}
	c.declare("$")
	if c.list(tree.Root); c.err != nil {
		return c.err
	}
	if c.unknown {
		p.reference = reference
		return nil
	}
	p.program = c.program
	return nil
}

type compiler struct {
	program *program
	// unknown says that something in the tree is not known.
	unknown bool
	// err is the first mistake of the template's author.
	err    error
	scope  []binding
	ranges []*openRange
}

type binding struct {
	name string
	slot int
}

// openRange is a loop that is being compiled.
type openRange struct {
	next, saved int
	breaks      []int
}

func (c *compiler) slot() int {
	c.program.variables++
	return c.program.variables - 1
}

func (c *compiler) declare(name string) int {
	slot := c.slot()
	c.scope = append(c.scope, binding{name, slot})
	return slot
}

// lookup finds the variable that a node names. The parser lets the branch behind
// {{else}} name variables of the one before it, which are not there.
func (c *compiler) lookup(n *parse.VariableNode) int {
	name := n.Ident[0]
	for i := len(c.scope) - 1; i >= 0; i-- {
		if c.scope[i].name == name {
			return c.scope[i].slot
		}
	}
	if c.err == nil {
		c.err = c.program.part.document.errorAt(int(n.Position()), mistakef("undefined variable: %s", written(name)))
	}
	return 0
}

func (c *compiler) emit(s step) int {
	c.program.steps = append(c.program.steps, s)
	return len(c.program.steps) - 1
}

// here makes a step jump to the next one.
func (c *compiler) here(step int) { c.program.steps[step].to = len(c.program.steps) }

func (c *compiler) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		c.node(n)
	}
}

func (c *compiler) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.CommentNode:
	case *parse.TextNode:
		if len(n.Text) > 0 {
			c.emit(step{operation: writeText, text: string(n.Text)})
		}
	case *parse.ActionNode:
		c.action(n)
	case *parse.IfNode:
		defer c.leave(len(c.scope))
		value, variable := c.pipe(n.Pipe)
		c.branch(step{operation: unless, value: value, variable: variable}, n.List, n.ElseList, -1)
	case *parse.WithNode:
		defer c.leave(len(c.scope))
		value, variable := c.pipe(n.Pipe)
		saved := c.slot()
		c.branch(step{operation: enter, value: value, variable: variable, saved: saved}, n.List, n.ElseList, saved)
	case *parse.RangeNode:
		defer c.leave(len(c.scope))
		c.rangeOver(n)
	case *parse.BreakNode:
		r := c.ranges[len(c.ranges)-1]
		c.emit(step{operation: restoreDot, saved: r.saved})
		r.breaks = append(r.breaks, c.emit(step{operation: jump}))
	case *parse.ContinueNode:
		c.emit(step{operation: jump, to: c.ranges[len(c.ranges)-1].next})
	default:
		c.unknown = true
	}
}

// leave ends a scope of variables.
func (c *compiler) leave(mark int) { c.scope = c.scope[:mark] }

// branch compiles {{if}} and {{with}}; saved is where with keeps the dot.
func (c *compiler) branch(s step, list, otherwise *parse.ListNode, saved int) {
	condition := c.emit(s)
	mark := len(c.scope)
	c.list(list)
	c.leave(mark)
	if saved >= 0 {
		c.emit(step{operation: restoreDot, saved: saved})
	}
	if otherwise == nil {
		c.here(condition)
		return
	}
	end := c.emit(step{operation: jump})
	c.here(condition)
	c.list(otherwise)
	c.here(end)
}

func (c *compiler) rangeOver(n *parse.RangeNode) {
	value := c.commands(n.Pipe.Cmds)
	s := step{operation: loop, value: value, saved: c.slot(), loop: c.program.loops, key: -1, item: -1, repeated: -1, at: int(n.Pipe.Position())}
	c.program.loops++
	first := c.program.variables
	var slots []int
	for _, v := range n.Pipe.Decl {
		if n.Pipe.IsAssign {
			slots = append(slots, c.lookup(v))
		} else {
			slots = append(slots, c.declare(v.Ident[0]))
		}
	}
	switch len(slots) {
	case 1:
		s.item = slots[0]
	case 2:
		s.key, s.item = slots[0], slots[1]
	}
	begin := c.emit(s)
	s.operation, s.value = next, nil
	r := &openRange{saved: s.saved, next: c.emit(s)}
	c.ranges = append(c.ranges, r)
	mark := len(c.scope)
	c.list(n.List)
	c.leave(mark)
	c.ranges = c.ranges[:len(c.ranges)-1]
	c.emit(step{operation: jump, to: r.next})
	repeated := !n.Pipe.IsAssign && repeats(c.program.steps[r.next+1:], first)
	c.here(begin)
	c.list(n.ElseList)
	c.here(r.next)
	for _, b := range r.breaks {
		c.here(b)
	}
	if repeated {
		slot := c.program.repeated
		c.program.repeated++
		ended := c.emit(step{operation: keep, repeated: slot})
		c.program.steps[begin].repeated, c.program.steps[begin].ended = slot, ended
	}
}

// pipe compiles the pipeline of {{if}} and {{with}}, and returns the variable it sets.
func (c *compiler) pipe(p *parse.PipeNode) (*expression, int) {
	value := c.commands(p.Cmds)
	variable := -1
	for _, v := range p.Decl {
		if p.IsAssign {
			variable = c.lookup(v)
		} else {
			variable = c.declare(v.Ident[0])
		}
	}
	if len(p.Decl) > 1 {
		c.unknown = true
	}
	return value, variable
}

func (c *compiler) action(n *parse.ActionNode) {
	if text, escaper, ok := conditionalOf(n); ok {
		if escaper == textEscaper {
			c.emit(step{operation: writeText, text: text})
		}
		return
	}
	if len(n.Pipe.Decl) > 0 {
		if isStep(n.Pipe) {
			return // The operation next counts.
		}
		value, variable := c.pipe(n.Pipe)
		c.emit(step{operation: set, value: value, variable: variable})
		return
	}
	commands := n.Pipe.Cmds
	s := step{operation: writeValue}
	for i, command := range commands {
		id, ok := command.Args[0].(*parse.IdentifierNode)
		if !ok || id.Ident != showFunction && id.Ident != plainFunction {
			continue
		}
		s.at = int(command.Position())
		for k, command := range commands[i+1:] {
			c.escaper(&s, command, k == 0)
		}
		s.value = c.commands(commands[:i])
		c.emit(s)
		return
	}
	c.unknown = true
}

func isStep(p *parse.PipeNode) bool {
	id, ok := p.Cmds[0].Args[0].(*parse.IdentifierNode)
	return ok && id.Ident == stepFunction
}

// escaper adds the escaper that a command names.
func (c *compiler) escaper(s *step, command *parse.CommandNode, isFirst bool) {
	id, ok := command.Args[0].(*parse.IdentifierNode)
	if !ok || len(command.Args) != 1 {
		c.unknown = true
		return
	}
	name, ok := strings.CutPrefix(id.Ident, "_html_template_")
	if ok && name == "jsvalescaper" && isFirst {
		s.script = true
		return
	}
	e, known := escapers[name]
	if !ok || !known {
		c.unknown = true
		return
	}
	s.escapers = append(s.escapers, e)
}

func (c *compiler) commands(commands []*parse.CommandNode) *expression {
	var value *expression
	for _, command := range commands {
		value = c.command(command, value)
	}
	if value == nil {
		c.unknown = true
		return &expression{}
	}
	return value
}

func (c *compiler) command(n *parse.CommandNode, piped *expression) *expression {
	id, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok {
		if piped != nil || len(n.Args) != 1 {
			c.unknown = true
		}
		return c.argument(n.Args[0])
	}
	var args []*expression
	for _, a := range n.Args[1:] {
		args = append(args, c.argument(a))
	}
	if piped != nil {
		args = append(args, piped)
	}
	return c.call(id, int(n.Position()), args, piped != nil)
}

func (c *compiler) call(id *parse.IdentifierNode, at int, args []*expression, piped bool) *expression {
	e := &expression{evaluation: call2, function: functionNamed(id.Ident), args: args, piped: piped, at: at}
	switch id.Ident {
	case "and":
		e.evaluation = conjunction
	case "or":
		e.evaluation = disjunction
	case fieldFunction, optionalFunction:
		e.evaluation = field
		if id.Ident == optionalFunction {
			e.evaluation = optionalField
		}
		name, ok := args[1].constant.(string)
		if !ok {
			c.unknown = true
		}
		e.name, e.args = name, args[:1]
	default:
		if e.function == nil || e.function.call == nil {
			c.unknown = true
		}
	}
	return e
}

func (c *compiler) argument(n parse.Node) *expression {
	at := int(n.Position())
	switch n := n.(type) {
	case *parse.DotNode:
		return &expression{evaluation: dot, at: at}
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			c.unknown = true
		}
		return &expression{evaluation: variableValue, variable: c.lookup(n), at: at}
	case *parse.StringNode:
		return &expression{constant: n.Text, at: at}
	case *parse.BoolNode:
		return &expression{constant: n.True, at: at}
	case *parse.NilNode:
		return &expression{at: at}
	case *parse.NumberNode:
		if isFloat(n) {
			return &expression{constant: n.Float64, at: at}
		}
		return &expression{constant: n.Int64, at: at}
	case *parse.IdentifierNode:
		return c.call(n, at, nil, false)
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			c.unknown = true
		}
		return c.commands(n.Cmds)
	}
	c.unknown = true
	return &expression{}
}
