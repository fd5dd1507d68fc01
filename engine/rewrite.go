package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/mailscript/mailscript/engine/lualib"
)

// The virtual machine of gopher-lua writes 1.1 * 3 .. "" as 3.3000000000000003 and reads 010 as eight, and offers
// no hook for either. So the tree is changed between the parser and the compiler: constants are normalised, and
// a .. b becomes a call of ours, which also checks the length of the result before it is allocated and can name
// the operand that was nil.

// concatKey is where the call finds our function: (true)[".."], which no assignment and no setfenv can change.
const concatKey = ".."

// maxOperands is how many operands one call takes; each needs a register, of which a function has 200.
const maxOperands = 50

// rewriter changes one chunk.
type rewriter struct{ err *SyntaxError }

func (r *rewriter) block(stmts []ast.Stmt) {
	for _, stmt := range stmts {
		r.statement(stmt)
	}
}

// body is a block that is jumped back to: that of a loop.
func (r *rewriter) body(stmts []ast.Stmt) []ast.Stmt {
	r.block(stmts)
	return behindNothing(stmts)
}

// behindNothing puts something that does nothing between a place that is jumped back to, the beginning of stmts
// or a label, and a jump there.
//
// QUIRK: gopher-lua shortens jumps to jumps, and takes one that it has shortened already for one that it has not.
// So `for k in pairs(t) do break end` goes on anywhere, and may never end.
func behindNothing(stmts []ast.Stmt) []ast.Stmt {
	var changed []ast.Stmt
	for i, stmt := range stmts {
		if i == 0 && jumps(stmts) {
			changed = append(changed, nothing(stmt.Line()))
		}
		changed = append(changed, stmt)
		if _, label := stmt.(*ast.LabelStmt); label && jumps(stmts[i+1:]) {
			changed = append(changed, nothing(stmt.Line()))
		}
	}
	return changed
}

func nothing(line int) ast.Stmt {
	value := &ast.NilExpr{}
	value.SetLine(line)
	stmt := &ast.LocalAssignStmt{Names: []string{"(nothing)"}, Exprs: []ast.Expr{value}}
	stmt.SetLine(line)
	return stmt
}

// jumps reports whether statements may begin with a jump.
func jumps(stmts []ast.Stmt) bool {
	for _, stmt := range stmts {
		switch s := stmt.(type) {
		case *ast.BreakStmt, *ast.GotoStmt:
			return true
		case *ast.IfStmt:
			return constant(s.Condition)
		case *ast.WhileStmt:
			return constant(s.Condition) || jumps(s.Stmts)
		case *ast.RepeatStmt:
			return jumps(s.Stmts)
		case *ast.LabelStmt:
			continue
		case *ast.DoBlockStmt:
			if len(s.Stmts) == 0 {
				continue
			}
			return jumps(s.Stmts)
		}
		return false
	}
	return false
}

// constant reports whether a condition may be decided by the compiler.
func constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.NilExpr, *ast.TrueExpr, *ast.FalseExpr, *ast.NumberExpr, *ast.StringExpr:
		return true
	case *ast.UnaryNotOpExpr:
		return constant(e.Expr)
	case *ast.LogicalOpExpr:
		return constant(e.Lhs)
	}
	return false
}

