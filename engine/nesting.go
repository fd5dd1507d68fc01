package engine

import (
	"strings"

	"github.com/yuin/gopher-lua/parse"
)

// The parser of gopher-lua builds a tree and its compiler walks it by recursion, and a Go stack that overflows
// ends the process without a chance to recover. So the depth of that tree is bounded before it is built, by a
// reader of tokens that knows no grammar: wrong programs may pass, the compiler finds those.

const (
	// maxDepth is how deep brackets and blocks may nest in each other, LUAI_MAXCCALLS of PUC Lua 5.1.
	maxDepth = 200
	// maxChain is how many operators, calls and indexings one expression may have, elseif included. The tree
	// of 1+1+1 is as deep as the expression is long, and compiling it takes time by the square of its length.
	maxChain = 1000
)

// nestLevel is an open bracket or block.
type nestLevel struct {
	chain   int // operators and suffixes of the current expression
	operand int // depth of the deepest operand of it that was bracketed
	deepest int // of the expressions that ended at this level
	elseifs int
}

func (l *nestLevel) depth() int { return l.chain + l.operand }

func (l *nestLevel) endExpression() {
	l.deepest = max(l.deepest, l.depth())
	l.chain, l.operand = 0, 0
}

type nesting struct {
	levels  []nestLevel
	operand bool // the last token ended an operand: what follows is an operator, a suffix or a new statement
}

// checkNesting returns an error with line and text set when source nests too deep. It reads with the scanner of
// the parser, so that both see the same tokens; what the scanner refuses is left to the parser to report.
func checkNesting(source string) *SyntaxError {
	n := &nesting{levels: make([]nestLevel, 1, 16)}
	scanner := parse.NewScanner(strings.NewReader(source), "")
	var lexer parse.Lexer
	for {
		token, err := scanner.Scan(&lexer)
		if err != nil || token.Type < 0 {
			return nil
		}
		lexer.PrevTokenType = token.Type
		n.token(token.Type)
		if len(n.levels) > maxDepth {
			return &SyntaxError{Line: token.Pos.Line, Text: "brackets and blocks nest more than 200 deep"}
		}
		if top := n.top(); top.depth() > maxChain || top.elseifs > maxChain {
			return &SyntaxError{Line: token.Pos.Line,
				Text: "expression is too complex: more than 1000 operators and calls"}
		}
	}
}

func (n *nesting) top() *nestLevel { return &n.levels[len(n.levels)-1] }

func (n *nesting) token(kind int) {
	switch kind {
	case '(', '{', '[':
		n.suffix()
		n.levels = append(n.levels, nestLevel{})
		n.operand = false
	case ')', '}', ']':
		n.shut()
	case parse.TString:
		n.suffix() // the argument of a call, f "x"
		n.operand = true
	case parse.TIdent, parse.TNumber, parse.TNil, parse.TTrue, parse.TFalse, parse.T3Comma:
		if n.operand { // two operands in a row: a new statement
			n.top().endExpression()
		}
		n.operand = true
	case parse.TFunction, parse.TIf, parse.TDo, parse.TRepeat:
		if kind != parse.TFunction {
			n.top().endExpression()
		}
		n.levels = append(n.levels, nestLevel{})
		n.operand = false
	case parse.TEnd:
		n.shut()
	case parse.TUntil:
		n.shut()
		n.endExpression()
	case parse.TElseIf:
		n.endExpression()
		n.top().elseifs++
	case parse.TThen, parse.TElse, parse.TWhile, parse.TFor, parse.TIn, parse.TLocal, parse.TReturn, parse.TBreak,
		parse.TGoto, ',', ';', '=':
		n.endExpression()
	default: // an operator
		n.top().chain++
		n.operand = false
	}
}

// suffix counts a call or an index of the operand before.
func (n *nesting) suffix() {
	if n.operand {
		n.top().chain++
	}
}

func (n *nesting) endExpression() {
	n.top().endExpression()
	n.operand = false
}

// shut ends a bracket or block. A closing one too many is left to the parser.
func (n *nesting) shut() {
	n.operand = true
	if len(n.levels) == 1 {
		return
	}
	inner := n.top()
	inner.endExpression()
	depth := inner.deepest + inner.elseifs + 1
	n.levels = n.levels[:len(n.levels)-1]
	n.top().operand = max(n.top().operand, depth)
}