func (r *rewriter) statement(stmt ast.Stmt) {
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		r.list(s.Lhs)
		r.list(s.Rhs)
	case *ast.LocalAssignStmt:
		r.list(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = r.expression(s.Expr)
	case *ast.DoBlockStmt:
		s.Stmts = r.body(s.Stmts) // labels are jumped back to anywhere
	case *ast.WhileStmt:
		s.Condition = r.expression(s.Condition)
		s.Stmts = r.body(s.Stmts)
	case *ast.RepeatStmt:
		s.Condition = r.expression(s.Condition)
		s.Stmts = r.body(s.Stmts)
	case *ast.IfStmt:
		s.Condition = r.expression(s.Condition)
		s.Then, s.Else = r.body(s.Then), r.body(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit, s.Step = r.expression(s.Init), r.expression(s.Limit), r.expression(s.Step)
		s.Stmts = r.body(s.Stmts)
	case *ast.GenericForStmt:
		r.list(s.Exprs)
		threeValues(s)
		s.Stmts = r.body(s.Stmts)
	case *ast.FuncDefStmt:
		s.Name.Func, s.Name.Receiver = r.expression(s.Name.Func), r.expression(s.Name.Receiver)
		s.Func.Stmts = r.body(s.Func.Stmts)
	case *ast.ReturnStmt:
		r.list(s.Exprs)
	}
}

// threeValues makes sure that a loop begins with a generator, a state and a control value.
//
// QUIRK: gopher-lua counts the loop's variables where it should count to three, so that in `for x in f do` the
// control value is what an earlier loop left there, and f is not called as for its first time.
func threeValues(s *ast.GenericForStmt) {
	last := s.Exprs[len(s.Exprs)-1]
	several := false
	switch e := last.(type) {
	case *ast.FuncCallExpr:
		several = !e.AdjustRet
	case *ast.Comma3Expr:
		several = !e.AdjustRet
	}
	if several {
		for len(s.Exprs) > 1 && len(s.Names) < len(s.Exprs) {
			s.Names = append(s.Names, "(for nothing)")
		}
		return
	}
	for len(s.Exprs) < 3 {
		none := &ast.NilExpr{}
		none.SetLine(last.Line())
		s.Exprs = append(s.Exprs, none)
	}
}

func (r *rewriter) list(exprs []ast.Expr) {
	for i, e := range exprs {
		exprs[i] = r.expression(e)
	}
}

// expression returns what to put in the place of an expression, nil for nil.
func (r *rewriter) expression(expr ast.Expr) ast.Expr {
	switch e := expr.(type) {
	case *ast.NumberExpr:
		r.number(e)
	case *ast.AttrGetExpr:
		e.Object, e.Key = r.expression(e.Object), r.expression(e.Key)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			f.Key, f.Value = r.expression(f.Key), r.expression(f.Value)
		}
	case *ast.FuncCallExpr:
		e.Func, e.Receiver = r.expression(e.Func), r.expression(e.Receiver)
		r.list(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = r.expression(e.Lhs), r.expression(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = r.expression(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = r.expression(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = r.expression(e.Expr)
	case *ast.FunctionExpr:
		e.Stmts = r.body(e.Stmts)
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	}
	return expr
}

func (r *rewriter) number(e *ast.NumberExpr) {
	n, ok := lualib.ParseNumber(e.Value)
	if !ok {
		if r.err == nil {
			r.err = &SyntaxError{Line: e.Line(), Text: "malformed number", Near: e.Value}
		}
		return
	}
	e.Value = strconv.FormatFloat(n, 'g', -1, 64)
}

// concat makes a call of a chain of concatenations. They group to the right, which only metamethods can tell.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	var operands []ast.Expr
	var last ast.Expr = e
	for {
		chain, ok := last.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		operands = append(operands, chain.Lhs)
		last = chain.Rhs
	}
	operands = append(operands, last)
	names := make([]string, len(operands))
	for i, operand := range operands {
		names[i] = operandName(operand)
		operands[i] = r.expression(operand)
	}
	for len(operands) > maxOperands {
		first := concatCall(e, names[:maxOperands], operands[:maxOperands])
		operands = append([]ast.Expr{first}, operands[maxOperands:]...)
		names = append([]string{""}, names[maxOperands:]...)
	}
	return concatCall(e, names, operands)
}

func concatCall(e *ast.StringConcatOpExpr, names []string, operands []ast.Expr) ast.Expr {
	args := append([]ast.Expr{&ast.StringExpr{Value: strings.Join(names, "\n")}}, operands...)
	switch last := args[len(args)-1].(type) { // one value, where a call would pass all of them
	case *ast.FuncCallExpr:
		last.AdjustRet = true
	case *ast.Comma3Expr:
		last.AdjustRet = true
	}
	function := &ast.AttrGetExpr{Object: &ast.TrueExpr{}, Key: &ast.StringExpr{Value: concatKey}}
	call := &ast.FuncCallExpr{Func: function, Args: args, AdjustRet: true}
	for _, node := range []ast.Expr{args[0], function, function.Object, function.Key, call} {
		node.SetLine(e.Line())
		node.SetLastLine(e.LastLine())
	}
	return call
}

// operandName is how a message names an operand.
func operandName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return fmt.Sprintf("variable '%s'", e.Value)
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok && !strings.Contains(key.Value, "\n") {
			return fmt.Sprintf("field '%s'", key.Value)
		}
	}
	return ""
}
